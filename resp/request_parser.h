// Bytes in, argv views out: the requests of a connection, one at a time.
//
// A request is either multibulk or, when its first byte is not '*', one inline line:
//
//   *2\r\n $4\r\nECHO\r\n $2\r\nhi\r\n        ECHO "h\x69"\r\n
//   └ argc  └ length, bytes                   └ words, see inline_words.h
//
// parse() is given all bytes from the beginning of the current request.  When they are not enough
// it remembers how far it came; the next call is given the same bytes (which may have moved) and
// more behind them.  Nothing is copied: arguments are views into the caller's bytes, except for
// inline words that need unquoting.  No number of a client sizes an allocation.
//
// Always: after kRequest, the first consumed() bytes belong to that request, and the views of
// argv() hold until the next call or until the caller's bytes move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::resp {

/// Longest inline request and longest argc or length line, in bytes, without its line end.
inline constexpr size_t kMaxLineBytes = size_t{64} * 1024;
/// Most arguments of one request.
inline constexpr int64_t kMaxArguments = 2147483647;
/// Longest argument, whatever the limits allow: names of every kind are kept with lengths that
/// suffice for it.
inline constexpr int64_t kMaxBulkBytes = 2147483647;
/// Limits of a connection that still has to give a password.
inline constexpr int64_t kMaxUnauthenticatedArguments = 10;
inline constexpr int64_t kMaxUnauthenticatedBulkBytes = 16384;

struct RequestLimits {
  int64_t max_bulk_bytes = 512LL * 1024 * 1024;  // proto-max-bulk-len
  bool authenticated = true;

  bool operator==(const RequestLimits&) const = default;
};

class RequestParser {
 public:
  enum class Status : uint8_t {
    kRequest,     // argv() holds one request; it may be empty ("*0", an empty line): no reply
    kIncomplete,  // more bytes are needed
    kError,       // error() says why; nothing behind it can be understood
  };

  /// Parses the request at the beginning of `input`.  Cost: O(bytes not yet seen).
  Status parse(std::string_view input, const RequestLimits& limits);

  std::span<const std::string_view> argv() const { return {argv_.data(), argc_}; }

  /// Bytes of `input` that the request took, its line ends included.
  size_t consumed() const { return position_; }

  /// After kIncomplete inside an argument: how many bytes are missing until its end (line end
  /// included), else 0.  Lets the caller read a big argument straight into its final place.
  size_t missing_bytes() const { return missing_bytes_; }

  /// Bytes of the views of a request that is not complete yet.
  size_t memory_bytes() const { return argv_.capacity() * sizeof(std::string_view); }

  /// Gives back what room for views earlier requests left beyond that.
  void trim_memory();

  /// The text of a protocol error, without code and line end.
  std::string_view error() const { return error_; }

  /// Forgets a request that was begun.
  void reset();

 private:
  enum class Header : uint8_t { kValue, kIncomplete, kBad, kTooLong };

  bool parse_at_once(std::string_view input, const RequestLimits& limits);
  Status parse_inline(std::string_view input);
  Status parse_argument_count(std::string_view input, const RequestLimits& limits);
  Status parse_arguments(std::string_view input, const RequestLimits& limits);
  Header read_header(std::string_view input, int64_t& value);
  void move_views(const char* base);
  void add_argument(std::string_view argument);
  Status fail(std::string_view text);

  std::vector<std::string_view> argv_;  // the first argc_ of them
  size_t argc_ = 0;
  std::vector<std::string> words_;  // owns the words of an inline request that were unquoted
  std::string error_;
  const char* base_ = nullptr;  // where the views of an unfinished request point into
  size_t position_ = 0;         // everything before it is parsed
  size_t missing_bytes_ = 0;
  int64_t arguments_left_ = 0;
  int64_t bulk_length_ = -1;  // of the argument being read; -1: its header comes next
  bool fresh_ = true;         // the next parse() begins a request
};

}  // namespace weir::resp
