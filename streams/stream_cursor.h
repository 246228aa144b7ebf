// Walks the live entries of a stream between two IDs, upwards or downwards.
//
//   for (StreamCursor at(stream, from, to, Direction::kUp); at.is_valid(); at.next())
//     use(at.entry(), FieldReader(at.node(), at.entry()));
//
// A caller that has read an entry's fields knows where the next one begins: next(entry_end) then
// saves walking the entry twice.  Changing the stream ends the walk.  Cost: O(log nodes) to begin,
// then O(bytes) per entry.
#pragma once

#include <cstdint>
#include <optional>

#include "streams/radix_cursor.h"
#include "streams/stream.h"

namespace weir {

enum class Direction : uint8_t { kUp, kDown };

class StreamCursor {
 public:
  /// Both bounds are included.  Upwards the walk begins at `from`, downwards at `to`.
  StreamCursor(const Stream& stream, const StreamId& from, const StreamId& to, Direction direction);

  bool is_valid() const { return node_ != nullptr; }
  const EntryRef& entry() const { return entry_; }
  const StreamNode& node() const { return *node_; }

  void next() {
    if (direction_ == Direction::kUp) {
      settle_up(node_->next_entry(entry_));
    } else {
      settle_down(entry_.at);
    }
  }

  /// The same, when the end of the present entry is known.
  void next(const uint8_t* entry_end) {
    if (direction_ == Direction::kUp) {
      settle_up(entry_end);
    } else {
      settle_down(entry_.at);
    }
  }

 private:
  void settle_up(const uint8_t* at);
  void settle_down(const uint8_t* behind);
  bool step_node();

  const Stream& stream_;
  const StreamNode* node_;
  EntryRef entry_;
  StreamId bound_;  // where the walk ends
  Direction direction_;
  std::optional<Cursor<StreamNode>> nodes_;  // set when the walk first leaves a node
};

/// Finds entries by ID.  Asked for IDs in ascending order it mostly steps to the next entry instead
/// of searching.  Changing the stream ends its use.
class EntryFinder {
 public:
  explicit EntryFinder(const Stream& stream) : stream_(stream) {}

  /// Begins to fetch the node that has the entry.
  void prefetch(const StreamId& id) const { stream_.tree().prefetch(id); }
  /// A cursor on the live entry with that ID; null if there is none.  Valid until the next call.
  const StreamCursor* find(const StreamId& id) {
    if (at_ && at_->is_valid() && at_->entry().id < id) at_->next();
    if (!at_ || !at_->is_valid() || at_->entry().id != id)
      at_.emplace(stream_, id, kMaxStreamId, Direction::kUp);
    return at_->is_valid() && at_->entry().id == id ? &*at_ : nullptr;
  }
  /// Whether there is a live entry from one ID to another, both included.
  bool has_any(const StreamId& from, const StreamId& to) const {
    return StreamCursor(stream_, from, to, Direction::kUp).is_valid();
  }

 private:
  const Stream& stream_;
  std::optional<StreamCursor> at_;
};

}  // namespace weir
