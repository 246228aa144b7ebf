// maxmemory: what happens when the data takes more than it may.
//
//   command that needs memory ─► has_room() ─┬─► below: a guess of some nanoseconds says so
//   turn ended, cron, timer ───► work_off() ─┤
//                                            ├─► above: the allocator is asked, keys are evicted
//                                            │   for as long as maxmemory-eviction-tenacity says
//                                            └─► above, and nothing may be evicted: "-OOM"
//
// Above the limit with keys left to evict, commands go on: what one of them has not got done the
// next one does, or the timer.  As long as removed streams are still being freed by the helper
// (data/lazy_free.h), memory is about to fall, and nothing more is evicted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "server/data/eviction.h"
#include "server/host/memory.h"
#include "server/settings.h"

namespace weir {

class Clock;
class LatencyMonitor;
class Pause;

class MemoryLimit {
 public:
  /// All outlive it.
  MemoryLimit(const Settings& settings, Keyspace& keyspace, Clock& clock, LatencyMonitor& latency)
      : settings_(settings),
        keyspace_(keyspace),
        clock_(clock),
        latency_(latency),
        eviction_(keyspace) {}

  /// Before a command that may need memory; false: it is refused.
  bool has_room() {
    return settings_.maxmemory == 0 || guess_used_memory() <= limit() || make_room();
  }
  /// Evicts what is above the limit, for so long as it may; returns whether there is more to do.
  bool work_off();
  /// What waits for replicas that lag and for the disk: evicting for it would only add to it.
  void set_not_counted(size_t bytes) { not_counted_ = bytes; }
  size_t not_counted() const { return not_counted_; }
  /// A replica leaves it to its primary.
  void set_ignored(bool is_ignored) { is_ignored_ = is_ignored; }
  /// Nothing is evicted while it is on; null: it never is.
  void set_pause(const Pause* pause) { pause_ = pause; }

  /// Microseconds for which memory was above the limit: in all, and since it last was below.
  int64_t exceeded_us() const { return exceeded_us_ + exceeded_for_us(); }
  int64_t exceeded_for_us() const;
  void reset_exceeded() { exceeded_us_ = 0; }

  /// How keys note their use and how one is chosen, by the policy in the settings.
  static AccessNotes access_notes(const Settings& settings);
  static EvictionRules rules(const Settings& settings);

 private:
  enum class State : uint8_t { kBelow, kWorking, kFull };

  uint64_t limit() const { return settings_.maxmemory + not_counted_; }
  bool make_room() { return look() != State::kFull; }
  State look();
  State evict();
  State evict_from(int64_t began_us, const EvictionRules& rules);
  bool is_falling();
  void note(bool is_above);

  const Settings& settings_;
  Keyspace& keyspace_;
  Clock& clock_;
  LatencyMonitor& latency_;
  Eviction eviction_;
  const Pause* pause_ = nullptr;
  size_t not_counted_ = 0;
  bool is_ignored_ = false;
  int64_t asked_at_ms_ = -1;  // when the allocator was asked, monotonic
  int64_t exceeded_us_ = 0;
  int64_t above_since_us_ = -1;  // monotonic; -1: it is below
};

}  // namespace weir
