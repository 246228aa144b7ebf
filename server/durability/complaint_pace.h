// A complaint about what lasts: at once, and again now and then, so that a log shows it and is not
// filled by it.
#pragma once

#include <cstdint>
#include <optional>

#include "server/time_units.h"

namespace weir {

class ComplaintPace {
 public:
  /// Complaints about a disk that refuses writes are logged this often.
  static constexpr int64_t kPeriodUs = 30 * kUsPerSecond;

  /// Whether to complain at this time, which is the time of the last complaint then.
  bool take(int64_t now_us) {
    if (last_us_ && now_us - *last_us_ < kPeriodUs) return false;
    last_us_ = now_us;
    return true;
  }
  /// What it was about is over.
  void end() { last_us_.reset(); }

 private:
  std::optional<int64_t> last_us_;  // nothing: not since all was well
};

}  // namespace weir
