#include "server/data/lazy_free.h"

#include <utility>

#include "persistence/helper_thread.h"

namespace weir {
namespace {

bool is_soon_freed(const KeyTable& table) {
  size_t cost = table.size();
  if (cost >= LazyFree::kLeastCost) return false;
  table.for_each([&](const KeyEntry& entry) {
    if (cost < LazyFree::kLeastCost) cost += entry.stream.freeing_cost(LazyFree::kLeastCost);
  });
  return cost < LazyFree::kLeastCost;
}

}  // namespace

LazyFree::~LazyFree() {
  if (!helper_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  helper_.join();
}

void LazyFree::take(KeyEntry::Ptr entry) {
  if (entry->stream.freeing_cost(kLeastCost) >= kLeastCost) push({std::move(entry)});
}

void LazyFree::take(KeyTable table) {
  const size_t keys = table.size();
  if (!is_soon_freed(table)) push({std::move(table), keys});
}

void LazyFree::take(std::unique_ptr<ConsumerGroup> group) {
  if (group->freeing_cost(kLeastCost) >= kLeastCost) push({std::move(group)});
}

void LazyFree::take(RadixCuttings<StreamNode> nodes) {
  if (nodes.size() >= kLeastCost) push({std::move(nodes)});
}

void LazyFree::take(RadixRetired retired) {
  if (!retired.is_less_than(kLeastCost)) push({std::move(retired)});
}

void LazyFree::take(std::shared_ptr<const void> last) {
  push({std::move(last), 0});
}

void LazyFree::push(Job job) {
  pending_.fetch_add(job.objects, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  if (!helper_.joinable()) return start();
  has_work_.notify_one();
}

void LazyFree::start() {
  if (auto helper = start_helper(Niceness::kSome, [this] { run(); })) {
    helper_ = std::move(*helper);
    return;
  }
  std::deque<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(queue_);
  }
  for (Job& job : jobs) {
    job.item = KeyEntry::Ptr();
    count_freed(job.objects);
  }
}

void LazyFree::give_back(RemoteNodeFrees& frees) const {
  frees.hand_over();
  if (on_idle != nullptr) on_idle();
}

void LazyFree::count_freed(size_t objects) {
  freed_.fetch_add(objects, std::memory_order_relaxed);
  pending_.fetch_sub(objects, std::memory_order_relaxed);
}

void LazyFree::run() {
  RemoteNodeFrees frees;
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const size_t objects = job.objects;
    job.item = KeyEntry::Ptr();
    lock.lock();
    const bool is_idle = queue_.empty();
    lock.unlock();
    // First, so that nobody who sees nothing pending still finds the memory taken.
    if (is_idle) give_back(frees);
    count_freed(objects);
    lock.lock();
  }
}

}  // namespace weir
