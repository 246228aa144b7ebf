// A stream: entries in ascending order of their IDs, and the counters that outlive them.
//
//   Stream ─ length · last ID · entries added                       (one cache line in all)
//     ├─ tree_:  RadixTree<StreamNode>    ID of a node's first entry ─► the node
//     ├─ tail_:  the tree's rightmost node, so that appending descends nothing
//     └─ extra_: what most streams never need: the greatest deleted ID, groups, remembered messages
//
// The tree knows the number of live entries under each of its inner nodes, except those of the
// tail, whose count changes with every append: they are added when the tail is sealed, that is
// when the next node begins.  So the n-th entry costs O(log n).
//
// Always: no node is without live entries; length = the tree's weight + the tail's live entries;
// the last ID is not below any entry's.
//
// A Stream knows no clock, configuration or reply: time and limits are arguments.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "streams/consumer_group.h"
#include "streams/idempotence.h"
#include "streams/prefetch.h"
#include "streams/radix_tree.h"
#include "streams/stream_id.h"
#include "streams/stream_node.h"

namespace weir {

/// When a node is full.  0 means no bound (for bytes: kMaxNodeBytes).
struct NodeLimits {
  uint64_t max_bytes = 4096;
  uint64_t max_entries = 100;
};

/// No node is grown beyond it, whatever the configuration says, in bytes.
inline constexpr uint64_t kMaxNodeBytes = 1ULL << 30;
/// Most bytes of all fields and values of one entry.
inline constexpr uint64_t kMaxEntryBytes = 1ULL << 30;
/// Most fields and values of one entry, together.  Each takes two bytes of a node beside its own,
/// long ones up to ten: with so many, a node, room to grow included, stays below the 4 GiB that a
/// listpack can be.
inline constexpr uint64_t kMaxEntryTexts = 1ULL << 28;

/// Whether an entry of so many fields and values with so many bytes can be stored.
constexpr bool is_storable(uint64_t texts, uint64_t bytes) {
  return texts <= kMaxEntryTexts && bytes <= kMaxEntryBytes;
}

/// What becomes of an entry that consumer groups still refer to when it is to be removed.
enum class References : uint8_t {
  kKeep,    // it goes, and its pending entries stay
  kDelete,  // it goes with its pending entries
  kAcked,   // it stays as long as a group has not read or not acknowledged it
};

/// What to trim, from the oldest entry on.
struct Trim {
  enum class Strategy : uint8_t { kMaxLength, kMinId };
  Strategy strategy = Strategy::kMaxLength;
  bool approximate = false;  // "~": only whole nodes
  uint64_t max_length = 0;
  StreamId min_id;
  uint64_t limit = 0;  // with "~": remove at most this many entries; 0: no bound
  // Other than kKeep: entry by entry, whatever `approximate` says.
  References references = References::kKeep;
};

/// What trimming did.
struct Trimmed {
  uint64_t entries = 0;  // how many went
  // With kAcked, where it stopped: nothing with this ID or above went, and below it only what
  // groups refer to has stayed.  None: that is so of all IDs.
  std::optional<StreamId> below = kMinStreamId;
};

class Stream {
 public:
  Stream() = default;

  /// A stream of its own with the same entries, counters, groups and messages.  The latter expire
  /// only if somebody sees to it (Idempotence::expire).  Cost: O(all of it).
  Stream copy() const;

  uint64_t length() const { return length_; }
  const StreamId& last_id() const { return last_id_; }
  uint64_t entries_added() const { return entries_added_; }
  StreamId max_deleted_id() const { return extra_ ? extra_->max_deleted_id : StreamId{}; }
  /// ID of the first live entry, 0-0 without one.
  StreamId first_id() const;
  /// ID of the last live entry, 0-0 without one.
  StreamId top_id() const;
  /// Whether some live entry has an ID > `id`.  Cost: O(1), and less when it is clear from the
  /// nodes.
  bool has_entries_after(const StreamId& id) const {
    return length_ > 0 && (id < tail_->key || (id < last_id_ && id < tail_->last_live().id));
  }
  uint64_t node_count() const { return tree_.leaf_count(); }
  /// How many allocations freeing the stream gives back, about, counted up to `most`; 0 while a
  /// frozen view keeps them.  Cost: O(groups and consumers), up to `most`.
  size_t freeing_cost(size_t most) const;
  /// Bytes of all that the stream has on the heap.  samples: of how many nodes, and blocks of each
  /// PEL, all are judged by; 0: look at each.  Cost: O(those, inner nodes and consumers).
  size_t memory_bytes(size_t samples = 0) const;

  /// Adds its trees, all frozen: what a FrozenStream keeps.
  void freeze(std::vector<FrozenTree>& frozen);

  /// The ID that an entry added now gets: `now_ms`-0, or the successor of the last ID when that is
  /// not greater.  Nothing when the IDs are exhausted.
  std::optional<StreamId> next_id(uint64_t now_ms) const;

  /// Begins to fetch what append() will need first.
  void prefetch_tail() const {
    if (tail_ != nullptr) prefetch<2>(tail_);
  }
  /// The same for where it will write; looks at what prefetch_tail() has fetched.
  void prefetch_end() const {
    if (tail_ != nullptr) prefetch<2>(tail_->end());
  }

