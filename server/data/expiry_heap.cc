#include "server/data/expiry_heap.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace weir {

void ExpiryHeap::set(KeyEntry& entry, int64_t deadline_ms) {
  sum_ms_ += deadline_ms;
  if (entry.expiry_place == 0) {
    assert(items_.size() < std::numeric_limits<uint32_t>::max());
    items_.push_back({});
    return sift_up(items_.size() - 1, {deadline_ms, &entry});
  }
  const size_t at = entry.expiry_place - 1;
  sum_ms_ -= items_[at].deadline_ms;
  sift(at, {deadline_ms, &entry});
}

void ExpiryHeap::remove(KeyEntry& entry) {
  const size_t at = entry.expiry_place - 1;
  assert(items_[at].entry == &entry);
  sum_ms_ -= items_[at].deadline_ms;
  entry.expiry_place = 0;
  const Item last = items_.back();
  items_.pop_back();
  if (at < items_.size()) sift(at, last);
  if (items_.capacity() > kLeastItems && items_.size() < items_.capacity() / 4) {
    std::vector<Item> fewer;
    fewer.reserve(items_.capacity() / 2);
    fewer.assign(items_.begin(), items_.end());
    items_.swap(fewer);
  }
}

void ExpiryHeap::swap(ExpiryHeap& other) noexcept {
  items_.swap(other.items_);
  std::swap(sum_ms_, other.sum_ms_);
}

// --- Order ---------------------------------------------------------------------------------------

void ExpiryHeap::put(size_t at, const Item& item) {
  items_[at] = item;
  item.entry->expiry_place = static_cast<uint32_t>(at + 1);
}

void ExpiryHeap::sift_up(size_t at, const Item& item) {
  while (at > 0 && item.deadline_ms < items_[parent_of(at)].deadline_ms) {
    put(at, items_[parent_of(at)]);
    at = parent_of(at);
  }
  put(at, item);
}

void ExpiryHeap::sift_down(size_t at, const Item& item) {
  while (true) {
    const size_t first = at * kChildren + 1;
    if (first >= items_.size()) break;
    size_t least = first;
    for (size_t child = first + 1; child < std::min(first + kChildren, items_.size()); ++child) {
      if (items_[child].deadline_ms < items_[least].deadline_ms) least = child;
    }
    if (items_[least].deadline_ms >= item.deadline_ms) break;
    put(at, items_[least]);
    at = least;
  }
  put(at, item);
}

/// Puts an item at a place that is free, or where it belongs from there.
void ExpiryHeap::sift(size_t at, const Item& item) {
  const bool goes_up = at > 0 && item.deadline_ms < items_[parent_of(at)].deadline_ms;
  goes_up ? sift_up(at, item) : sift_down(at, item);
}

// --- Figures -------------------------------------------------------------------------------------

// Below an item that is not due nothing is.
size_t ExpiryHeap::count_due(int64_t now_ms, size_t most) const {
  size_t count = 0;
  std::vector<size_t> to_look_at;
  if (!items_.empty()) to_look_at.push_back(0);
  while (!to_look_at.empty() && count < most) {
    const size_t at = to_look_at.back();
    to_look_at.pop_back();
    if (items_[at].deadline_ms >= now_ms) continue;
    ++count;
    const size_t first = at * kChildren + 1;
    for (size_t child = first; child < std::min(first + kChildren, items_.size()); ++child)
      to_look_at.push_back(child);
  }
  return count;
}

int64_t ExpiryHeap::mean_ttl_ms(int64_t now_ms) const {
  if (items_.empty()) return 0;
  const Sum mean_ms = sum_ms_ / static_cast<Sum>(items_.size()) - now_ms;
  return static_cast<int64_t>(std::max<Sum>(0, mean_ms));
}

void ExpiryHeap::assert_consistent() const {
  Sum sum_ms = 0;
  for (size_t at = 0; at < items_.size(); ++at) {
    assert(items_[at].entry->expiry_place == at + 1);
    assert(at == 0 || items_[parent_of(at)].deadline_ms <= items_[at].deadline_ms);
    sum_ms += items_[at].deadline_ms;
  }
  assert(sum_ms == sum_ms_);
}

}  // namespace weir
