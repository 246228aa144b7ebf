#include "streams/stream_builder.h"

#include <algorithm>

namespace weir {

StreamBuilder::~StreamBuilder() {
  if (last_ != nullptr) StreamNode::destroy(last_);
}

StreamBuilder::Fault StreamBuilder::add_node(const StreamId& key,
                                             std::span<const uint8_t> listpack) {
  if (has_nodes_ && key == last_key_) return Fault::kSameKey;
  if (has_nodes_ && (key < last_key_ || (last_ != nullptr && key <= last_live_)))
    return Fault::kOverlapping;
  const StreamNode::Loaded loaded = StreamNode::load(key, listpack);
  switch (loaded.fault) {
    case StreamNode::Fault::kNone:
      break;
    case StreamNode::Fault::kBroken:
      return Fault::kBroken;
    case StreamNode::Fault::kEmpty:
      return Fault::kEmpty;
    case StreamNode::Fault::kUnordered:
      return Fault::kUnordered;
  }
  has_nodes_ = true;
  last_key_ = key;
  if (loaded.node->live() == 0) {
    StreamNode::destroy(loaded.node);
    return Fault::kNone;
  }
  stream_.length_ += loaded.node->live();
  if (last_ != nullptr) {
    drop_tombstones_from(key);
    // Only the last node, which may grow, is not counted by the tree.
    last_->weight = last_->live();
    stream_.tree_.insert(last_);
  }
  last_ = loaded.node;
  last_live_ = loaded.last_live;
  return Fault::kNone;
}

/// Redis 7.0 lets XSETID go below deleted entries, and the next node begins there.
void StreamBuilder::drop_tombstones_from(const StreamId& key) {
  if (last_->last_id() < key) return;
  StreamNode* const node = last_->compacted(StreamNode::LastTombstone::kDropped);
  StreamNode::destroy(last_);
  last_ = node;
}

StreamBuilder::Fault StreamBuilder::set_counters(const Counters& counters) {
  if (counters.length != stream_.length_) return has_nodes_ ? Fault::kLength : Fault::kNoEntries;
  if (last_ != nullptr) {
    stream_.tree_.insert(last_);
    stream_.tail_ = last_;
    last_ = nullptr;
  }
  // Not below a live entry, though perhaps below a deleted one.
  const bool has_deleted = !counters.max_deleted_id.is_zero();
  stream_.set_id(std::max(counters.last_id, last_live_), counters.entries_added,
                 has_deleted ? std::optional(counters.max_deleted_id) : std::nullopt);
  return Fault::kNone;
}

ConsumerGroup* StreamBuilder::add_group(std::string_view name, const StreamId& last_id,
                                        std::optional<int64_t> entries_read) {
  if (stream_.find_group(name) != nullptr) return nullptr;
  if (!entries_read) {
    const std::optional<uint64_t> position = stream_.position_of(last_id);
    entries_read = position ? static_cast<int64_t>(std::min<uint64_t>(*position, INT64_MAX)) : -1;
  }
  return &stream_.groups().add(name, last_id, *entries_read);
}

}  // namespace weir
