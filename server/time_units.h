// How many of one unit of time make one of another.
#pragma once

#include <cstdint>

namespace weir {

inline constexpr int64_t kMsPerSecond = 1000;
inline constexpr int64_t kUsPerMs = 1000;
inline constexpr int64_t kUsPerSecond = 1'000'000;
// Nanoseconds are those of TickClock, which are never negative.
inline constexpr uint64_t kNsPerUs = 1000;
inline constexpr uint64_t kNsPerMs = 1'000'000;

}  // namespace weir
