#include "tests/bench/pending_queue.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include <jemalloc/jemalloc.h>

#include "streams/node_memory.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 20'250'101;
constexpr uint64_t kFirstMs = 1'750'000'000'000;
constexpr uint64_t kEntriesPerMs = 100;
constexpr uint64_t kDelayMs = 5;
constexpr uint64_t kHourMs = 3'600'000;
constexpr uint64_t kLongRun = 100;
constexpr uint64_t kShortRun = 10;
constexpr uint32_t kManyConsumers = 1000;
constexpr uint64_t kAged = 10;
constexpr uint64_t kPortion = 1000;

/// Bytes in use: what the allocator handed out, without the free slots of our own slabs.
double used_bytes() {
  uint64_t epoch = 1;
  size_t allocated = 0;
  size_t length = sizeof epoch;
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);  // what it holds is not counted
  mallctl("epoch", &epoch, &length, &epoch, length);
  length = sizeof allocated;
  mallctl("stats.allocated", &allocated, &length, nullptr, 0);
  return static_cast<double>(allocated) - static_cast<double>(node_memory_reserve());
}

}  // namespace

PendingQueue::PendingQueue(Shape shape)
    : shape_(shape), run_(shape.consumers < kManyConsumers ? kLongRun : kShortRun), random_(kSeed) {
  for (uint32_t i = 0; i < shape.consumers; ++i)
    list_.add_consumer("consumer-" + std::to_string(i));
  const double before = used_bytes();
  while (entries() < shape.entries)
    deliver(next(kPortion));
  bytes_per_entry_ = (used_bytes() - before) / static_cast<double>(shape.entries);
}

Nack PendingQueue::delivered(uint64_t position) const {
  Nack nack;
  nack.id = {kFirstMs + position / kEntriesPerMs, position % kEntriesPerMs};
  nack.consumer = static_cast<ConsumerNumber>(position / run_ % shape_.consumers);
  nack.delivered_ms = nack.id.ms + kDelayMs;
  nack.deliveries = 1;
  return nack;
}

std::vector<Nack> PendingQueue::delivered_from(uint64_t position, uint64_t count) const {
  std::vector<Nack> entries(count);
  for (Nack& nack : entries)
    nack = delivered(position++);
  return entries;
}

void PendingQueue::deliver(const std::vector<Nack>& next) {
  for (size_t i = 0; i < next.size();) {
    PendingList::Edit edit(list_);
    for (const size_t run_end = i + run_; i < run_end; ++i)
      edit.put(next[i]);
  }
  end_ += next.size();
}

void PendingQueue::acknowledge(const std::vector<Nack>& front) {
  for (size_t i = 0; i < front.size();) {
    PendingList::Edit edit(list_);
    for (const size_t run_end = i + run_; i < run_end; ++i)
      edit.erase(front[i].id);
  }
  first_ += front.size();
}

std::vector<Nack> PendingQueue::random_entries(size_t count, uint64_t behind) {
  std::vector<Nack> drawn(count);
  for (Nack& nack : drawn)
    nack = delivered(first_ + draw(entries() - behind));
  return drawn;
}

std::vector<Nack> PendingQueue::distinct_entries(size_t count) {
  std::unordered_set<uint64_t> positions;
  std::vector<Nack> drawn;
  while (drawn.size() < count) {
    const uint64_t position = first_ + draw(entries());
    if (positions.insert(position).second) drawn.push_back(delivered(position));
  }
  return drawn;
}

PendingQueue::ConsumerWalk PendingQueue::random_walk(uint64_t count) {
  // The other runs of a consumer are `consumers` runs apart.
  const uint64_t runs = entries() / run_;
  const uint64_t span = (count / run_ - 1) * shape_.consumers;
  const uint64_t choices = runs > span ? runs - span : std::min<uint64_t>(runs, shape_.consumers);
  const Nack first = delivered(first_ + draw(choices) * run_);
  return {list_.consumer(first.consumer), first.id};
}

void PendingQueue::age_ten() {
  PendingList::Edit edit(list_);
  for (const Nack& nack : aged_) {
    Nack young = nack;
    young.delivered_ms = nack.id.ms + kDelayMs;
    edit.put(young);
  }
  aged_ = distinct_entries(kAged);
  for (size_t i = 0; i < kAged; ++i) {
    aged_[i].delivered_ms = kFirstMs - kHourMs + i;
    edit.put(aged_[i]);
  }
}

uint64_t PendingQueue::youngest_aged() {
  return Nack::oldest_owned(kFirstMs - kHourMs + kAged);
}

}  // namespace weir::bench
