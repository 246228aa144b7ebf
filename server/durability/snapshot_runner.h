// The one background snapshot that may run, whoever wants it: BGSAVE, the base of a log, a replica.
//
//   nobody ── begin(purpose, write, on_end) ──► runs, a little in each turn ──► on_end(result)
#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "server/durability/background_snapshot.h"
#include "server/net/event_loop.h"
#include "server/net/wakeup.h"

namespace weir {

enum class SnapshotPurpose : uint8_t { kSave, kLogBase, kReplica };

class SnapshotRunner {
 public:
  /// is_cancelled: nobody wanted the result any more.
  using OnEnd = std::function<void(const IoResult<void>& result, bool is_cancelled)>;
  /// What a turn spends on a snapshot, in microseconds.
  static constexpr int64_t kTurnUs = 200;

  SnapshotRunner(Keyspace& keyspace, EventLoop& loop) : keyspace_(keyspace), wakeup_(loop) {}

  bool is_running() const { return running_ != nullptr; }
  bool is_running(SnapshotPurpose purpose) const { return is_running() && purpose_ == purpose; }
  /// The one that runs is not wanted any more.
  bool is_cancelled() const { return is_running() && running_->is_cancelled(); }
  /// The one that runs, or null.
  const BackgroundSnapshot* running() const { return running_.get(); }

  /// Of this moment; none runs.
  void begin(SnapshotPurpose purpose, BackgroundSnapshot::Write write, OnEnd on_end) {
    assert(!is_running());
    purpose_ = purpose;
    on_end_ = std::move(on_end);
    running_ = std::make_unique<BackgroundSnapshot>(keyspace_, std::move(write),
                                                    [this] { wakeup_.signal(); });
    wakeup_.signal();  // a turn comes, even if nobody asks for one
  }
  void cancel() {
    if (is_running()) running_->cancel();
  }
  /// Cancels, and waits until it is over.
  void stop() {
    if (!is_running()) return;
    running_->stop();
    finish();
  }

  /// At the end of a turn; returns whether another one is wanted at once.
  bool end_turn() {
    if (running_ == nullptr) [[likely]]
      return false;
    const bool has_more = running_->step(kTurnUs);
    if (running_->is_over()) finish();
    return has_more;
  }

 private:
  void finish() {
    const std::unique_ptr<BackgroundSnapshot> over = std::move(running_);
    const OnEnd on_end = std::exchange(on_end_, nullptr);
    on_end(over->result(), over->is_cancelled());
  }

  Keyspace& keyspace_;
  Wakeup wakeup_;
  SnapshotPurpose purpose_ = SnapshotPurpose::kSave;
  OnEnd on_end_;
  std::unique_ptr<BackgroundSnapshot> running_;
};

}  // namespace weir
