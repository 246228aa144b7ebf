// Any bytes: the replies, and the error if there is one, are the same byte by byte as all at once.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply_parser.h"

namespace {

using weir::resp::ReplyParser;

struct Outcome {
  std::vector<std::string> replies;
  std::string error;
  bool between_replies = false;

  bool operator==(const Outcome&) const = default;
};

Outcome read_in_pieces(std::string_view bytes, size_t piece) {
  ReplyParser parser;
  Outcome outcome;
  while (!bytes.empty()) {
    const ReplyParser::Status status = parser.parse(bytes.substr(0, piece));
    if (status == ReplyParser::Status::kReply) outcome.replies.push_back(show(parser.take()));
    if (status == ReplyParser::Status::kError) {
      outcome.error = parser.error();
      return outcome;
    }
    bytes.remove_prefix(parser.consumed());
  }
  outcome.between_replies = parser.is_between_replies();
  return outcome;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome at_once = read_in_pieces(bytes, std::string_view::npos);
  if (at_once != read_in_pieces(bytes, 1)) std::abort();
  if (at_once != read_in_pieces(bytes, 7)) std::abort();
  return 0;
}
