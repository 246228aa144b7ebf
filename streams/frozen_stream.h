// A stream at one moment, for whoever writes it down: a StreamView shows it, a FrozenStream keeps
// it.
//
//   StreamView ─ counters, limits
//     ├─ nodes:     RadixView of StreamNodes ──────────────┐
//     ├─ groups:    by name                                │  trees: seen, not copied
//     │    ├─ pending:    RadixView of NackBlocks ─────────┤
//     │    └─ consumers:  by name, each with its OwnedBlocks
//     ├─ producers: pid and its messages, as they came     │  names and messages: copied
//     └─ names_:    all the names in one block             ▼
//   FrozenStream = StreamView + the FrozenTrees that keep what it sees as it was
//
// A view of a live stream is valid until the stream changes.  That of a FrozenStream stays what it
// was, and may be read in another thread, while the stream goes on changing or is destroyed.
//
// Making either copies no entry and no NACK.  Cost: O(groups + consumers + messages).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "streams/radix_cursor.h"
#include "streams/radix_tree.h"
#include "streams/stream.h"

namespace weir {

struct ConsumerView {
  std::string_view name;
  ConsumerNumber number = 0;  // by which NACKs name it
  int64_t seen_ms = 0;
  int64_t active_ms = -1;
  RadixView blocks;  // of OwnedBlocks

  uint64_t pending_count() const { return blocks.total_weight(); }
};

struct GroupView {
  std::string_view name;
  StreamId last_id;
  int64_t entries_read = -1;
  RadixView pending;                    // of NackBlocks
  uint64_t released_count = 0;          // of these NACKs
  std::vector<ConsumerView> consumers;  // by name

  uint64_t pending_count() const { return pending.total_weight(); }
};

struct MessageView {
  std::string_view iid;
  StreamId id;
};

struct ProducerView {
  std::string_view pid;
  std::span<const MessageView> messages;  // as they came
};

/// Walks all NACKs of a group in the order of IDs.
class NackCursor {
 public:
  explicit NackCursor(const GroupView& group) : blocks_(group.pending) { blocks_.seek_first(); }

  bool is_valid() const { return blocks_.leaf() != nullptr; }
  Nack nack() const { return blocks_->at(index_); }
  void next() {
    if (++index_ < blocks_->count()) return;
    index_ = 0;
    blocks_.next();
  }

 private:
  Cursor<NackBlock> blocks_;
  uint32_t index_ = 0;
};

/// Walks the NACKs of one consumer in the order of IDs.  Cost: O(the NACKs in its blocks).
class OwnedNackCursor {
 public:
  OwnedNackCursor(const GroupView& group, const ConsumerView& consumer);

  bool is_valid() const { return block_ != nullptr; }
  Nack nack() const { return block_->at(index_); }
  void next() {
    ++index_;
    settle();
  }

 private:
  void enter();
  void settle();

  RadixView pending_;
  ConsumerNumber number_;
  Cursor<OwnedBlock> owned_;
  const NackBlock* block_ = nullptr;
  uint32_t index_ = 0;
};

/// The released NACKs of a group, the one released first in front.  Cost: O(its blocks), O(1) when
/// there are none.
std::vector<Nack> released_in_order(const GroupView& group);

class StreamView {
 public:
  StreamView() = default;
  explicit StreamView(const Stream& stream);

  uint64_t length = 0;
  StreamId first_id;  // 0-0 without an entry
  StreamId last_id;
  StreamId max_deleted_id;
  uint64_t entries_added = 0;
  RadixView nodes;  // of StreamNodes; the weight of the last one is not counted
  uint64_t node_count = 0;

  std::vector<GroupView> groups;  // by name

  IdempotenceLimits idempotence_limits;
  bool has_idempotence = false;  // somebody asked for it
  uint64_t iids_added = 0;
  uint64_t iids_duplicates = 0;
  std::vector<ProducerView> producers;  // in the order of their first messages
  uint64_t message_count = 0;

 private:
  std::string_view kept(std::string_view name);
  void see_groups(const ConsumerGroups& groups);
  void see_messages(const Idempotence& idempotence);

  // Moved with the view, at the same address.
  std::unique_ptr<char[]> names_;
  size_t names_bytes_ = 0;
  std::unique_ptr<MessageView[]> messages_;
};

/// What nobody sees any more after a FrozenStream has ended.  Whoever has it frees it, in whatever
/// thread may free node memory, when it likes.
using RetiredStream = std::vector<RadixRetired>;

class FrozenStream {
 public:
  FrozenStream() = default;
  /// None of the stream's trees is frozen.
  explicit FrozenStream(Stream& stream);
  FrozenStream(FrozenStream&&) noexcept = default;
  FrozenStream& operator=(FrozenStream&&) noexcept = default;

  const StreamView& view() const { return view_; }

  /// Makes the stream, if it is still there, writable in place again; nobody looks at the view any
  /// more.  In the thread that changes the stream, like the destructor, which frees what is left
  /// over at once.  Cost: O(groups + consumers).
  RetiredStream end();

 private:
  StreamView view_;
  std::vector<FrozenTree> trees_;
};

}  // namespace weir
