// One consumer of a group: its name, when it was last here, and where its pending entries are.
//
// The group's PEL (pending_list.h) has the NACKs.  A consumer only has the keys of the blocks in
// which some are its own, each with their number and a bound of their oldest delivery, in a radix
// tree: what it owns is counted in O(1) and walked without looking at blocks that hold nothing of
// it, or nothing old enough.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// Unix time in ms in six bytes, which lasts until the year 6429.
class ShortTime {
 public:
  /// Stands for a time that does not fit, as it does not itself.
  static constexpr int64_t kElsewhere = -(int64_t{1} << 47);

  explicit ShortTime(int64_t ms) { set(ms); }
  static bool fits(int64_t ms) { return ms > kElsewhere && ms < -kElsewhere; }
  int64_t ms() const {
    uint32_t low = 0;
    int16_t high = 0;
    std::memcpy(&low, bytes_, sizeof low);
    std::memcpy(&high, bytes_ + sizeof low, sizeof high);
    return int64_t{high} * (int64_t{1} << 32) + low;
  }
  void set(int64_t ms) {
    const auto low = static_cast<uint32_t>(ms);
    const auto high = static_cast<int16_t>(ms >> 32);
    std::memcpy(bytes_, &low, sizeof low);
    std::memcpy(bytes_ + sizeof low, &high, sizeof high);
  }
  bool is_elsewhere() const { return ms() == kElsewhere; }

 private:
  char bytes_[6];  // no alignment: nothing is lost around it
};

/// In memory: a group may have very many consumers that own nothing, with short names, so what most
/// of them do not need is not in them.
///
///   Consumer, 25 bytes                                         Holdings, when first needed
///   ┌────────────┬──────────┬────────┬──────────┬──────────┬── ──┐    ┌───────────┐
///   │ holdings 8 │ number 4 │ seen 6 │ active 6 │ length 1 │ name │    │ blocks 16 │
///   └─────┬──────┴──────────┴────────┴──────────┴──────────┴── ──┘    ├ ─ ─ ─ ─ ─ ┤
///         └──────────────────────────────────────────────────────────►│ times 16  │
///                                                                     └ ─ ─ ─ ─ ─ ┘
///
/// Times that six bytes do not hold (a file may have any) are behind the blocks.  A name of
/// kLongName bytes or more has its length in front of it.
class Consumer {
 public:
  struct Destroy {
    void operator()(Consumer* consumer) const;
  };
  using Ptr = std::unique_ptr<Consumer, Destroy>;

  static Ptr create(std::string_view name, ConsumerNumber number);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  std::string_view name() const {
    return name_bytes_ < kLongName ? std::string_view(name_, name_bytes_) : long_name();
  }
  ConsumerNumber number() const { return number_; }
  uint64_t pending_count() const { return blocks().total_weight(); }
  const RadixTree<OwnedBlock>& blocks() const { return holdings_->blocks; }

  /// Unix ms of its last command.
  int64_t seen_ms() const { return seen_.is_elsewhere() ? far_times().seen_ms : seen_.ms(); }
  /// Unix ms of the last one that gave it an entry; -1: none yet.
  int64_t active_ms() const {
    return active_.is_elsewhere() ? far_times().active_ms : active_.ms();
  }
  void set_seen_ms(int64_t ms) {
    ShortTime::fits(ms) ? seen_.set(ms) : set_far_times({ms, active_ms()});
  }
  void set_active_ms(int64_t ms) {
    ShortTime::fits(ms) ? active_.set(ms) : set_far_times({seen_ms(), ms});
  }

  /// How many allocations freeing it gives back, about.
  size_t freeing_cost() const { return 1 + size_t{has_holdings()} + blocks().leaf_count(); }
  /// What one with a name of so many bytes takes, without Holdings.
  static constexpr size_t bytes_for(size_t name_bytes);

 private:
  friend class PendingList;
  friend class PendingBuilder;

  static constexpr uint8_t kLongName = UINT8_MAX;

  struct Holdings {
    RadixTree<OwnedBlock> blocks;
  };
  struct FarTimes {
    int64_t seen_ms;
    int64_t active_ms;
  };
  struct FarHoldings : Holdings {
    FarTimes times;
  };

  Consumer(std::string_view name, ConsumerNumber number);
  ~Consumer();

  std::string_view long_name() const;
  bool has_holdings() const { return holdings_ != &no_holdings; }
  /// The tree for changing it: its own.
  RadixTree<OwnedBlock>& own_blocks();
  const FarTimes& far_times() const { return static_cast<const FarHoldings*>(holdings_)->times; }
  void set_far_times(const FarTimes& times);
  void give_up_holdings();

  /// Adds to the number of NACKs in a block, of which new ones have no order key below `least`; a
  /// block with none is forgotten.
  void count_in_block(const StreamId& key, int64_t delta, uint64_t least);

  /// The same for a block in which there were none.
  void add_block(const StreamId& key, uint32_t count, uint64_t least);

  /// What all have that never needed any.  It stays empty.
  static Holdings no_holdings;

  Holdings* holdings_ = &no_holdings;  // its own if another; plain, since offsetof needs that
  ConsumerNumber number_;
  ShortTime seen_ = ShortTime(0);
  ShortTime active_ = ShortTime(-1);
  uint8_t name_bytes_;  // kLongName: more than fits
  char name_[];         // and on behind the object
};

constexpr size_t Consumer::bytes_for(size_t name_bytes) {
  const size_t length_bytes = name_bytes < kLongName ? 0 : sizeof(size_t);
  return std::max(sizeof(Consumer), offsetof(Consumer, name_) + length_bytes + name_bytes);
}
// jemalloc hands out 32 and 48 bytes.
static_assert(Consumer::bytes_for(7) == 32 && Consumer::bytes_for(23) == 48);

}  // namespace weir
