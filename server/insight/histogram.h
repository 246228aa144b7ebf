// How often which duration occurred: from a nanosecond to a minute, in steps of 1/16 of themselves.
//
//   bucket   0 … 15      16 … 31       32 … 47       48 …
//   means    0 … 15 ns   16 … 31 ns    32 … 63 ns    64 … 127 ns …
//            1 ns each   1 ns each     2 ns each     4 ns each
//
// Always: a bucket's width is at most 1/16 of its lower bound, and powers of two are bounds.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weir {

class Histogram {
 public:
  /// Cost: a few instructions.
  void record(uint64_t ns) { ++buckets_[bucket_of(ns)]; }

  uint64_t count() const { return below_power(kMaxExponent); }
  /// The duration which `percent` of all do not exceed, as the upper end of its bucket; 0 without
  /// any.
  uint64_t percentile(double percent) const;
  /// How many are below a power of two.
  uint64_t below_power(unsigned exponent) const;
  /// Durations of this power of two and more are counted with the last bucket.
  static constexpr unsigned kMaxExponent = 36;

 private:
  static constexpr unsigned kStepBits = 4;
  static constexpr uint64_t kSteps = 1U << kStepBits;
  static constexpr size_t kBuckets = (kMaxExponent - kStepBits + 1) * kSteps;

  static size_t bucket_of(uint64_t ns) {
    if (ns < kSteps) return ns;
    const unsigned exponent = static_cast<unsigned>(std::bit_width(ns)) - 1;
    if (exponent >= kMaxExponent) [[unlikely]]
      return kBuckets - 1;
    const unsigned shift = exponent - kStepBits;
    return (shift << kStepBits) + (ns >> shift);
  }
  static uint64_t upper_end(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
};

}  // namespace weir
