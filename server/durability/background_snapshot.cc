#include "server/durability/background_snapshot.h"

#include <utility>

#include "persistence/helper_thread.h"
#include "server/clock.h"

namespace weir {
namespace {

/// Keys that are handed over together.
constexpr size_t kKeysPerBatch = 64;
/// Keys between two looks at the clock.
constexpr size_t kKeysPerLook = 8;

}  // namespace

BackgroundSnapshot::BackgroundSnapshot(Keyspace& keyspace, Write write, std::function<void()> wake)
    : snapshot_(keyspace), feed_(std::move(wake)) {
  // What takes longer keeps more of what is changed meanwhile: it does not step back.
  auto helper = start_helper(Niceness::kNone, [this, write = std::move(write)] { run(write); });
  if (helper) {
    helper_ = std::move(*helper);
  } else {
    result_ = tl::unexpected(std::move(helper).error());
    feed_.end();
  }
}

BackgroundSnapshot::~BackgroundSnapshot() {
  stop();
}

void BackgroundSnapshot::stop() {
  cancel();
  if (helper_.joinable()) helper_.join();
  give_back(feed_.take_back());
  is_over_ = true;
}

void BackgroundSnapshot::run(const Write& write) {
  result_ = write(snapshot_.counts(), feed_);
  feed_.end();
}

void BackgroundSnapshot::give_back(std::vector<SnapshotFeed::Batch> batches) {
  for (SnapshotFeed::Batch& batch : batches) {
    keys_done_ += batch.size();
    for (SnapshotKey& key : batch)
      snapshot_.give_back(std::move(key));
  }
}

bool BackgroundSnapshot::step(int64_t budget_us) {
  if (is_over_) return false;
  const bool has_ended = feed_.has_ended();
  if (has_ended && !snapshot_.is_abandoned()) snapshot_.abandon();
  give_back(feed_.take_back());
  const int64_t until_us = Clock::monotonic_us() + budget_us;
  while (!snapshot_.is_done() && !feed_.is_full() && Clock::monotonic_us() < until_us) {
    SnapshotFeed::Batch batch;
    while (batch.size() < kKeysPerBatch && !snapshot_.is_done() && Clock::monotonic_us() < until_us)
      snapshot_.take(batch, kKeysPerLook);
    if (!batch.empty()) feed_.give(std::move(batch));
  }
  if (snapshot_.is_done() && !std::exchange(is_closed_, true)) feed_.close();
  if (snapshot_.is_done() && has_ended) {
    if (helper_.joinable()) helper_.join();
    is_over_ = true;
  }
  return !snapshot_.is_done() && !feed_.is_full();
}

void BackgroundSnapshot::cancel() {
  if (is_over_) return;
  is_cancelled_ = true;
  feed_.cancel();
  snapshot_.abandon();
}

}  // namespace weir
