// CLIENT PAUSE: commands of ordinary connections are put off for a while, all of them or those that
// write.  A failover puts off those that write as well, until it has ended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "server/command.h"

namespace weir {

enum class PauseMode : uint8_t { kWrites, kAll };

class Pause {
 public:
  /// Of two pauses, the stricter mode and the later end hold.  until_ms: monotonic.
  void begin(PauseMode mode, int64_t until_ms) {
    const bool all = mode == PauseMode::kAll || (until_ms_ && mode_ == PauseMode::kAll);
    mode_ = all ? PauseMode::kAll : PauseMode::kWrites;
    until_ms_ = until_ms_ ? std::max(*until_ms_, until_ms) : until_ms;
  }
  void end() { until_ms_.reset(); }

  void set_failing_over(bool is_failing_over) { is_failing_over_ = is_failing_over; }

  bool is_on() const { return until_ms_.has_value() || is_failing_over_; }
  bool is_over(int64_t now_ms) const { return until_ms_ && now_ms >= *until_ms_; }
  /// Monotonic; nothing without a pause that ends by itself.
  std::optional<int64_t> until_ms() const { return until_ms_; }
  /// Whether a command, or a transaction, with these flags has to wait.
  bool holds(uint32_t flags) const {
    if (!is_on()) [[likely]]
      return false;
    const bool is_for_all = until_ms_ && mode_ == PauseMode::kAll;
    return is_for_all || (flags & (kWrite | kMayReplicate)) != 0;
  }

 private:
  std::optional<int64_t> until_ms_;
  PauseMode mode_ = PauseMode::kWrites;
  bool is_failing_over_ = false;
};

}  // namespace weir
