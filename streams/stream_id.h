// The ID of a stream entry: 128 bits, milliseconds and a sequence number within them.
//
// Order is by ms, then seq.  The text form is "ms-seq", both canonical decimals.  As a key of the
// radix tree an ID is 16 bytes, big-endian, so that byte order is ID order; the tree takes the
// bytes from the two numbers (key_byte) and never stores the byte form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  friend bool operator==(const StreamId&, const StreamId&) = default;
  // Written out: compilers make two comparisons of these, and many of a three-way comparison.
  friend bool operator<(const StreamId& a, const StreamId& b) {
    return a.ms != b.ms ? a.ms < b.ms : a.seq < b.seq;
  }
  friend bool operator>(const StreamId& a, const StreamId& b) { return b < a; }
  friend bool operator<=(const StreamId& a, const StreamId& b) { return !(b < a); }
  friend bool operator>=(const StreamId& a, const StreamId& b) { return !(a < b); }

  bool is_zero() const { return ms == 0 && seq == 0; }
};

inline constexpr StreamId kMinStreamId{0, 0};
inline constexpr StreamId kMaxStreamId{UINT64_MAX, UINT64_MAX};

/// Longest text form of an ID in bytes: two 20-digit numbers and the dash.
inline constexpr size_t kMaxStreamIdLength = 41;

/// Longest text that is looked at as an ID, in bytes; anything longer is not an ID.
inline constexpr size_t kMaxStreamIdText = 127;

/// Bytes of an ID as a radix-tree key.
inline constexpr int kRadixKeyBytes = 16;

/// Byte `depth` (0 … 15) of the big-endian form.
inline uint8_t key_byte(const StreamId& id, int depth) {
  const uint64_t half = depth < 8 ? id.ms : id.seq;
  return static_cast<uint8_t>(half >> (56 - 8 * (depth & 7)));
}

/// The next greater ID, or nothing behind the greatest.
inline std::optional<StreamId> successor(StreamId id) {
  if (++id.seq == 0 && ++id.ms == 0) return std::nullopt;
  return id;
}

/// The next smaller ID, or nothing before 0-0.
inline std::optional<StreamId> predecessor(StreamId id) {
  if (id.seq-- == 0 && id.ms-- == 0) return std::nullopt;
  return id;
}

/// "ms-seq" or "ms"; in the second form the sequence is `missing_seq`.  Leading zeros are
/// accepted, signs and blanks are not.
std::optional<StreamId> parse_stream_id(std::string_view text, uint64_t missing_seq);

/// Writes "ms-seq" at `out` (room for kMaxStreamIdLength bytes) and returns the end.
char* write_stream_id(char* out, const StreamId& id);

std::string to_string(const StreamId& id);

}  // namespace weir
