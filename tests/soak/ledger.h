// What producers were promised, and what consumers were given.
//
// Each entry of a queue carries a number of its own, which its producer took before it wrote it;
// a consumer says which it was given.  Every number must have been given to somebody in the end:
// that is what a queue is for.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace weir::soak {

class Ledger {
 public:
  /// Numbers for `count` entries; the first of them.
  uint64_t take(uint64_t count) {
    const std::lock_guard lock(mutex_);
    const uint64_t first = delivered_.size();
    delivered_.resize(first + count);
    return first;
  }

  void deliver(uint64_t number) {
    const std::lock_guard lock(mutex_);
    if (delivered_.at(number)) {
      ++again_;
    } else {
      delivered_[number] = true;
      ++once_;
    }
  }

  /// Entries that were added and that nobody has been given yet.
  uint64_t behind() const {
    const std::lock_guard lock(mutex_);
    return delivered_.size() - once_;
  }
  uint64_t added() const {
    const std::lock_guard lock(mutex_);
    return delivered_.size();
  }
  /// Deliveries of entries that somebody had been given before.
  uint64_t again() const {
    const std::lock_guard lock(mutex_);
    return again_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<bool> delivered_;  // by number
  uint64_t once_ = 0;
  uint64_t again_ = 0;
};

}  // namespace weir::soak
