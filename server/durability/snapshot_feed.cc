#include "server/durability/snapshot_feed.h"

namespace weir {

void SnapshotFeed::give(Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
  }
  has_news_.notify_one();
}

void SnapshotFeed::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  has_news_.notify_one();
}

void SnapshotFeed::cancel() {
  {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = true;
  }
  has_news_.notify_one();
}

std::vector<SnapshotFeed::Batch> SnapshotFeed::take_back() {
  const std::lock_guard lock(mutex_);
  std::vector<Batch> batches = std::exchange(written_, {});
  if (!has_ended_) return batches;
  for (Batch& batch : batches_)
    batches.push_back(std::move(batch));
  batches_.clear();
  return batches;
}

const SnapshotFeed::Batch* SnapshotFeed::next() {
  std::unique_lock lock(mutex_);
  if (!current_.empty()) {
    written_.push_back(std::exchange(current_, {}));
    wake_();
  }
  has_news_.wait(lock, [this] { return is_closed_ || is_cancelled_ || !batches_.empty(); });
  if (is_cancelled_ || batches_.empty()) return nullptr;
  current_ = std::move(batches_.front());
  batches_.pop_front();
  return &current_;
}

void SnapshotFeed::end() {
  const std::lock_guard lock(mutex_);
  if (!current_.empty()) written_.push_back(std::exchange(current_, {}));
  has_ended_ = true;
  wake_();
}

}  // namespace weir
