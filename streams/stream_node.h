// One node of a stream: a run of entries packed into a single listpack, in one allocation.
//
//   StreamNode                      capacity()
//   ┌────────────────────────┬──────────────────────────────────────────────────────┐
//   │ key (ID of the first   │ listpack ──────────────────► ┊ free ┊ ◄─── entry      │
//   │ entry), head, sizes    │ master · entry · entry · … FF┊      ┊  offsets        │
//   └────────────────────────┴──────────────────────────────────────────────────────┘
//   master:  live · deleted · number of fields · field names · 0
//   entry:   flags · ms and seq minus the key's · [n] (fields and) values · element count
//
// The listpack is byte for byte what Redis writes into an RDB file.  Beside it the node keeps what
// takes a walk to derive from it: the first live entry (the head), and the place of every 8th
// entry (kIndexStride), growing down from the end of the allocation, so that a read by ID looks at
// a handful of entries instead of up to all of them.  Beside an entry's offset stand 32 bits that
// order like its ID, so that the bisection stays in one or two cache lines.  Neither is ever
// stored.  The counts are read from the master entry, where they are: with 36 bytes the header
// costs a third of a byte for each of 100 entries, and 9 bytes where four large ones fill a node.
//
// Deleting an entry flips its flag in place; the bytes stay (a tombstone) until the node goes or
// compact() rewrites it.  Where the exact size is visible to clients (a tail node decides when to
// start the next one) tombstones keep counting.
//
// Always: live() + deleted() = entries in the listpack; entries ascend strictly by ID, and none is
// below the key; a node in a stream has live() > 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "streams/listpack.h"
#include "streams/radix_node.h"
#include "streams/stream_id.h"

namespace weir {

/// A stream's fields and values in turn: f1 v1 f2 v2 …; the size is even.
using FieldValues = std::span<const std::string_view>;

/// One entry inside a node, decoded up to its ID.
struct EntryRef {
  StreamId id;
  const uint8_t* at = nullptr;    // its first element
  const uint8_t* body = nullptr;  // behind the ID: [n] (fields and) values
  bool deleted = false;
  bool same_fields = false;  // field names are the master entry's
};

class StreamNode : public RadixLeaf {
 public:
  static constexpr uint32_t kIndexStride = 8;

  /// A node whose first entry will be `first`, with the field names of `fields` as its master
  /// entry and room for that entry and `spare_bytes` more.  The entry itself is not in it yet.
  static StreamNode* create(const StreamId& first, FieldValues fields, size_t spare_bytes);
  /// Why bytes from outside are no node.
  enum class Fault : uint8_t {
    kNone,
    kBroken,     // no well-formed listpack, or not the elements of a node
    kEmpty,      // no elements
    kUnordered,  // IDs of live entries that do not ascend, or any below the key
  };
  struct Loaded {
    StreamNode* node = nullptr;  // null: there is a fault.  It may be without live entries
    Fault fault = Fault::kNone;
    StreamId last_live = {};  // ID of the last live entry; the key without any
  };
  /// A node with a listpack from outside, of which nothing is believed: each byte is looked at, and
  /// what is derived from them made anew.  Tombstones need not ascend: Redis 7.0 lets XSETID go
  /// below them, and live entries then stand behind; such a node loses its tombstones, or all but
  /// the last (see compacted()).  Cost: O(bytes).
  static Loaded load(const StreamId& key, std::span<const uint8_t> listpack);
  static StreamNode* clone(const StreamNode& node);
  static void destroy(StreamNode* node);

  uint32_t live() const { return counts().live; }
  uint32_t deleted() const { return counts().deleted; }
  uint32_t entries() const { return counts().live + counts().deleted; }
  /// Fields of the master entry.
  uint32_t field_count() const {
    return field_count_ != kManyFields ? field_count_ : read_field_count();
  }
  /// Bytes of the listpack, tombstones included.
  size_t listpack_bytes() const { return listpack::total_bytes(pack()); }
  std::span<const uint8_t> listpack_view() const { return {pack(), listpack_bytes()}; }
  /// Bytes of the allocation.
  size_t memory_bytes() const { return kPackOffset + capacity_; }
  /// Entries and bytes as if compaction had dropped nothing: the figures that stream-node-max-*
  /// limit, should the node become its stream's last one again.
  uint64_t uncompacted_entries() const { return uint64_t{entries()} + dropped().entries; }
  size_t uncompacted_bytes() const;

