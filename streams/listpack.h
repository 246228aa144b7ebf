// The listpack: a packed run of strings and integers, the byte format of a stream node.
//
//   ┌───────────────┬────────────────┬─────────┬─────────┬──   ──┬────┐
//   │ total bytes   │ element count  │ element │ element │   …   │ FF │
//   │ uint32, LE    │ uint16, LE     │         │         │       │    │
//   └───────────────┴────────────────┴─────────┴─────────┴──   ──┴────┘
//   element: encoding byte(s) · data · backlen (size of the two before it, read backwards)
//
//   0xxxxxxx  uint 0..127           110xxxxx +1  13-bit signed       F1 F2 F3 F4  int16 24 32 64
//   10xxxxxx  string 0..63 bytes    1110xxxx +1  string 64..4095     F0 +4        string 4096..
//
// Text that is a canonical decimal of 64 bits is stored as the smallest integer that holds it; its
// reader gets the same text back.  These are the very bytes of Redis's RDB files (RDB
// version 10), so a snapshot copies them.  To change the format one would have to change Redis.
//
// The functions here work on bare positions inside a listpack that is known to be well-formed:
// everything that comes from outside goes through validate_listpack first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "streams/decimal.h"

namespace weir::listpack {

inline constexpr size_t kHeaderBytes = 6;
inline constexpr uint8_t kEnd = 0xff;
/// Bytes of a listpack without elements.
inline constexpr size_t kEmptyBytes = kHeaderBytes + 1;
/// Element count from which on the header says "unknown, walk".
inline constexpr uint16_t kUnknownCount = 0xffff;
/// Integers from 0 up to it are their own first byte.
inline constexpr uint8_t kGreatestNarrow = 0x7f;

inline uint32_t load32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
         static_cast<uint32_t>(at[2]) << 16 | static_cast<uint32_t>(at[3]) << 24;
}
inline void store32(uint8_t* at, uint32_t value) {
  for (int i = 0; i < 4; ++i)
    at[i] = static_cast<uint8_t>(value >> (8 * i));
}

inline uint32_t total_bytes(const uint8_t* pack) {
  return load32(pack);
}
inline void set_total_bytes(uint8_t* pack, uint32_t bytes) {
  store32(pack, bytes);
}
inline uint16_t element_count(const uint8_t* pack) {
  return static_cast<uint16_t>(pack[4] | pack[5] << 8);
}
/// Saturates: a count that does not fit reads as kUnknownCount.
inline void set_element_count(uint8_t* pack, size_t count) {
  const uint16_t stored = count < kUnknownCount ? static_cast<uint16_t>(count) : kUnknownCount;
  pack[4] = static_cast<uint8_t>(stored);
  pack[5] = static_cast<uint8_t>(stored >> 8);
}

/// Bytes of the backlen of an element of `size` bytes (encoding and data).
inline size_t backlen_bytes(size_t size) {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  if (size < 268435455) return 4;
  return 5;
}

/// Encoding and data bytes of the element at `at`, without its backlen.
inline size_t element_bytes(const uint8_t* at) {
  const uint8_t first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3fu);
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + ((first & 0x0fu) << 8 | at[1]);
  switch (first) {
    case 0xf0:
      return 5 + static_cast<size_t>(load32(at + 1));
    case 0xf1:
      return 3;
    case 0xf2:
      return 4;
    case 0xf3:
      return 5;
    default:
      return 9;  // F4; a validated listpack holds nothing else
  }
}

/// The element behind one that is neither a small integer nor a short string.
const uint8_t* skip_slow(const uint8_t* at);

/// The element behind the one at `at`.
inline const uint8_t* skip(const uint8_t* at) {
  const uint8_t first = at[0];
  if (first < 0x80) return at + 2;
  if (first < 0xc0) return at + 2 + (first & 0x3fu);
  return skip_slow(at);
}

/// Of bytes from outside, which end with kEnd at `end`: the element behind the one at `at`, or null
/// if that one is malformed or reaches beyond `end`.
const uint8_t* checked_skip_slow(const uint8_t* at, const uint8_t* end);

inline const uint8_t* checked_skip(const uint8_t* at, const uint8_t* end) {
  const uint8_t first = at[0];
  if (first >= 0xc0) return checked_skip_slow(at, end);
  const size_t size = first < 0x80 ? 1 : 1 + (first & 0x3fu);
  return size < static_cast<size_t>(end - at) && at[size] == size ? at + size + 1 : nullptr;
}

/// Whether an element that begins with `first` is an integer of 13 bits.
inline bool is_middling(uint8_t first) {
  return (first & 0xe0) == 0xc0;
}
inline int64_t middling_value(const uint8_t* at) {
  const int64_t value = (at[0] & 0x1f) << 8 | at[1];
  return value < 4096 ? value : value - 8192;
}

/// Whether the element at `at` is stored as an integer.
inline bool is_integer(const uint8_t* at) {
  return at[0] < 0x80 || is_middling(at[0]) || at[0] > 0xf0;
}

/// The element before the one at `at` (which may be the end mark).
const uint8_t* previous(const uint8_t* at);

/// The integer at `at`, which must be one; moves `at` behind it.
int64_t read_integer_slow(const uint8_t*& at);

inline int64_t read_integer(const uint8_t*& at) {
  const uint8_t first = at[0];
  if (first < 0x80) {
    at += 2;
    return first;
  }
  if (is_middling(first)) {
    at += 3;
    return middling_value(at - 3);
  }
  return read_integer_slow(at);
}

/// The text of the element at `at`; integers are printed into `scratch` (kMaxDecimalLength bytes).
/// Moves `at` behind it.
inline std::string_view read_text(const uint8_t*& at, char* scratch) {
  const uint8_t first = at[0];
  const char* bytes = reinterpret_cast<const char*>(at);
  if ((first & 0xc0) == 0x80) {
    const size_t length = first & 0x3fu;
    at += length + 2;
    return {bytes + 1, length};
  }
  if ((first & 0xf0) == 0xe0) {
    const size_t length = (first & 0x0fu) << 8 | at[1];
    at += length + 2 + backlen_bytes(length + 2);
    return {bytes + 2, length};
  }
  if (first == 0xf0) {
    const size_t length = load32(at + 1);
    at += length + 5 + backlen_bytes(length + 5);
    return {bytes + 5, length};
  }
  const int64_t value = read_integer(at);
  return {scratch, static_cast<size_t>(write_decimal(scratch, value) - scratch)};
}

/// Bytes of the element that write_integer writes.
inline size_t integer_bytes(int64_t value) {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= INT16_MIN && value <= INT16_MAX) return 4;
  if (value >= -8388608 && value <= 8388607) return 5;
  if (value >= INT32_MIN && value <= INT32_MAX) return 6;
  return 10;
}

/// Bytes of the element that write_text writes.
inline size_t text_bytes(std::string_view text) {
  if (int64_t value = 0; read_canonical(text, value)) return integer_bytes(value);
  const size_t size = text.size() + (text.size() < 64 ? 1 : text.size() < 4096 ? 2 : 5);
  return size + backlen_bytes(size);
}

/// Write one element at `at` and return the place behind it.
uint8_t* write_integer(uint8_t* at, int64_t value);
uint8_t* write_text(uint8_t* at, std::string_view text);

/// True iff `pack` is exactly one well-formed listpack: sizes, encodings and backlens agree, and
/// the header's count is right or unknown.  Looks at every byte; trusts none.  Cost: O(bytes).
bool validate_listpack(std::span<const uint8_t> pack);

}  // namespace weir::listpack
