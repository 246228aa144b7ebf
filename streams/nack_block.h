// A run of pending entries (NACKs), packed: up to 128 records in the order of their IDs.
//
//   NackBlock                     capacity
//   ┌──────────────────────────┬─────────┬────────┬────────┬──   ──┬────────┬──────────┐
//   │ key, base time, least,   │ (first) │ NACK 0 │ NACK 1 │   …   │ NACK n │   free   │
//   │ first, count, width      │  free   │        │        │       │        │          │
//   └──────────────────────────┴─────────┴────────┴────────┴──   ──┴────────┴──────────┘
//   narrow NACK, 16 bytes:  ms minus the key's 4 · seq 4 · time minus the base time 4 ·
//                           deliveries 2 · consumer 2
//   wide NACK, 40 bytes:    ms 8 · seq 8 · time 8 · deliveries 8 · consumer 4
//
// Consumers acknowledge mostly in the order of delivery, so taking the first NACK moves `first`
// and no record.  A block in which one record does not fit the narrow form is wide as a whole.
//
// A NACK is owned by a consumer, or released (XNACK): then it has no delivery time, and in the
// place of the time stands its number in the order of release.  The order key puts the released
// ones first, then the owned ones by time: the order in which a group's entries are taken over. The
// block knows a lower bound of its order keys, which is lowered at once and raised by tighten().
//
// Always: IDs ascend strictly and are not below the key; least() is not above any order key.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "streams/radix_node.h"
#include "streams/stream_id.h"

namespace weir {

/// A consumer's number inside its group.
using ConsumerNumber = uint32_t;
inline constexpr ConsumerNumber kNoConsumer = UINT32_MAX;

/// Most deliveries that are counted; an entry marked as fatal has it from the start.
inline constexpr uint64_t kMaxDeliveries = INT64_MAX;

/// One pending entry.
struct Nack {
  StreamId id;
  ConsumerNumber consumer = kNoConsumer;  // kNoConsumer: released
  uint64_t delivered_ms = 0;              // Unix ms of the last delivery; 0 when released
  uint64_t deliveries = 0;                // 0 … kMaxDeliveries
  uint64_t release = 0;  // when released: its number in the order of release, from 1

  bool is_released() const { return consumer == kNoConsumer; }
  uint64_t order_key() const { return is_released() ? release : oldest_owned(delivered_ms); }
  /// The order key of an owned NACK delivered at a time.
  static constexpr uint64_t oldest_owned(uint64_t delivered_ms) {
    return delivered_ms | uint64_t{1} << 63;
  }

  friend bool operator==(const Nack&, const Nack&) = default;
};

class NackBlock : public RadixLeaf {
 public:
  static constexpr uint32_t kMaxNacks = 128;

  /// A block of `nacks`, which are in order, at most kMaxNacks and not below `key`, with room for
  /// `capacity` at least.
  static NackBlock* create(const StreamId& key, std::span<const Nack> nacks, uint32_t capacity);
  static NackBlock* clone(const NackBlock& block);
  static void destroy(NackBlock* block);

  uint32_t count() const { return count_; }
  bool is_full() const { return count_ == kMaxNacks; }
  uint64_t least() const { return least_; }
  size_t memory_bytes() const;

  Nack at(uint32_t i) const;
  StreamId id_at(uint32_t i) const {
    assert(i < count_);
    if (is_wide_) return {wide()[i].ms, wide()[i].seq};
    return {key.ms + narrow()[i].ms, narrow()[i].seq};
  }
  ConsumerNumber consumer_at(uint32_t i) const {
    if (is_wide_) return wide()[i].consumer;
    const uint16_t consumer = narrow()[i].consumer;
    return consumer == kNarrowNoConsumer ? kNoConsumer : consumer;
  }
  StreamId last_id() const { return id_at(count_ - 1); }
  /// The index of the first NACK with an ID >= `id`, or count().  Cost: O(log count).
  uint32_t lower_bound(const StreamId& id) const;
  /// Begins to fetch what lower_bound() looks at first: one wait, not three.
  void prefetch_records() const;
  /// As lower_bound(), at once where most changes are: behind the last NACK or at the first one.
  uint32_t place_of(const StreamId& id) const {
    if (count_ == 0 || id > last_id()) return count_;
    return id <= id_at(0) ? 0 : lower_bound(id);
  }

  /// Adds a NACK whose ID is greater than all if there is room for it as the block is.
  bool try_append(const Nack& nack) {
    if (first_ + count_ >= capacity_ || !(is_wide_ || fits_narrow(nack))) return false;
    put(count_++, nack);
    return true;
  }

  /// The same for one that differs from the last NACK, which is there, in its ID alone.
  bool try_append_like_last(const StreamId& id) {
    const uint64_t ms = id.ms - key.ms;
    if (is_wide_ || first_ + count_ >= capacity_ || ms > UINT32_MAX || id.seq > UINT32_MAX)
      return false;
    assert(count_ > 0);
    Narrow* const record = narrow() + count_;
    record[0] = record[-1];
    record->ms = static_cast<uint32_t>(ms);
    record->seq = static_cast<uint32_t>(id.seq);
    ++count_;
    return true;
  }

