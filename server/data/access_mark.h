// What is kept of the use of a key, in 32 bits, for eviction and for OBJECT IDLETIME and FREQ.
//
//   by time         │ Unix time of the last use, in seconds (good until 2106) │
//   by frequency    │ minutes, their low 24 bits            │ counter 8       │
//
// The counter is logarithmic: each use raises it with a probability that falls with its height, so
// that 255 stands for about a million uses with the factor 10.  It falls by one for every
// `decay_minutes` without a use; the minutes say when that was last worked out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace weir {

/// How uses are noted.
enum class AccessNotes : uint8_t {
  kTime,         // when it was last used
  kTimeOfWrite,  // when it was last changed
  kFrequency,
};

/// lfu-log-factor and lfu-decay-time.
struct FrequencyScale {
  uint64_t log_factor = 10;
  uint64_t decay_minutes = 1;  // 0: it never falls
};

class FrequencyMark {
 public:
  /// Of a new key: above nothing, so that it is not the first to go.
  static constexpr uint32_t kNewCounter = 5;
  static constexpr uint32_t kGreatest = 255;

  static uint32_t make(uint32_t counter, uint32_t now_s) {
    return minutes(now_s) << 8 | std::min(counter, kGreatest);
  }

  /// The counter as of now.
  static uint32_t counter(uint32_t mark, uint32_t now_s, const FrequencyScale& scale) {
    const uint32_t counter = mark & kGreatest;
    if (scale.decay_minutes == 0) return counter;
    const uint64_t passed = (minutes(now_s) - (mark >> 8)) & kMinutes;
    return counter -
           static_cast<uint32_t>(std::min<uint64_t>(counter, passed / scale.decay_minutes));
  }

  /// The mark after one more use.
  template <class Random>
  static uint32_t used(uint32_t mark, uint32_t now_s, const FrequencyScale& scale, Random& random) {
    uint32_t now = counter(mark, now_s, scale);
    if (now < kGreatest) {
      const double above = now > kNewCounter ? now - kNewCounter : 0;
      std::uniform_real_distribution<double> chance(0, 1);
      if (chance(random) * (above * static_cast<double>(scale.log_factor) + 1) < 1) ++now;
    }
    return make(now, now_s);
  }

 private:
  static constexpr uint32_t kMinutes = (1U << 24) - 1;

  static uint32_t minutes(uint32_t now_s) { return now_s / 60 & kMinutes; }
};

}  // namespace weir
