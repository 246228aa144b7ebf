// A percentile of samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace weir::bench {

/// The smallest of the sorted samples, of which there are some, that `share` of them do not exceed.
inline double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[std::min(sorted.size(), static_cast<size_t>(rank)) - 1];
}

}  // namespace weir::bench
