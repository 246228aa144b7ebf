// Bytes in, reply values out: RESP2 and RESP3 as a server sends them, one reply at a time.
//
// The parser keeps what it has read so far, so the caller never shows it a byte twice.  Each call
// of parse() takes bytes from the front of its input, up to the end of one reply at most:
//
//   input ─► header line ─► stack of open aggregates ─► the finished reply
//            "*2", "$5"      innermost last: the value
//            or the bytes    and how many of its
//            of a bulk       elements are missing
//
//   while (!bytes.empty()) {
//     if (parser.parse(bytes) == ReplyParser::Status::kReply) use(parser.take());
//     bytes.remove_prefix(parser.consumed());
//   }
//
// Always: the sequence of replies (or the error) is the same however the bytes are cut; the cost
// is O(bytes); memory grows with the bytes that came, never with a length that was announced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"

namespace weir::resp {

/// Longest line (simple string, error, number, length), in bytes, line end not counted.
inline constexpr size_t kMaxReplyLineBytes = 1024UL * 1024;
/// Longest bulk or verbatim string, in bytes: the default of proto-max-bulk-len.
inline constexpr int64_t kMaxReplyBulkBytes = 512LL * 1024 * 1024;
/// Most elements of an array, set or push, most pairs of a map.
inline constexpr int64_t kMaxReplyElements = 1LL << 30;
/// Most aggregates inside each other.  COMMAND DOCS needs about ten; recursive readers of the
/// value (show, ==, its destructor) stay far from the end of their stack.
inline constexpr size_t kMaxReplyDepth = 64;

class ReplyParser {
 public:
  enum class Status : uint8_t {
    kReply,       // take() gives it
    kIncomplete,  // all of the input was taken, more is needed
    kError,       // error() says why; nothing that follows can be understood
  };

  /// Reads on in `input`, which begins behind what earlier calls consumed.  After an error it
  /// takes nothing more.
  Status parse(std::string_view input);

  /// Bytes of the last input that were taken.
  size_t consumed() const { return consumed_; }

  /// The reply of the last parse(), once.
  Reply take() { return std::move(reply_); }

  /// Why the bytes are no reply; empty as long as they are.
  const std::string& error() const { return error_; }

  /// Nothing of an unfinished reply is held: the connection may end here without a loss.
  bool is_between_replies() const;

 private:
  enum class State : uint8_t { kLine, kBulkBytes, kBulkEnd, kFailed };

  /// An aggregate, or an attribute, whose elements are still arriving.
  struct Open {
    Reply value;
    int64_t missing = 0;
    bool is_attribute = false;
  };

  void read_line(std::string_view input);
  void read_bulk_bytes(std::string_view input);
  void read_bulk_end(std::string_view input);
  void accept_line(std::string_view line);
  void begin_bulk(std::string_view length, bool verbatim);
  void finish_bulk();
  void begin_aggregate(char type, std::string_view length);
  void close_finished();
  void accept_scalar(char type, std::string_view text);
  void accept(Reply value);
  void fail(std::string reason);

  State state_ = State::kLine;
  bool complete_ = false;  // reply_ holds the reply of this parse()
  bool verbatim_ = false;  // the bulk that is being read is a verbatim string
  size_t consumed_ = 0;
  int64_t bulk_missing_ = 0;  // bytes of the bulk, then of its line end, that are still to come
  std::string line_;          // the beginning of a line whose end has not come
  Reply bulk_;
  std::vector<Open> open_;
  std::vector<Reply> attributes_;  // read, and waiting for the value that they belong to
  Reply reply_;
  std::string error_;
};

}  // namespace weir::resp
