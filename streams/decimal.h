// Decimal text of 64-bit integers: the one place that says which texts are canonical.
//
// Canonical means: what printing the number would give.  "0" and "-7" are canonical; "007", "+5",
// "-0", " 1" and "" are not.  Listpacks store canonical integers as integers; command arguments
// accept nothing else.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace weir {

/// Longest decimal text of a 64-bit integer, sign included, in bytes.
inline constexpr size_t kMaxDecimalLength = 20;

/// Eight bytes of text as a word, the first one lowest.
inline uint64_t load_text(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// How many of the bytes, from the lowest on, are digits.
inline int count_digits(uint64_t word) {
  // A borrow or carry goes into the byte behind the first that is no digit only.
  const uint64_t others = ((word + 0x4646464646464646) | (word - 0x3030303030303030));
  return std::countr_zero(others & 0x8080808080808080) / 8;
}

/// The number that the first `count` (1 … 8) bytes, all digits, make.  All at once: IDs in text are
/// most of what a server reads.
inline uint64_t number_of_digits(uint64_t word, int count) {
  uint64_t digits = (word - 0x3030303030303030) << (64 - 8 * count);
  // Neighbours into pairs, pairs into fours, fours into the sum; each line in all lanes at once.
  digits = digits * 10 + (digits >> 8);
  constexpr uint64_t kLowBytes = 0x000000ff000000ff;
  constexpr uint64_t kMillionAndHundred = uint64_t{1'000'000} << 32 | 100;
  constexpr uint64_t kTenThousandAndOne = uint64_t{10'000} << 32 | 1;
  return ((digits & kLowBytes) * kMillionAndHundred +
          (digits >> 16 & kLowBytes) * kTenThousandAndOne) >>
         32;
}

inline constexpr uint64_t kPowersOfTen[] = {1,
                                            10,
                                            100,
                                            1'000,
                                            10'000,
                                            100'000,
                                            1'000'000,
                                            10'000'000,
                                            100'000'000,
                                            1'000'000'000,
                                            10'000'000'000,
                                            100'000'000'000,
                                            1'000'000'000'000,
                                            10'000'000'000'000,
                                            100'000'000'000'000,
                                            1'000'000'000'000'000,
                                            10'000'000'000'000'000,
                                            100'000'000'000'000'000,
                                            1'000'000'000'000'000'000,
                                            10'000'000'000'000'000'000U};

/// Reads the digits at the beginning of a text and returns their end; null if there is none or
/// they make no number of 64 bits.  Leading zeros are allowed.
inline const char* read_unsigned(const char* at, const char* end, uint64_t& value) {
  constexpr ptrdiff_t kWord = sizeof(uint64_t);
  const char* const begin = at;
  value = 0;
  if (end - begin < kWord) {
    for (; at < end && *at >= '0' && *at <= '9'; ++at)
      value = value * 10 + static_cast<uint64_t>(*at - '0');
    return at == begin ? nullptr : at;
  }
  const uint64_t word = load_text(at);
  const int digits = count_digits(word);
  if (digits < kWord) {
    if (digits == 0) return nullptr;
    value = number_of_digits(word, digits);
    return at + digits;
  }
  // Nothing may be read behind the end, but there are eight bytes before it.
  at += kWord;
  const ptrdiff_t left = end - at;
  value = number_of_digits(word, kWord);
  if (left == 0) return at;
  const uint64_t next =
      left >= kWord ? load_text(at) : load_text(end - kWord) >> 8 * (kWord - left);
  const int more = count_digits(next);
  if (more == kWord) {  // perhaps too many
    const auto [behind, error] = std::from_chars(begin, end, value);
    return error == std::errc{} ? behind : nullptr;
  }
  if (more > 0) value = value * kPowersOfTen[more] + number_of_digits(next, more);
  return at + more;
}

/// An unsigned decimal in which leading zeros are allowed: the two halves of an entry ID.
inline std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  if (read_unsigned(text.data(), end, value) != end || text.empty()) return std::nullopt;
  return value;
}

/// Reads a canonical signed decimal; false, and `value` undefined, for any other text.  Cost:
/// O(length), and one comparison for text that does not begin like a number.
inline bool read_canonical(std::string_view text, int64_t& value) {
  if (text.empty() || text.size() > kMaxDecimalLength) return false;
  const size_t first = text[0] == '-' ? 1 : 0;
  if (first == text.size()) return false;
  if (text[first] < '0' || text[first] > '9') return false;
  if (text[first] == '0' && text.size() > 1) return false;
  uint64_t magnitude = 0;
  const char* const end = text.data() + text.size();
  if (read_unsigned(text.data() + first, end, magnitude) != end) return false;
  if (magnitude > static_cast<uint64_t>(INT64_MAX) + first) return false;
  value = static_cast<int64_t>(first == 0 ? magnitude : ~magnitude + 1);
  return true;
}

/// The same where it is not done for each field of an entry.
inline std::optional<int64_t> parse_canonical(std::string_view text) {
  int64_t value = 0;
  if (!read_canonical(text, value)) return std::nullopt;
  return value;
}

/// How many digits printing the value gives.
inline size_t decimal_length(uint64_t value) {
  value |= 1;  // 0 has a digit, too
  // log10(2) is about 1233 / 4096.
  const size_t guess = static_cast<size_t>(std::bit_width(value)) * 1233 >> 12;
  return guess + (value >= kPowersOfTen[guess] ? 1 : 0);
}

/// The two digits of a number below 100.
inline void write_pair(char* out, size_t number) {
  static constexpr char kPairs[] =
      "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
      "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
      "888990919293949596979899";
  std::memcpy(out, kPairs + number * 2, 2);
}

/// Fills the place from `out` to `end`, which has as many bytes as the value has digits.
inline void fill_decimal(char* out, char* end, uint32_t value) {
  while (value >= 100) {
    end -= 2;
    write_pair(end, value % 100);
    value /= 100;
  }
  if (value >= 10) {
    write_pair(out, value);
  } else {
    *out = static_cast<char>('0' + value);
  }
}

/// The same for a long one, apart from it, so that a short one needs few registers.  Eight digits
/// at a time: the four divisions of a block need not wait for each other.
[[gnu::noinline]] inline char* fill_long_decimal(char* out, char* const end, uint64_t value) {
  char* at = end;
  while (value >= kPowersOfTen[8]) {
    const auto block = static_cast<uint32_t>(value % kPowersOfTen[8]);
    value /= kPowersOfTen[8];
    at -= 8;
    const uint32_t high = block / 10'000;
    const uint32_t low = block % 10'000;
    write_pair(at, high / 100);
    write_pair(at + 2, high % 100);
    write_pair(at + 4, low / 100);
    write_pair(at + 6, low % 100);
  }
  fill_decimal(out, at, static_cast<uint32_t>(value));
  return end;
}

/// Writes `value` at `out` (room for kMaxDecimalLength bytes) and returns the end.
inline char* write_decimal(char* out, uint64_t value) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  char* const end = out + decimal_length(value);
  if (value >= kPowersOfTen[8]) return fill_long_decimal(out, end, value);
  fill_decimal(out, end, static_cast<uint32_t>(value));
  return end;
}

/// As above for signed values.
inline char* write_decimal(char* out, int64_t value) {
  if (value >= 0) return write_decimal(out, static_cast<uint64_t>(value));
  *out++ = '-';
  return write_decimal(out, ~static_cast<uint64_t>(value) + 1);
}

}  // namespace weir
