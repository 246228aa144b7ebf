// Any bytes in any pieces: the requests, and the error if there is one, are the same as when all
// bytes come at once, and each argument is a view of what was sent.
//
// A pipeline's parser, which is ahead of what is run, finds the same requests, whatever becomes of
// the limits from one request to the next.
//
// The first bytes of the input choose the limits and the pieces.  Each time the parser sees its
// bytes in another place, in an allocation of their size.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/pipeline_parser.h"
#include "resp/request_parser.h"

namespace {

using weir::resp::PipelineParser;
using weir::resp::RequestLimits;
using weir::resp::RequestParser;
using Status = RequestParser::Status;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

struct Outcome {
  std::vector<std::vector<std::string>> requests;
  std::string error;
  size_t consumed = 0;

  bool operator==(const Outcome&) const = default;
};

/// Bytes in an allocation of their own.
class Copy {
 public:
  explicit Copy(std::string_view bytes)
      : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

/// The limits of each request: those of the first, or, if they change, others in turn with them.
class LimitChoice {
 public:
  /// Of the choice, bits 0 and 1 are the first request's limits, bits 2 to 5 say after how many
  /// requests they change (0: never), bits 6 and 7 which of them do not.
  explicit LimitChoice(uint8_t choice)
      : first_(choice % 4), period_(choice / 4 % 16), changing_(3 & ~(choice / 64)) {}

  RequestLimits of(size_t request) const {
    const bool is_changed = period_ > 0 && request / period_ % 2 == 1;
    const unsigned chosen = is_changed ? first_ ^ changing_ : first_;
    RequestLimits limits;
    limits.authenticated = chosen % 2 == 0;
    if (chosen >= 2) limits.max_bulk_bytes = 10;
    return limits;
  }

 private:
  unsigned first_;
  unsigned period_;
  unsigned changing_;
};

/// How many bytes have been sent after one more turn: sizes[turn], or all when there are no sizes.
size_t sent_after(size_t sent, size_t turn, std::string_view bytes, std::string_view sizes) {
  const size_t piece =
      sizes.empty() ? bytes.size() : 1 + static_cast<uint8_t>(sizes[turn % sizes.size()]);
  return std::min(bytes.size(), sent + piece);
}

/// The arguments; all of a multibulk request lie, in order, in the bytes that it took.
template <class Parser>
std::vector<std::string> arguments(const Parser& parser, std::string_view input) {
  expect(parser.consumed() <= input.size());
  if (input[0] == '*') {
    const char* at = input.data();
    for (const std::string_view arg : parser.argv()) {
      expect(arg.data() > at && arg.data() + arg.size() <= input.data() + parser.consumed() - 2);
      at = arg.data() + arg.size();
    }
  }
  return {parser.argv().begin(), parser.argv().end()};
}

/// Sends `bytes` in pieces whose sizes come from `sizes` in turn; in one piece when there are none.
Outcome parse(std::string_view bytes, std::string_view sizes, const LimitChoice& choice) {
  Outcome outcome;
  RequestParser parser;
  size_t sent = 0;
  for (size_t turn = 0; sent < bytes.size(); ++turn) {
    sent = sent_after(sent, turn, bytes, sizes);
    const Copy input(bytes.substr(outcome.consumed, sent - outcome.consumed));
    std::string_view rest = input.view();
    while (!rest.empty()) {
      const RequestLimits limits = choice.of(outcome.requests.size());
      const Status status = parser.parse(rest, limits);
      if (status == Status::kError) {
        outcome.error = parser.error();
        return outcome;
      }
      if (status == Status::kIncomplete) {
        // What is said to be missing is not there yet.
        expect(parser.missing_bytes() == 0 ||
               parser.missing_bytes() <= static_cast<size_t>(limits.max_bulk_bytes) + 2);
        break;
      }
      outcome.requests.push_back(arguments(parser, rest));
      outcome.consumed += parser.consumed();
      rest.remove_prefix(parser.consumed());
    }
  }
  return outcome;
}

/// What is shown of the next requests begins with the present one and lies in the input.
void check_window(const PipelineParser& parser, std::string_view input) {
  const std::span<const PipelineParser::Request> window = parser.window();
  if (window.empty()) return;
  expect(window.size() >= 2 && window.size() <= PipelineParser::kWindow);
  expect(window[0].data() == parser.argv().data() && window[0].size() == parser.argv().size());
  size_t bytes = 0;
  for (const PipelineParser::Request request : window) {
    for (const std::string_view arg : request)
      bytes += arg.size();
  }
  expect(bytes <= input.size());
}

/// The same with a pipeline's parser, which begins anew with each piece.
Outcome parse_ahead(std::string_view bytes, std::string_view sizes, const LimitChoice& choice) {
  Outcome outcome;
  PipelineParser parser;
  std::optional<RequestParser> unfinished;
  size_t sent = 0;
  for (size_t turn = 0; sent < bytes.size(); ++turn) {
    sent = sent_after(sent, turn, bytes, sizes);
    const Copy input(bytes.substr(outcome.consumed, sent - outcome.consumed));
    std::string_view rest = input.view();
    unfinished ? parser.start(*std::exchange(unfinished, std::nullopt)) : parser.start();
    while (!rest.empty()) {
      const Status status = parser.next(rest, choice.of(outcome.requests.size()));
      if (status == Status::kError) {
        outcome.error = parser.error();
        return outcome;
      }
      if (status == Status::kIncomplete) {
        unfinished = parser.take_unfinished();
        break;
      }
      check_window(parser, rest);
      outcome.requests.push_back(arguments(parser, rest));
      outcome.consumed += parser.consumed();
      rest.remove_prefix(parser.consumed());
    }
  }
  return outcome;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const LimitChoice choice(data[0]);
  const std::string_view sizes(reinterpret_cast<const char*>(data) + 1, 3);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 4, size - 4);

  const Outcome at_once = parse(bytes, {}, choice);
  expect(parse(bytes, sizes, choice) == at_once);
  expect(parse_ahead(bytes, {}, choice) == at_once);
  expect(parse_ahead(bytes, sizes, choice) == at_once);
  if (bytes.size() < 2000) {
    const std::string_view one_by_one("\0", 1);
    expect(parse(bytes, one_by_one, choice) == at_once);
    expect(parse_ahead(bytes, one_by_one, choice) == at_once);
  }
  return 0;
}
