#include "server/insight/histogram.h"

#include <algorithm>
#include <numeric>

namespace weir {

// A bucket from kSteps on is (shift << kStepBits) + (ns >> shift), where ns >> shift has one bit
// more than kStepBits.
uint64_t Histogram::upper_end(size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const size_t shift = bucket / kSteps - 1;
  const uint64_t leading = bucket % kSteps + kSteps;
  return ((leading + 1) << shift) - 1;
}

uint64_t Histogram::percentile(double percent) const {
  const double rank = std::max(1.0, percent / 100 * static_cast<double>(count()));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (static_cast<double>(seen) >= rank) return upper_end(bucket);
  }
  return 0;
}

uint64_t Histogram::below_power(unsigned exponent) const {
  const size_t end = exponent >= kMaxExponent ? kBuckets : bucket_of(uint64_t{1} << exponent);
  return std::accumulate(buckets_.begin(), buckets_.begin() + static_cast<std::ptrdiff_t>(end),
                         uint64_t{0});
}

}  // namespace weir
