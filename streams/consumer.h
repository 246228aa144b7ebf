// One consumer of a group: its name, when it was last here, and where its pending entries are.
//
// The group's PEL (pending_list.h) has the NACKs.  A consumer only has the keys of the blocks in
// which some are its own, each with their number and a bound of their oldest delivery, in a radix
// tree: what it owns is counted in O(1) and walked without looking at blocks that hold nothing of
// it, or nothing old enough.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "streams/nack_block.h"
#include "streams/radix_tree.h"

namespace weir {

/// "The block with this key has `weight` NACKs of mine, none delivered before then."
struct OwnedBlock : RadixLeaf {
  /// Not above the order key of any of them.
  uint64_t least() const { return Nack::oldest_owned(uint64_t{least_high} << 32 | least_low); }
  void set_least(uint64_t order_key) {
    const uint64_t is_owned = order_key >> 63;  // the key of a released one is below all
    const uint64_t ms = is_owned * std::min(order_key - (is_owned << 63), kGreatestMs);
    least_high = static_cast<uint16_t>(ms >> 32);
    least_low = static_cast<uint32_t>(ms);
  }

  static constexpr uint64_t kGreatestMs = (uint64_t{1} << 48) - 1;
  // They fill the spare bytes of RadixLeaf.
  uint16_t least_high = 0;
  uint32_t least_low = 0;

  static OwnedBlock* clone(const OwnedBlock& leaf) { return new OwnedBlock(leaf); }
  static void destroy(OwnedBlock* leaf) { delete leaf; }
};
static_assert(sizeof(OwnedBlock) == sizeof(RadixLeaf));

class Consumer {
 public:
  struct Destroy {
    void operator()(Consumer* consumer) const;
  };
  using Ptr = std::unique_ptr<Consumer, Destroy>;

  static Ptr create(std::string_view name, ConsumerNumber number);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_bytes_}; }
  ConsumerNumber number() const { return number_; }
  uint64_t pending_count() const { return blocks_.total_weight(); }
  const RadixTree<OwnedBlock>& blocks() const { return blocks_; }

  int64_t seen_ms = 0;     // Unix ms of its last command
  int64_t active_ms = -1;  // Unix ms of the last one that gave it an entry; -1: none yet

 private:
  friend class PendingList;
  friend class PendingBuilder;

  Consumer(std::string_view name, ConsumerNumber number)
      : number_(number), name_bytes_(static_cast<uint32_t>(name.size())) {}
  ~Consumer() = default;

  /// Adds to the number of NACKs in a block, of which new ones have no order key below `least`; a
  /// block with none is forgotten.
  void count_in_block(const StreamId& key, int64_t delta, uint64_t least);

  /// The same for a block in which there were none.
  void add_block(const StreamId& key, uint32_t count, uint64_t least);

  RadixTree<OwnedBlock> blocks_;
  ConsumerNumber number_;
  uint32_t name_bytes_;  // the name lies behind
};

}  // namespace weir
