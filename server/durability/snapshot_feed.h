// What the main thread and the thread that writes a snapshot hand each other.
//
//   main:    give(keys) ──► ┌ batches ┐ ──► next()   writer
//   main:    take_back() ◄─ └─────────┘ ◄── done with a batch
//
// The main thread gives no more when kMostBatches wait: the streams of these are frozen, so what
// changes in them is copied.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "server/data/keyspace_snapshot.h"

namespace weir {

class SnapshotFeed {
 public:
  using Batch = std::vector<SnapshotKey>;
  /// So many batches may wait for the writer.
  static constexpr size_t kMostBatches = 4;

  /// wake: called by the writer when there is something for the main thread.
  explicit SnapshotFeed(std::function<void()> wake) : wake_(std::move(wake)) {}

  // --- Main thread
  bool is_full() const {
    const std::lock_guard lock(mutex_);
    return batches_.size() >= kMostBatches;
  }
  void give(Batch batch);
  /// There is no more.
  void close();
  /// Nobody wants the rest: next() says that there is no more.
  void cancel();
  bool is_cancelled() const {
    const std::lock_guard lock(mutex_);
    return is_cancelled_;
  }
  /// The batches that the writer is done with; after it has ended, all there are.
  std::vector<Batch> take_back();
  bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return has_ended_;
  }

  // --- Writer
  /// The next batch, which is valid until the next call; null at the end.  Waits for it.
  const Batch* next();
  /// The writer has ended and looks at nothing any more.
  void end();

 private:
  std::function<void()> wake_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable has_news_;
  std::deque<Batch> batches_;
  std::vector<Batch> written_;
  Batch current_;  // the writer's
  bool is_closed_ = false;
  bool is_cancelled_ = false;
  bool has_ended_ = false;
};

}  // namespace weir
