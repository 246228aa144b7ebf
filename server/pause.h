// CLIENT PAUSE: commands of ordinary connections are put off for a while, all of them or those that
// write.  A failover, and an end that waits for replicas, put off those that write as well, until
// they are over, whatever CLIENT UNPAUSE says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "server/command.h"

namespace weir {

enum class PauseMode : uint8_t { kWrites, kAll };
/// Who else than a client wants no writes.
enum class PauseCause : uint8_t { kFailover = 1, kEnding = 2 };

class Pause {
 public:
  /// Of two pauses, the stricter mode and the later end hold.  until_ms: monotonic.
  void begin(PauseMode mode, int64_t until_ms) {
    const bool all = mode == PauseMode::kAll || (until_ms_ && mode_ == PauseMode::kAll);
    mode_ = all ? PauseMode::kAll : PauseMode::kWrites;
    until_ms_ = until_ms_ ? std::max(*until_ms_, until_ms) : until_ms;
  }
  void end() { until_ms_.reset(); }

  void set(PauseCause cause, bool is_on) {
    const auto bit = static_cast<uint8_t>(cause);
    causes_ = static_cast<uint8_t>(is_on ? causes_ | bit : causes_ & ~bit);
  }

  bool is_on() const { return until_ms_.has_value() || causes_ != 0; }
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
  uint8_t causes_ = 0;
};

}  // namespace weir
