// The PEL of a consumer group: what was delivered and not yet acknowledged.
//
//   blocks_     RadixTree<NackBlock>: runs of up to 128 NACKs in the order of their IDs; the tree
//               sums their counts and keeps, per subtree, a bound of the oldest delivery
//   consumers_  by number; each has the keys of the blocks with NACKs of its own
//   order_      which of those delivered within one millisecond came first
//
//                 ┌─ block 1-0 ───────────┐ ┌─ block 9-0 ──────┐ ┌─ block 17-3 ─────┐
//     group       │ 1-0 1-1 2-0 … 8-7     │ │ 9-0 … 17-2       │ │ 17-3 …           │
//                 └───────────────────────┘ └──────────────────┘ └──────────────────┘
//     consumer A    ▲ 64 of them                                    ▲ 3
//     consumer B    ▲ 64                      ▲ 128
//
// Consumers take and acknowledge entries in runs, so most changes meet the block of the one before:
// an Edit keeps it at hand and tells the trees the sums once, when it leaves the block.
//
// n pending entries, k looked at          walk in ID order, from an ID         O(log n + k)
// insert at the end, in a row   O(1)      the same over one consumer           O(log n + k) blocks
// find, remove by ID        O(log n)      the oldest first, none too young     O(log n + k)
// count; of a consumer          O(1)      in ID order, none too young          O(log n + k)
//                                         the same over one consumer           O(log n + k) blocks
//
// Always: no block is empty; a consumer's blocks and their weights are exactly what the blocks say,
// and their bounds are not above it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "streams/consumer.h"
#include "streams/delivery_order.h"
#include "streams/nack_block.h"
#include "streams/radix_cursor.h"
#include "streams/radix_tree.h"

namespace weir {

class PendingList {
 public:
  class Edit;

  PendingList() = default;
  PendingList(const PendingList&) = delete;
  PendingList& operator=(const PendingList&) = delete;

  uint64_t size() const { return blocks_.total_weight(); }
  /// How many are released (XNACK).
  uint64_t released_count() const { return released_; }
  std::optional<Nack> find(const StreamId& id) const;
  std::optional<StreamId> first_id() const;
  std::optional<StreamId> last_id() const;
  /// Bytes of the blocks and consumers; see Stream::memory_bytes().
  size_t memory_bytes(size_t samples = 0) const;

  const Consumer* consumer(ConsumerNumber number) const { return consumers_[number].get(); }
  Consumer* consumer(ConsumerNumber number) { return consumers_[number].get(); }
  /// Numbers in use are below it.
  size_t consumer_numbers() const { return consumers_.size(); }
  Consumer& add_consumer(std::string_view name);
  /// Drops a consumer with its NACKs and returns how many they were.
  uint64_t remove_consumer(ConsumerNumber number);

  /// Becomes a copy of another list; is new.  Cost: O(NACKs + consumers).
  void copy_from(const PendingList& other);

  /// Adds the frozen trees of the blocks and the consumers.
  void freeze(std::vector<FrozenTree>& frozen);

  /// The number for the next NACK that is released.
  uint64_t next_release() { return next_release_++; }

  /// Up to `count` NACKs with from <= ID <= to and an order key <= `youngest`, in ID order; of one
  /// consumer, or of all and none.
  struct Query {
    StreamId from = kMinStreamId;
    StreamId to = kMaxStreamId;
    uint64_t youngest = UINT64_MAX;
    uint64_t count = UINT64_MAX;
    const Consumer* consumer = nullptr;
  };
  std::vector<Nack> select(const Query& query);
  /// Calls `visit` with each of them, and returns how many there were: in portions, so that a walk
  /// over a great PEL needs little memory.  `visit` changes nothing in the list.
  template <class Visit>
  uint64_t for_each(Query query, Visit visit);

  const RadixTree<NackBlock>& blocks() const { return blocks_; }
  /// Stops the process if a rule of this file's header is broken.  Cost: O(NACKs).
  void assert_consistent() const;

 private:
  friend class OldestFirst;
  friend class PendingBuilder;

  bool select_below(RadixRef ref, const StreamId& first_key, const Query& query,
                    std::vector<Nack>& found);
  bool select_in(const NackBlock& block, const Query& query, std::vector<Nack>& found);
  bool select_in(OwnedBlock& owned, const Query& query, std::vector<Nack>& found);
  void select_owned(const Query& query, std::vector<Nack>& found) const;
  uint64_t tightened(RadixRef ref);

  RadixTree<NackBlock> blocks_;
  std::vector<Consumer::Ptr> consumers_;  // by number; null where one was removed
  size_t free_numbers_ = 0;               // how many are null
  uint64_t released_ = 0;
  uint64_t next_release_ = 1;
  DeliveryOrder order_;
};

template <class Visit>
uint64_t PendingList::for_each(Query query, Visit visit) {
  constexpr uint64_t kPortion = 256;
  const uint64_t most = query.count;
  uint64_t visited = 0;
  std::vector<Nack> portion;
  do {
    if (!portion.empty()) query.from = *successor(portion.back().id);
    query.count = std::min(kPortion, most - visited);
    portion = select(query);
    for (const Nack& nack : portion)
      visit(nack);
    visited += portion.size();
  } while (portion.size() == kPortion && portion.back().id < kMaxStreamId);
  return visited;
}

/// Changes to a PEL, one after the other.  The list's counts are true again when the Edit has
/// ended; two must not overlap, and nothing else may change the list meanwhile.
class PendingList::Edit {
 public:
  explicit Edit(PendingList& list) : list_(list) {}
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;
  ~Edit() { leave(); }

