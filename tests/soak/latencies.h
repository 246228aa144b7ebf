// How long a client waited for single commands: of the last minute, and of all time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace weir::soak {

/// Counts by buckets of which each is an eighth of its power of two: a percentile is at most 12 %
/// too high, whatever the run's length.
class Latencies {
 public:
  void add(uint64_t us) {
    ++counts_[bucket_of(us)];
    ++total_;
    longest_us_ = std::max(longest_us_, us);
  }
  void add(const Latencies& others) {
    for (size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += others.counts_[i];
    total_ += others.total_;
    longest_us_ = std::max(longest_us_, others.longest_us_);
  }

  uint64_t total() const { return total_; }
  uint64_t longest_us() const { return longest_us_; }
  /// An upper bound of what `share` of them do not exceed.
  uint64_t percentile_us(double share) const {
    auto left = static_cast<uint64_t>(share * static_cast<double>(total_));
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (left < counts_[i]) return std::min(upper_us(i), longest_us_);
      left -= counts_[i];
    }
    return longest_us_;
  }
  /// "p50 81 p99 240 p99.9 1310 max 9211"
  std::string text() const {
    return "p50 " + std::to_string(percentile_us(0.5)) + " p99 " +
           std::to_string(percentile_us(0.99)) + " p99.9 " + std::to_string(percentile_us(0.999)) +
           " max " + std::to_string(longest_us_);
  }

 private:
  static constexpr size_t kParts = 8;  // of a power of two

  static size_t bucket_of(uint64_t us) {
    if (us < kParts) return us;
    const auto power = static_cast<unsigned>(std::bit_width(us)) - 1;
    const auto part = static_cast<size_t>(us >> (power - 3)) & (kParts - 1);
    return std::min(kParts * (power - 2) + part, kBuckets - 1);
  }
  static uint64_t upper_us(size_t bucket) {
    if (bucket < kParts) return bucket;
    const size_t power = bucket / kParts + 2;
    return ((kParts + bucket % kParts + 1) << (power - 3)) - 1;
  }

  static constexpr size_t kBuckets = 256;
  std::array<uint64_t, kBuckets> counts_{};
  uint64_t total_ = 0;
  uint64_t longest_us_ = 0;
};

/// Samples that one thread adds and another takes.
class SharedLatencies {
 public:
  void add(uint64_t us) {
    const std::lock_guard lock(mutex_);
    recent_.add(us);
  }
  /// Those since the last call.
  Latencies take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(recent_, Latencies());
  }

 private:
  std::mutex mutex_;
  Latencies recent_;
};

}  // namespace weir::soak
