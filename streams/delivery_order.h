// The order of pending entries that were delivered within one millisecond: as they were delivered.
//
// Mostly that is the order of their IDs, and nothing is kept.  An entry that gets a time after one
// with a greater ID, or a time before the latest, is late: it comes behind all that had that time
// before, and has a number for it.
//
//   latest 12:00:00.001, greatest 7-0            7-0 5-0 6-0 were delivered at that time:
//   late   5-0 ► (12:00:00.001, 1)               7-0 first, for the others have numbers
//          6-0 ► (12:00:00.001, 2)
//
// A late entry that got another time since, or is gone, is not looked for: its time says so.  They
// lie in a table of slots by their hash, next to each other where slots are taken; when the
// greatest one fills, the older half of them is forgotten and counts as delivered first, as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "streams/stream_id.h"

namespace weir {

class DeliveryOrder {
 public:
  /// Late entries that are remembered at least; the older ones lie in the order of IDs.
  static constexpr size_t kMostLate = 512;

  DeliveryOrder() = default;
  DeliveryOrder(const DeliveryOrder& other) { *this = other; }
  DeliveryOrder(DeliveryOrder&&) = default;
  DeliveryOrder& operator=(const DeliveryOrder& other);
  DeliveryOrder& operator=(DeliveryOrder&&) = default;
  ~DeliveryOrder() = default;

  /// The entry gets that time.
  void note(uint64_t ms, const StreamId& id) {
    if (ms > latest_ms_) {
      latest_ms_ = ms;
      greatest_ = id;
      is_plain_ = true;
    } else if (ms == latest_ms_ && is_plain_ && id > greatest_) {
      greatest_ = id;
    } else {
      note_late(ms, id);
    }
  }
  /// Whether what gets that time in the order of IDs need not be noted one by one, but for the
  /// last.
  bool is_plain_at(uint64_t ms) const { return is_plain_ && ms == latest_ms_; }

  /// 0 for an entry that is not late at its time.
  uint64_t number(uint64_t ms, const StreamId& id) const {
    return late_ == nullptr || ms < late_->least_ms ? 0 : late_number(ms, id);
  }
  /// Nothing is pending any more.
  void clear() { *this = DeliveryOrder(); }
  size_t memory_bytes() const;

 private:
  struct Place {
    StreamId id;
    uint64_t ms = 0;
    uint64_t number = 0;  // 0: free
  };
  struct Late {
    std::vector<Place> slots;  // a power of two of them, some free
    size_t taken = 0;
    uint64_t least_ms = UINT64_MAX;  // of those that there were
    uint64_t last_number = 0;
  };
  static constexpr size_t kFewestSlots = 16;
  static constexpr size_t kMostSlots = 2 * kMostLate;

  static Place& slot_of(std::vector<Place>& slots, const StreamId& id);
  void make_room();
  void note_late(uint64_t ms, const StreamId& id);
  uint64_t late_number(uint64_t ms, const StreamId& id) const;

  uint64_t latest_ms_ = 0;
  StreamId greatest_;     // of those that got the latest time
  bool is_plain_ = true;  // nothing is late at the latest time
  std::unique_ptr<Late> late_;
};

}  // namespace weir
