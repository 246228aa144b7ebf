// Fills a PEL that was written to a file: all pending entries of the group in the order of their
// IDs, then those of each consumer, by ID alone.
//
//   1. add()      the group's, in order            ─► full blocks, without owners
//   2. own()      a consumer's IDs, mostly in      ─► a place in a block, found from the last one
//                 order; end_consumer()               on; told to the consumer once for each block
//   3. release()  those that nobody owns, in the order of release
//
// So nothing is searched from the root, and an entry needs one bit beyond the block it is in.
//
// What comes is not trusted: each step says what is wrong with it.  After a wrong one the list is
// only good for being destroyed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "streams/pending_list.h"

namespace weir {

class PendingBuilder {
 public:
  /// The list is empty, and nothing else changes it meanwhile.
  explicit PendingBuilder(PendingList& list) : list_(list) {}

  /// False if the ID is not above the one before.  delivered_ms, deliveries: see Nack.
  bool add(const StreamId& id, uint64_t delivered_ms, uint64_t deliveries) {
    if (added_ > 0 && id <= last_id_) return false;
    last_id_ = id;
    ++added_;
    staged_[staged_count_++] = {
        .id = id, .consumer = 0, .delivered_ms = delivered_ms, .deliveries = deliveries};
    if (staged_count_ == NackBlock::kMaxNacks) hang_up();
    return true;
  }
  /// Ends the first step.
  void end_adding() {
    if (staged_count_ > 0) hang_up();
  }

  enum class Verdict : uint8_t { kDone, kUnknown, kTaken };
  /// A consumer of the list gets a NACK that nobody has yet.
  Verdict own(Consumer& consumer, const StreamId& id);
  /// No more for this consumer.
  void end_consumer(Consumer& consumer);
  /// A NACK that nobody has yet is the next of those that were released.
  Verdict release(const StreamId& id);

  /// How many nobody has yet.
  uint64_t unowned() const { return added_ - taken_; }

 private:
  struct Slot {
    StreamId key;
    NackBlock* block = nullptr;
    std::array<uint64_t, NackBlock::kMaxNacks / 64> taken = {};
  };

  void hang_up();
  Verdict take(const StreamId& id);
  bool seek(const StreamId& id);
  size_t slot_for(const StreamId& id) const;
  void replace(Slot& slot, const Nack& nack);
  void tell(Consumer& consumer, size_t slot);

  PendingList& list_;
  std::array<Nack, NackBlock::kMaxNacks> staged_;
  uint32_t staged_count_ = 0;
  StreamId last_id_;
  uint64_t added_ = 0;
  uint64_t taken_ = 0;
  std::vector<Slot> slots_;
  // Where the last one was found, and how many in a row the present consumer has there.
  size_t slot_ = 0;
  uint32_t index_ = 0;
  uint32_t run_ = 0;
  std::optional<size_t> told_;  // the last slot of which the present consumer was told
};

}  // namespace weir
