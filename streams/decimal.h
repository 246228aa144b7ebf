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

/// Multiplies `value` by 10^8 and adds the eight digits at `at`; false, and nothing, if they are
/// not all digits.  All eight at once: IDs in text are most of what a server reads.
inline bool add_eight_digits(const char* at, uint64_t& value) {
  uint64_t sum = 0;
  if constexpr (std::endian::native == std::endian::little) {
    uint64_t digits = 0;
    std::memcpy(&digits, at, sizeof(digits));
    const uint64_t above_nine = digits + 0x4646464646464646;
    digits -= 0x3030303030303030;
    if (((above_nine | digits) & 0x8080808080808080) != 0) return false;
    // Neighbours into pairs, pairs into fours, fours into the sum; each line in all lanes at once.
    digits = digits * 10 + (digits >> 8);
    constexpr uint64_t kLowBytes = 0x000000ff000000ff;
    constexpr uint64_t kMillionAndHundred = uint64_t{1'000'000} << 32 | 100;
    constexpr uint64_t kTenThousandAndOne = uint64_t{10'000} << 32 | 1;
    sum = ((digits & kLowBytes) * kMillionAndHundred +
           (digits >> 16 & kLowBytes) * kTenThousandAndOne) >>
          32;
  } else {
    for (int i = 0; i < 8; ++i) {
      if (at[i] < '0' || at[i] > '9') return false;
      sum = sum * 10 + static_cast<uint64_t>(at[i] - '0');
    }
  }
  value = value * 100'000'000 + sum;
  return true;
}

/// Reads the digits at the beginning of a text and returns their end; null if there is none or
/// they make no number of 64 bits.  Leading zeros are allowed.
inline const char* read_unsigned(const char* at, const char* end, uint64_t& value) {
  constexpr ptrdiff_t kSafeDigits = 18;  // they fit, whatever they are
  const char* const begin = at;
  value = 0;
  while (end - at >= 8 && at - begin <= kSafeDigits - 8 && add_eight_digits(at, value))
    at += 8;
  for (; at < end && *at >= '0' && *at <= '9'; ++at) {
    if (at - begin == kSafeDigits) {
      const auto [behind, error] = std::from_chars(begin, end, value);
      return error == std::errc{} ? behind : nullptr;
    }
    value = value * 10 + static_cast<uint64_t>(*at - '0');
  }
  return at == begin ? nullptr : at;
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
  static constexpr uint64_t kPowersOfTen[] = {0,
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
  // log10(2) is about 1233 / 4096.
  const size_t guess = static_cast<size_t>(std::bit_width(value)) * 1233 >> 12;
  return guess + (value >= kPowersOfTen[guess] ? 1 : 0);
}

/// Writes `value` at `out` (room for kMaxDecimalLength bytes) and returns the end.
inline char* write_decimal(char* out, uint64_t value) {
  static constexpr char kPairs[] =
      "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
      "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
      "888990919293949596979899";
  char* const end = out + decimal_length(value);
  char* at = end;
  while (value >= 100) {
    at -= 2;
    std::memcpy(at, kPairs + (value % 100) * 2, 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(out, kPairs + value * 2, 2);
  } else {
    *out = static_cast<char>('0' + value);
  }
  return end;
}

/// As above for signed values.
inline char* write_decimal(char* out, int64_t value) {
  if (value >= 0) return write_decimal(out, static_cast<uint64_t>(value));
  *out++ = '-';
  return write_decimal(out, ~static_cast<uint64_t>(value) + 1);
}

}  // namespace weir