  std::optional<Nack> find(const StreamId& id);
  /// Adds a NACK, or replaces the one with its ID.
  void put(const Nack& nack) {
    // Delivering entries in a row.
    if (is_last_ && is_own_ && nack.id > last_put_) {
      if (is_like_last(nack) && block_->try_append_like_last(nack.id)) {
        last_put_ = nack.id;
        ++delta_;
        ++changes_[change_count_ - 1].delta;
        return;
      }
      if (block_->try_append(nack)) {
        end_row();
        note(nack);
        last_put_ = nack.id;
        ++delta_;
        count(nack.consumer, +1, nack.order_key());
        return begin_row(nack);
      }
    }
    put_anywhere(nack);
  }
  /// Removes a NACK; false if there is none.
  bool erase(const StreamId& id);

 private:
  /// A consumer's change of count in the present block, and the least order key of its new NACKs.
  struct Change {
    ConsumerNumber consumer;
    int32_t delta;
    uint64_t least;
  };
  static constexpr size_t kMostChanges = 16;

  /// From now on, until something else happens, NACKs of the same delivery are appended at once.
  void begin_row(const Nack& nack) {
    is_row_ = change_count_ > 0 && changes_[change_count_ - 1].consumer == nack.consumer &&
              list_.order_.is_plain_at(nack.delivered_ms);
    row_ = nack;
  }
  void end_row() {
    if (is_row_ && last_put_ > row_.id) list_.order_.note(row_.delivered_ms, last_put_);
    is_row_ = false;
  }
  void note(const Nack& nack) {
    if (!nack.is_released()) list_.order_.note(nack.delivered_ms, nack.id);
  }
  bool is_like_last(const Nack& nack) const {
    return is_row_ && nack.consumer == row_.consumer && nack.delivered_ms == row_.delivered_ms &&
           nack.deliveries == row_.deliveries;
  }
  void put_anywhere(const Nack& nack);
  bool is_found(const StreamId& id) const {
    return block_ != nullptr && found_ < block_->count() && block_->id_at(found_) == id;
  }
  void put_at(uint32_t i, const Nack& nack);
  bool is_in_block(const StreamId& id) const;
  void go_to(const StreamId& id);
  void enter(NackBlock* block, bool is_last);
  void leave();
  void tell_trees();
  void own();
  void replace(NackBlock* with);
  void count(ConsumerNumber consumer, int delta, uint64_t least = UINT64_MAX);
  void insert(const Nack& nack, uint32_t i);
  void start_block(const Nack& nack);
  void split();
  void lower_key(const StreamId& key);
  void merge_with_neighbour();
  bool merge(const NackBlock& left, const NackBlock& right);
  NackBlock* hang(const StreamId& key, const Nack* begin, const Nack* end);
  void count_all(const NackBlock& block, int sign);

  PendingList& list_;
  NackBlock* block_ = nullptr;
  bool is_last_ = false;  // the block is the last one
  bool is_own_ = false;   // it was made writable; then, if it is the last one:
  StreamId last_put_;     // its greatest ID
  bool is_row_ = false;   // its last NACK, like which others may follow, is:
  Nack row_;
  uint32_t found_ = 0;       // where in the block something was last found
  bool may_merge_ = false;   // it has become much smaller
  int32_t delta_ = 0;        // change of its count that the tree was not told
  uint64_t told_least_ = 0;  // bound that the tree knows
  Change changes_[kMostChanges];
  size_t change_count_ = 0;
};

/// Walks a PEL in the order in which entries are taken over: released ones in the order of release,
/// then owned ones in the order of delivery, up to an order key.  Changing the list ends the walk.
class OldestFirst {
 public:
  OldestFirst(PendingList& list, uint64_t youngest);
  /// The next NACK; nothing behind the last.
  std::optional<Nack> next();

  /// Whether anything from one ID to another, both included, is of interest.
  using Matters = std::function<bool(const StreamId& from, const StreamId& to)>;
  /// From here on subtrees and blocks that do not matter are passed by as a whole.
  void skip_unless(Matters matters) { matters_ = std::move(matters); }

 private:
  /// Something with NACKs of at least that order key: a subtree, a block or one NACK.
  struct Item {
    uint64_t least;
    uint64_t late;  // of one NACK: its number among those of its millisecond
    StreamId id;    // not above the least of its IDs
    StreamId last;  // not below the greatest
    RadixRef ref;
    int64_t index;  // of the NACK in the block; -1: all of it

    bool operator>(const Item& other) const {
      return std::tie(least, late, id) > std::tie(other.least, other.late, other.id);
    }
  };

  void open(RadixRef ref, const StreamId& last);

  PendingList& list_;
  uint64_t youngest_;
  Matters matters_;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> items_;
};

/// Walks a PEL in the order of IDs.  Changing the list ends the walk.
class PendingCursor {
 public:
  PendingCursor(const PendingList& list, const StreamId& from);

  bool is_valid() const { return blocks_.leaf() != nullptr; }
  Nack nack() const { return blocks_->at(index_); }
  void next();

 private:
  Cursor<NackBlock> blocks_;
  uint32_t index_ = 0;
};

}  // namespace weir
