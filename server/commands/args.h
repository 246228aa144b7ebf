// Reading arguments: integers, IDs and options, with the errors that Redis gives.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <tl/expected.hpp>

#include "server/command.h"
#include "server/text.h"
#include "streams/decimal.h"
#include "streams/stream_id.h"

namespace weir {

template <class T>
using Parsed = tl::expected<T, ReplyError>;

inline tl::unexpected<ReplyError> refused(std::string_view literal) {
  return tl::make_unexpected(ReplyError(literal));
}

constexpr bool is_char(std::string_view text, char c) {
  return text.size() == 1 && text[0] == c;
}

/// Walks the words behind the fixed arguments of a command.
class ArgCursor {
 public:
  ArgCursor(std::span<const std::string_view> args, size_t first) : args_(args), at_(first) {}

  size_t position() const { return at_; }
  size_t left() const { return args_.size() - at_; }
  std::string_view peek() const { return args_[at_]; }
  std::string_view next() { return args_[at_++]; }
  /// The next words; there are as many.
  std::span<const std::string_view> next_words(size_t count) {
    at_ += count;
    return args_.subspan(at_ - count, count);
  }

  /// Takes the next word if it is `keyword`, in any case, and at least `values` words follow it.
  [[gnu::always_inline]] bool take(std::string_view keyword, size_t values = 0) {
    if (left() <= values || !is(peek(), keyword)) return false;
    ++at_;
    return true;
  }
  /// Takes the next word as an integer.
  Parsed<int64_t> next_integer(std::string_view error);

 private:
  /// In place, where the keyword is known: of the many that are tried most differ in size or first
  /// letter already, and the others are mostly written as they are here.
  [[gnu::always_inline]] static bool is(std::string_view word, std::string_view keyword) {
    constexpr int kCaseBit = 'a' ^ 'A';
    if (word.size() != keyword.size() || ((word[0] ^ keyword[0]) & ~kCaseBit) != 0) return false;
    return std::memcmp(word.data(), keyword.data(), keyword.size()) == 0 ||
           equals_ignoring_case(word, keyword);
  }

  std::span<const std::string_view> args_;
  size_t at_;
};

Parsed<int64_t> read_integer(std::string_view text, std::string_view error);

/// "123-4", or "123" with the given sequence.
Parsed<StreamId> read_stream_id(std::string_view text, uint64_t missing_seq = 0);

/// An interval of IDs, both ends included.
struct IdRange {
  StreamId from;
  StreamId to;
};

/// Two interval arguments: IDs, "-", "+", and "(" before an ID that is not included.
Parsed<IdRange> read_id_range(std::string_view from, std::string_view to);

/// BLOCK and the like: when the wait of a command that begins now ends, on the monotonic clock;
/// nothing for "0", for ever.
Parsed<std::optional<int64_t>> read_deadline(const Call& call, std::string_view timeout_ms);

}  // namespace weir
