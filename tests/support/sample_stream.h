// Streams with plain contents, ways to trim them, and what is in one as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "streams/stream.h"
#include "streams/stream_cursor.h"

namespace weir::testing {

/// Fields and values in turn.
using Texts = std::vector<std::string_view>;

inline Texts small_fields() {
  return {"f", "v"};
}

/// A stream with the entries 1-0 … count-0.
inline Stream stream_of(uint64_t count, const Texts& fields = small_fields(),
                        const NodeLimits& limits = {}) {
  Stream stream;
  for (uint64_t ms = 1; ms <= count; ++ms)
    stream.append({ms, 0}, fields, limits);
  return stream;
}

/// Removes the entries from-0 … to-0, all of which are there.
inline void erase_all(Stream& stream, uint64_t from, uint64_t to) {
  for (uint64_t ms = from; ms <= to; ++ms)
    REQUIRE(stream.erase({ms, 0}));
}

inline Trim max_length(uint64_t length) {
  Trim trim;
  trim.strategy = Trim::Strategy::kMaxLength;
  trim.max_length = length;
  return trim;
}

inline Trim min_id(const StreamId& id) {
  Trim trim;
  trim.strategy = Trim::Strategy::kMinId;
  trim.min_id = id;
  return trim;
}

inline Trim about(Trim trim, uint64_t limit = 0) {
  trim.approximate = true;
  trim.limit = limit;
  return trim;
}

/// The IDs between two, "1-0 2-0 3-0".
inline std::string show(const Stream& stream, Direction direction = Direction::kUp,
                        const StreamId& from = kMinStreamId, const StreamId& to = kMaxStreamId) {
  std::string text;
  for (StreamCursor cursor(stream, from, to, direction); cursor.is_valid(); cursor.next())
    text += (text.empty() ? "" : " ") + to_string(cursor.entry().id);
  return text;
}

}  // namespace weir::testing
