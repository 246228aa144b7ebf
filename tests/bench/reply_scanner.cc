#include "tests/bench/reply_scanner.h"

#include <charconv>
#include <cstring>

namespace weir::bench {
namespace {

/// The number between a line's type byte and its end; `fallback` when there is none.
int64_t number_of(std::string_view line, int64_t fallback) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), number);
  const bool whole = error == std::errc() && end == line.data() + line.size();
  return whole ? number : fallback;
}

}  // namespace

size_t ReplyScanner::feed(std::string_view bytes) {
  size_t replies = 0;
  if (!line_.empty()) replies += feed_split_line(bytes);

  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  if (skip_ > 0) {
    at = finish_bulk(at, end, skip_);
    if (skip_ == 0 && owed_ == 0) ++replies;
  }
  while (at < end && error_.empty()) {
    if (owed_ == 0) owed_ = 1;
    // The two lines that make up nearly all of a long reply: `$n` and `*n` with one or two digits.
    if (end - at >= 5 && (*at == '$' || *at == '*') && at[1] >= '0' && at[1] <= '9') {
      const bool short_line = at[2] == '\r';
      if (short_line || (at[2] >= '0' && at[2] <= '9' && at[3] == '\r')) {
        const auto first = static_cast<uint64_t>(at[1] - '0');
        const uint64_t n = short_line ? first : first * 10 + static_cast<uint64_t>(at[2] - '0');
        const char* const after = at + (short_line ? 4 : 5);
        if (*at == '*') {
          owed_ += n - 1;
          at = after;
        } else {
          at = finish_bulk(after, end, n + 2);
        }
        if (owed_ == 0 && skip_ == 0) ++replies;
        continue;
      }
    }
    const auto* newline =
        static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    if (newline == nullptr) {
      line_.assign(at, end);
      return replies;
    }
    if (!take_line({at, static_cast<size_t>(newline - at)})) return replies;
    at = newline + 1;
    if (skip_ > 0) at = finish_bulk(at, end, skip_);
    if (owed_ == 0 && skip_ == 0) ++replies;
  }
  return replies;
}

/// Completes the line that an earlier feed() saw only the beginning of.
size_t ReplyScanner::feed_split_line(std::string_view& bytes) {
  const size_t newline = bytes.find('\n');
  line_.append(bytes.substr(0, newline));
  bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
  if (newline == std::string_view::npos) return 0;
  const std::string line = std::move(line_);
  line_.clear();
  if (!take_line(line)) {
    bytes = {};
    return 0;
  }
  return owed_ == 0 && skip_ == 0 ? 1 : 0;
}

/// Steps over `bytes` of a bulk string, or as many as there are; the rest is left in skip_.
const char* ReplyScanner::finish_bulk(const char* at, const char* end, uint64_t bytes) {
  const auto here = static_cast<uint64_t>(end - at);
  if (here < bytes) {
    skip_ = bytes - here;
    return end;
  }
  skip_ = 0;
  value_ended();
  return at + bytes;
}

/// Takes a line without its '\n'.  After `$n` skip_ says what follows.  False: an error.
bool ReplyScanner::take_line(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const char type = line.empty() ? ' ' : line[0];
  if (type == '+' || type == ':') {
    value_ended();
    return true;
  }
  if (type == '-') {
    error_ = line.substr(1);
    return false;
  }
  constexpr int64_t kNotANumber = -2;
  const int64_t n = number_of(line.empty() ? " " : line, kNotANumber);
  if ((type != '$' && type != '*') || n < -1) {
    error_ = "not a reply: " + std::string(line);
    return false;
  }
  if (n == -1) {
    value_ended();
  } else if (type == '*') {
    owed_ += static_cast<uint64_t>(n) - 1;  // n = 0: the array itself was the value
  } else {
    skip_ = static_cast<uint64_t>(n) + 2;
  }
  return true;
}

}  // namespace weir::bench
