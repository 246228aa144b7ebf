// The deadlines of the keys of one database: what goes next, in O(1).
//
//   items_   a heap of four children each: no item is due before its parent
//
//     0: 10:00 ─► entry a                 entry a                 place 1, of item 0
//     ├─ 1: 10:07 ─► entry c              entry c                 place 2
//     ├─ 2: 10:02 ─► entry b              entry b                 place 3
//     │     └─ 9: 10:04 …                 entry d, without a TTL  place 0
//     ├─ 3 …
//     └─ 4 …
//
// An entry knows its place, so that a deadline is read in O(1) and changed or taken back in
// O(log n).  Keys without a deadline are in no heap and cost nothing but the four bytes of the
// place.  Any item may be picked at random, which is what eviction of volatile keys wants.
//
// Always: an entry's place is where its item lies; a parent is not due after its children.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "server/data/key_entry.h"

namespace weir {

class ExpiryHeap {
 public:
  struct Item {
    int64_t deadline_ms;  // Unix time; the key is there until this millisecond is over
    KeyEntry* entry;
  };

  bool is_empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  /// The item that is due first; there is one.
  const Item& first() const { return items_.front(); }
  /// The deadline of an entry that has one.
  int64_t deadline_ms(const KeyEntry& entry) const {
    return items_[entry.expiry_place - 1].deadline_ms;
  }
  /// Some item, every one equally likely; there is one.  Cost: O(1).
  const Item& random(std::mt19937_64& generator) const {
    return items_[generator() % items_.size()];
  }

  /// Gives an entry a deadline, or another one.  Cost: O(log n).
  void set(KeyEntry& entry, int64_t deadline_ms);
  /// Takes the deadline of an entry back; it has one.  Cost: O(log n).
  void remove(KeyEntry& entry);
  /// An entry has moved to another address, its place with it.
  void moved(KeyEntry& entry) { items_[entry.expiry_place - 1].entry = &entry; }
  void swap(ExpiryHeap& other) noexcept;

  /// How many are due before `now_ms`, at most `most`.  Cost: O(how many).
  size_t count_due(int64_t now_ms, size_t most) const;
  /// Mean of the time until they are due, 0 without any.  Cost: O(1).
  int64_t mean_ttl_ms(int64_t now_ms) const;
  size_t memory_bytes() const { return items_.capacity() * sizeof(Item); }

  /// Stops the process if a rule of this file's header is broken.  Cost: O(n).
  void assert_consistent() const;

 private:
  // Four children: half the levels of two, and a level costs a cache miss.
  static constexpr size_t kChildren = 4;
  /// No memory is given back below it.
  static constexpr size_t kLeastItems = 1024;
  __extension__ using Sum = __int128;  // of as many deadlines as there can be, whatever they are

  static size_t parent_of(size_t at) { return (at - 1) / kChildren; }
  void put(size_t at, const Item& item);
  void sift_up(size_t at, const Item& item);
  void sift_down(size_t at, const Item& item);
  void sift(size_t at, const Item& item);

  std::vector<Item> items_;
  Sum sum_ms_ = 0;  // of all deadlines
};

}  // namespace weir
