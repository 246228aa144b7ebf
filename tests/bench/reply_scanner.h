// Counts the replies in a server's bytes, at a few nanoseconds per value, without building them.
//
// The walk is flat.  A RESP2 reply is one value; an array header of n stands for itself and
// promises n more, so one counter of values still owed is all the nesting there is:
//
//   *2 $1 a *2 :1 :2      owed after each: 2 1 2 1 0 → one reply is complete
//
// The content of a bulk string is stepped over, never looked at.  Bytes may be cut anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

class ReplyScanner {
 public:
  /// Walks `bytes` and returns how many replies end in them.  Stops for good at an error.
  size_t feed(std::string_view bytes);

  /// The first error reply (without its '-'), or what was not RESP2; empty while all is well.
  const std::string& error() const { return error_; }

 private:
  size_t feed_split_line(std::string_view& bytes);
  const char* finish_bulk(const char* at, const char* end, uint64_t bytes);
  bool take_line(std::string_view line);
  void value_ended() { --owed_; }

  uint64_t skip_ = 0;  // bytes of the current bulk string, with its CRLF, that have not come yet
  uint64_t owed_ = 0;  // values that the current reply still lacks; 0 between replies
  std::string line_;   // the beginning of a line that was cut
  std::string error_;
};

}  // namespace weir::bench