  /// Appends an entry; `id` is greater than every ID in the node.  Returns this node, or, if it had
  /// to grow, a greater one that takes its place: this one is then the caller's to destroy.
  /// Cost: O(bytes of the entry), amortised.
  [[nodiscard]] StreamNode* append(const StreamId& id, FieldValues fields);

  /// This node, or, if that saves memory, a copy of it of just its size to take its place.
  [[nodiscard]] StreamNode* shrunk();

  /// True when most entries are tombstones and rewriting the node pays.
  bool deserves_compaction() const {
    const Counts count = counts();
    return count.deleted >= 16 && count.deleted / 3 > count.live;
  }

  /// A new node without this one's tombstones, except for one at the very end: the greatest ID
  /// decides whether MINID ~ may drop the node.
  enum class LastTombstone : uint8_t { kKept, kDropped };
  [[nodiscard]] StreamNode* compacted(LastTombstone last = LastTombstone::kKept) const;

  /// Marks a live entry as deleted.
  void erase(const EntryRef& entry);

  // --- Walking --------------------------------------------------------------------------------
  /// Cost: O(fields of the master entry).
  const uint8_t* first_entry() const;
  /// The first live entry, of which there is one.
  const uint8_t* head() const { return pack() + head_; }
  const uint8_t* end() const { return pack() + listpack_bytes() - 1; }
  EntryRef entry_at(const uint8_t* at) const {
    EntryRef entry;
    entry.at = at;
    const uint8_t flags = *at;  // a one-byte integer
    at += 2;
    entry.id.ms = key.ms + static_cast<uint64_t>(listpack::read_integer(at));
    entry.id.seq = key.seq + static_cast<uint64_t>(listpack::read_integer(at));
    entry.body = at;
    entry.deleted = (flags & kDeletedFlag) != 0;
    entry.same_fields = (flags & kSameFieldsFlag) != 0;
    return entry;
  }
  /// A place in the node that survives its being moved.
  size_t offset_of(const uint8_t* at) const { return static_cast<size_t>(at - pack()); }
  const uint8_t* at_offset(size_t offset) const { return pack() + offset; }
  /// The entry behind `entry`; end() behind the last.
  const uint8_t* next_entry(const EntryRef& entry) const {
    return behind_fields(entry.body, entry.same_fields);
  }
  /// The entry before the one at `at`, which is not the first; `at` may be end().
  const uint8_t* previous_entry(const uint8_t* at) const;
  /// The first entry with an ID >= `id`, or end(); tombstones in front of the first live entry
  /// may be passed over.  Cost: O(log entries).
  const uint8_t* seek(const StreamId& id) const;
  /// Begins to fetch what seek() looks at first, when the node's header is there.
  void prefetch_index() const;
  /// The same for the entries that seek(id) looks at, when the index is there, too.
  void prefetch_from(const StreamId& id) const;
  /// The first live entry; there is one.  Cost: O(1).
  EntryRef first_live() const;
  EntryRef last_live() const;
  /// Greatest ID in the node, deleted entries included.
  StreamId last_id() const { return entry_at(previous_entry(end())).id; }
  /// The first of the master entry's field names.
  const uint8_t* master_fields() const {
    using listpack::skip;
    return skip(skip(skip(pack() + listpack::kHeaderBytes)));
  }

  /// True iff header, counts, index and listpack agree with each other.
  bool is_consistent() const;

 private:
  struct Counts {
    uint32_t live;
    uint32_t deleted;
  };
  /// What compaction took out of the node.
  struct Dropped {
    uint32_t entries;
    uint32_t bytes;
  };
  static constexpr uint16_t kManyFields = UINT16_MAX;
  // Of an entry's first element.
  static constexpr uint8_t kDeletedFlag = 1;
  static constexpr uint8_t kSameFieldsFlag = 2;

  class Loader;

  StreamNode() = default;

