// A hash table of objects that it does not own, which grows and shrinks by one bucket at a time.
//
//   buckets   [0] ─► a ─► d     [1]     [2] ─► b     [3] ─► c
//
// There are as many buckets as objects.  An object's bucket is the low bits of its hash, as many
// as it takes to count the buckets; where that names one that does not exist yet, one bit fewer.
// So a new bucket takes its objects from one other, and no request pays for moving all of them.
//
// An object has the members `uint32_t hash` and `T* next_in_bucket`.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir {

template <class T>
class LinearHash {
 public:
  size_t size() const { return buckets_.size(); }
  size_t memory_bytes() const { return buckets_.capacity() * sizeof(T*); }

  /// The object with this hash for which `matches(const T&)` holds; null if there is none.
  template <class Matches>
  T* find(uint32_t hash, Matches matches) const {
    if (buckets_.empty()) return nullptr;
    T* at = buckets_[bucket_of(hash)];
    while (at != nullptr && !(at->hash == hash && matches(*at)))
      at = at->next_in_bucket;
    return at;
  }

  void insert(T& object) {
    add_bucket();
    push(object);
  }

  /// Takes out an object that is in the table.
  void erase(T& object) {
    T** link = &buckets_[bucket_of(object.hash)];
    while (*link != &object)
      link = &(*link)->next_in_bucket;
    *link = object.next_in_bucket;
    remove_bucket();
  }

  void clear() { std::vector<T*>().swap(buckets_); }

 private:
  size_t bucket_of(uint32_t hash) const {
    const size_t mask = std::bit_ceil(buckets_.size()) - 1;
    const size_t bucket = hash & mask;
    return bucket < buckets_.size() ? bucket : bucket & (mask >> 1);
  }

  void push(T& object) {
    T*& bucket = buckets_[bucket_of(object.hash)];
    object.next_in_bucket = bucket;
    bucket = &object;
  }

  void push_all(T* chain) {
    while (chain != nullptr)
      push(*std::exchange(chain, chain->next_in_bucket));
  }

  void add_bucket() {
    const size_t added = buckets_.size();
    buckets_.push_back(nullptr);
    if (added > 0) push_all(std::exchange(buckets_[added ^ std::bit_floor(added)], nullptr));
  }

  void remove_bucket() {
    T* const chain = buckets_.back();
    buckets_.pop_back();
    push_all(chain);
    // Gives memory back when three quarters are unused, so that a peak is not paid for ever.
    if (buckets_.size() < buckets_.capacity() / 4) buckets_.shrink_to_fit();
  }

  std::vector<T*> buckets_;
};

}  // namespace weir
