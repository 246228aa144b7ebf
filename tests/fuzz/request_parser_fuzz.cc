// Any bytes in any pieces: the requests, and the error if there is one, are the same as when all
// bytes come at once, and each argument is a view of what was sent.
//
// The first bytes of the input choose the limits and the pieces.  Each time the parser sees its
// bytes in another place, in an allocation of their size.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_parser.h"

namespace {

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

/// The arguments; all of a multibulk request lie, in order, in the bytes that it took.
std::vector<std::string> arguments(const RequestParser& parser, std::string_view input) {
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
Outcome parse(std::string_view bytes, std::string_view sizes, const RequestLimits& limits) {
  Outcome outcome;
  RequestParser parser;
  size_t sent = 0;
  for (size_t turn = 0; sent < bytes.size(); ++turn) {
    const size_t piece =
        sizes.empty() ? bytes.size() : 1 + static_cast<uint8_t>(sizes[turn % sizes.size()]);
    sent = std::min(bytes.size(), sent + piece);
    const Copy input(bytes.substr(outcome.consumed, sent - outcome.consumed));
    std::string_view rest = input.view();
    while (!rest.empty()) {
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

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  RequestLimits limits;
  limits.authenticated = data[0] % 2 == 0;
  if (data[0] % 4 >= 2) limits.max_bulk_bytes = 10;
  const std::string_view sizes(reinterpret_cast<const char*>(data) + 1, 3);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 4, size - 4);

  const Outcome at_once = parse(bytes, {}, limits);
  expect(parse(bytes, sizes, limits) == at_once);
  if (bytes.size() < 2000) expect(parse(bytes, std::string_view("\0", 1), limits) == at_once);
  return 0;
}