  // These return the block, or the one that takes its place: the old one is then the caller's to
  // destroy.  The block is not full for insert.
  [[nodiscard]] NackBlock* insert(uint32_t i, const Nack& nack);
  [[nodiscard]] NackBlock* set(uint32_t i, const Nack& nack);
  /// Gives an owned NACK another owner; false if that takes the wide form: set() then.
  bool try_set_consumer(uint32_t i, ConsumerNumber consumer) {
    if (is_wide_) {
      wide()[i].consumer = consumer;
    } else if (consumer < kNarrowNoConsumer) {
      narrow()[i].consumer = static_cast<uint16_t>(consumer);
    } else {
      return false;
    }
    return true;
  }
  void erase(uint32_t i);
  /// A smaller block if that saves at least half of the records' memory.
  [[nodiscard]] NackBlock* shrunk();

  /// Makes least() exact.
  void tighten();
  /// What least() would be, exactly.
  uint64_t exact_least() const;

  bool is_consistent() const;

 private:
  // In the narrow form: no consumer, and as many deliveries as can be counted.
  static constexpr uint16_t kNarrowNoConsumer = UINT16_MAX;
  static constexpr uint16_t kNarrowMaxDeliveries = UINT16_MAX;

  struct Narrow {
    uint32_t ms;
    uint32_t seq;
    uint32_t time;
    uint16_t deliveries;
    uint16_t consumer;
  };
  struct Wide {
    uint64_t ms;
    uint64_t seq;
    uint64_t time;
    uint64_t deliveries;
    uint32_t consumer;
  };

  NackBlock() = default;

  static NackBlock* allocate(bool is_wide, uint32_t capacity);
  NackBlock* resized(uint32_t capacity) const;
  NackBlock* rebuilt(std::span<const Nack> nacks, uint32_t capacity) const;
  bool fits_narrow(const Nack& nack) const {
    const bool has_narrow_id = nack.id.ms - key.ms <= UINT32_MAX && nack.id.seq <= UINT32_MAX;
    const bool has_narrow_count =
        nack.deliveries < kNarrowMaxDeliveries || nack.deliveries == kMaxDeliveries;
    if (!has_narrow_id || !has_narrow_count) return false;
    if (nack.is_released()) return nack.release <= UINT32_MAX;
    return nack.consumer < kNarrowNoConsumer && nack.delivered_ms >= base_ms_ &&
           nack.delivered_ms - base_ms_ <= UINT32_MAX;
  }
  void put(uint32_t i, const Nack& nack) {
    least_ = std::min(least_, nack.order_key());
    const uint64_t time = nack.is_released() ? nack.release : nack.delivered_ms;
    if (is_wide_) {
      wide()[i] = {nack.id.ms, nack.id.seq, time, nack.deliveries, nack.consumer};
      return;
    }
    Narrow& record = narrow()[i];
    record.ms = static_cast<uint32_t>(nack.id.ms - key.ms);
    record.seq = static_cast<uint32_t>(nack.id.seq);
    record.time = static_cast<uint32_t>(nack.is_released() ? time : time - base_ms_);
    record.deliveries = nack.deliveries == kMaxDeliveries ? kNarrowMaxDeliveries
                                                          : static_cast<uint16_t>(nack.deliveries);
    record.consumer = nack.is_released() ? kNarrowNoConsumer : static_cast<uint16_t>(nack.consumer);
  }
  uint32_t make_gap(uint32_t i);
  Narrow* narrow() { return reinterpret_cast<Narrow*>(this + 1) + first_; }
  const Narrow* narrow() const { return reinterpret_cast<const Narrow*>(this + 1) + first_; }
  Wide* wide() { return reinterpret_cast<Wide*>(this + 1) + first_; }
  const Wide* wide() const { return reinterpret_cast<const Wide*>(this + 1) + first_; }
  size_t record_bytes() const { return is_wide_ ? sizeof(Wide) : sizeof(Narrow); }
  const char* record(uint32_t i) const {
    return reinterpret_cast<const char*>(this + 1) + (first_ + i) * record_bytes();
  }
  char* record(uint32_t i) {
    return reinterpret_cast<char*>(this + 1) + (first_ + i) * record_bytes();
  }

  // The first five fill the spare bytes of RadixLeaf.
  uint8_t slot_ : 7 = 0;  // of the allocator
  uint8_t is_wide_ : 1 = 0;
  uint8_t first_ = 0;  // records in front that are free
  uint8_t count_ = 0;
  uint8_t capacity_ = 0;
  uint64_t base_ms_ = 0;  // what narrow times count from
  uint64_t least_ = UINT64_MAX;
};
static_assert(sizeof(NackBlock) == 48);

}  // namespace weir