  static StreamNode* allocate(size_t capacity);
  /// Room for the two counts of a master entry to become wider as live entries become tombstones,
  /// beyond the bytes that they take now.
  static size_t count_slack(uint32_t live, uint32_t deleted);
  // The listpack begins in what would be padding.
  uint8_t* pack() { return reinterpret_cast<uint8_t*>(this) + kPackOffset; }
  const uint8_t* pack() const { return reinterpret_cast<const uint8_t*>(this) + kPackOffset; }
  Counts counts() const {
    const uint8_t* at = pack() + listpack::kHeaderBytes;
    const auto live = static_cast<uint32_t>(listpack::read_integer(at));
    return {live, static_cast<uint32_t>(listpack::read_integer(at))};
  }
  uint32_t read_field_count() const;
  Dropped dropped() const;
  void set_dropped(const Dropped& dropped);
  /// A node that was compacted has the figures of that at the very end, behind the index.
  size_t trailer_bytes() const { return is_compacted_ ? sizeof(Dropped) : 0; }
  /// From what is behind an entry's ID to what is behind the entry.
  const uint8_t* behind_fields(const uint8_t* at, bool same_fields) const {
    uint64_t elements = field_count();
    if (!same_fields) elements = 2 * static_cast<uint64_t>(listpack::read_integer(at));
    for (; elements > 0; --elements)
      at = listpack::skip(at);
    return listpack::skip(at);
  }
  // The index: records of a hint and an offset, the first one at the end.
  static constexpr size_t kHintBytes = 4;
  static constexpr size_t kWideRecordBytes = kHintBytes + 4;
  bool has_wide_index() const { return capacity_ > UINT16_MAX; }
  size_t record_bytes() const { return has_wide_index() ? kWideRecordBytes : kHintBytes + 2; }
  size_t index_bytes(uint32_t count) const { return count * record_bytes(); }
  const uint8_t* index_record(uint32_t i) const {
    return pack() + capacity_ - trailer_bytes() - (i + 1) * record_bytes();
  }
  uint32_t hint_at(uint32_t i) const { return listpack::load32(index_record(i)); }
  uint32_t hint_of(const StreamId& id) const;
  uint32_t index_at(uint32_t i) const;
  uint32_t indexed_below(const StreamId& id) const;
  const uint8_t* start_of_seek(const StreamId& id) const;
  void set_index(uint32_t i, uint32_t offset, uint32_t hint);
  void note_entry(uint32_t number, uint32_t offset, const StreamId& id);
  StreamNode* resized(size_t capacity) const;
  void append_in_place(const StreamId& id, FieldValues fields, bool same_fields, size_t bytes);
  bool has_fields_of_master(FieldValues fields) const;
  size_t entry_bytes(const StreamId& id, FieldValues fields, bool same_fields) const;
  void write_counts(const Counts& counts);
  static uint32_t index_count_with(uint32_t count) {
    return count == 0 ? 0 : (count - 1) / kIndexStride;
  }
  uint32_t index_count() const { return index_count_with(entries()); }
  uint8_t* write_entry(uint8_t* at, const StreamId& id, FieldValues fields, bool same_fields) const;

  // The first four fill the spare bytes of RadixLeaf.
  uint8_t slot_ : 7 = 0;          // of the allocator
  uint8_t is_compacted_ : 1 = 0;  // has a trailer
  uint16_t field_count_ = 0;      // of the master entry, or kManyFields
  uint32_t capacity_ = 0;         // bytes behind the header: listpack, free room, index
  uint32_t head_ = 0;             // offset of the first live entry, while there is one

  static constexpr size_t kPackOffset = 36;
};
static_assert(sizeof(StreamNode) == 40);

/// Walks the fields and values of one entry.
class FieldReader {
 public:
  FieldReader(const StreamNode& node, const EntryRef& entry) : value_(entry.body) {
    if (entry.same_fields) {
      name_ = node.master_fields();
      left_ = node.field_count();
    } else {
      left_ = static_cast<uint32_t>(listpack::read_integer(value_));
    }
  }

  uint32_t left() const { return left_; }

  struct Pair {
    std::string_view name;
    std::string_view value;
  };
  /// The next pair; the views hold until the next call.
  Pair next() {
    Pair pair;
    pair.name = listpack::read_text(name_ != nullptr ? name_ : value_, name_scratch_);
    pair.value = listpack::read_text(value_, value_scratch_);
    --left_;
    return pair;
  }

  /// After the last pair: the entry behind this one.
  const uint8_t* entry_end() const { return listpack::skip(value_); }

 private:
  const uint8_t* name_ = nullptr;
  const uint8_t* value_;
  uint32_t left_;
  char name_scratch_[kMaxDecimalLength];
  char value_scratch_[kMaxDecimalLength];
};

}  // namespace weir
