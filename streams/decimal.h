// Decimal text of 64-bit integers: the one place that says which texts are canonical.
//
// Canonical means: what printing the number would give.  "0" and "-7" are canonical; "007", "+5",
// "-0", " 1" and "" are not.  Listpacks store canonical integers as integers; command arguments
// accept nothing else.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace weir {

/// Longest decimal text of a 64-bit integer, sign included, in bytes.
inline constexpr size_t kMaxDecimalLength = 20;

/// The value of a canonical signed decimal; nothing for any other text.  Cost: O(length), and one
/// comparison for text that does not begin like a number.
inline std::optional<int64_t> parse_canonical(std::string_view text) {
  if (text.empty() || text.size() > kMaxDecimalLength) return std::nullopt;
  const size_t first = text[0] == '-' ? 1 : 0;
  if (first == text.size()) return std::nullopt;
  if (text[first] < '0' || text[first] > '9') return std::nullopt;
  if (text[first] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// An unsigned decimal in which leading zeros are allowed: the two halves of an entry ID.
inline std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Writes `value` at `out` (room for kMaxDecimalLength bytes) and returns the end.
inline char* write_decimal(char* out, uint64_t value) {
  static constexpr char kPairs[] =
      "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
      "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
      "888990919293949596979899";
  char text[kMaxDecimalLength];
  char* begin = text + sizeof(text);
  while (value >= 100) {
    begin -= 2;
    std::memcpy(begin, kPairs + (value % 100) * 2, 2);
    value /= 100;
  }
  if (value >= 10) {
    begin -= 2;
    std::memcpy(begin, kPairs + value * 2, 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const size_t length = static_cast<size_t>(text + sizeof(text) - begin);
  std::memcpy(out, begin, length);
  return out + length;
}

/// As above for signed values.
inline char* write_decimal(char* out, int64_t value) {
  if (value >= 0) return write_decimal(out, static_cast<uint64_t>(value));
  *out++ = '-';
  return write_decimal(out, ~static_cast<uint64_t>(value) + 1);
}

}  // namespace weir