  /// The node in which reading from an ID on most likely begins, itself not looked at; null if that
  /// is the last one, which is rarely far.
  const StreamNode* likely_node(const StreamId& id) const {
    return tail_ == nullptr || id >= tail_->key ? nullptr : tree_.likely_floor(id);
  }

  /// Appends an entry.  `id` is greater than last_id(); the fields are storable.
  /// Cost: O(bytes of the entry), amortised.
  void append(const StreamId& id, FieldValues fields, const NodeLimits& limits);

  /// Removes entries and returns how many there were.  Cost: O(log entries) each, O(1) in a row.
  uint64_t erase(std::span<const StreamId> ids);
  bool erase(const StreamId& id) { return erase({&id, 1}) > 0; }

  /// Removes the oldest entries and returns how many.  Cost: O(log entries + nodes and entries
  /// removed).  Does not touch max_deleted_id().
  uint64_t trim(const Trim& trim) { return trim_and_tell(trim).entries; }
  /// The same, and tells where it stopped.
  Trimmed trim_and_tell(const Trim& trim) { return trim_and_tell(trim, nullptr); }
  /// The same; whole nodes that go need not be freed now: they are added to the cuttings.
  /// noted: takes the IDs that are gone from groups (kDelete), or from the stream (kAcked) unless
  /// it has no groups; may be null.
  Trimmed trim_and_tell(const Trim& trim, RadixCuttings<StreamNode>* cuttings,
                        std::vector<StreamId>* noted = nullptr);

  /// XSETID: replaces the last ID, and the other two if given.
  void set_id(const StreamId& last_id, std::optional<uint64_t> entries_added,
              std::optional<StreamId> max_deleted_id);

  /// What producers sent, to add no message twice; null if nobody asked for it yet.
  Idempotence* idempotence() const { return extra_ ? extra_->idempotence.get() : nullptr; }
  /// The same, made if it does not exist.
  Idempotence& use_idempotence();
  IdempotenceLimits idempotence_limits() const {
    return extra_ ? extra_->idempotence_limits : IdempotenceLimits{};
  }
  /// False if these are the limits already; otherwise all messages are forgotten.
  bool set_idempotence_limits(const IdempotenceLimits& limits);

  // --- Consumer groups ------------------------------------------------------------------------

  const ConsumerGroups& groups() const;
  /// For changing.
  ConsumerGroups& groups() { return extra().groups; }
  /// For changing; null if there is no such group.
  ConsumerGroup* find_group(std::string_view name) {
    return extra_ ? extra_->groups.find(name) : nullptr;
  }
  /// Whether some group has not read the ID yet or has it pending.  Cost: O(groups x log pending).
  bool is_referenced(const StreamId& id) const;
  /// Removes an ID from the PELs of all groups; false if it was in none.
  bool drop_references(const StreamId& id);
  /// Brings a group's counters up to date for a new entry that is delivered to it.  is_next: the
  /// one before it was noted just before.
  void note_delivery(ConsumerGroup& group, const StreamId& id, bool is_next = false) const;
  /// How many entries the group has still to read, as far as the counters tell (Redis 8.8).
  std::optional<uint64_t> lag(const ConsumerGroup& group) const;

  /// For walking: the node that holds the first entry >= `id`, or the last one <= `id`, if any.
  const StreamNode* node_for(const StreamId& id) const;
  const StreamNode* first_node() const { return tree_.first(); }
  const StreamNode* last_node() const { return tail_; }
  const RadixTree<StreamNode>& tree() const { return tree_; }

  /// Stops the process if a rule of this file's header is broken.  Cost: O(entries).
  void assert_consistent() const;

 private:
  friend class StreamBuilder;
  class Eraser;
  struct Extra {
    StreamId max_deleted_id;
    ConsumerGroups groups;
    IdempotenceLimits idempotence_limits;  // here, because most streams keep those of {}
    std::unique_ptr<Idempotence> idempotence;
  };

  static bool is_full(const StreamNode& node, uint64_t payload_bytes, const NodeLimits& limits);
  void start_node(const StreamId& id, FieldValues fields, size_t max_spare_bytes);
  StreamNode* writable(const StreamNode* node);
  StreamNode* put_in_place(StreamNode* node, StreamNode* moved);
  void drop_node(const StreamNode* node);
  uint64_t weight_outside_tail() const { return tree_.total_weight(); }
  const StreamNode* node_of_entry(uint64_t number) const;
  const StreamNode* first_kept_node(const Trim& trim) const;
  uint64_t drop_nodes_before(const StreamNode* node, RadixCuttings<StreamNode>* cuttings);
  uint64_t erase_from_front(const Trim& trim);
  bool remove(const StreamId& id);
  Trimmed trim_one_by_one(const Trim& trim, std::vector<StreamId>* noted);
  bool may_remove(const StreamId& id, const Trim& trim, std::vector<StreamId>* noted);
  bool has_gaps_from(const StreamId& id) const;
  std::optional<uint64_t> position_of(const StreamId& id) const;
  Extra& extra();

  RadixTree<StreamNode> tree_;
  StreamNode* tail_ = nullptr;
  StreamId last_id_;
  uint64_t length_ = 0;
  uint64_t entries_added_ = 0;
  std::unique_ptr<Extra> extra_;
};

}  // namespace weir
