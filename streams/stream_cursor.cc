#include "streams/stream_cursor.h"

namespace weir {

StreamCursor::StreamCursor(const Stream& stream, const StreamId& from, const StreamId& to,
                           Direction direction)
    : stream_(stream), node_(nullptr), direction_(direction) {
  if (from > to) return;
  const bool up = direction == Direction::kUp;
  bound_ = up ? to : from;
  node_ = stream.node_for(up ? from : to);
  if (node_ == nullptr) return;
  if (up) {
    settle_up(node_->seek(from));
    return;
  }
  const std::optional<StreamId> behind = successor(to);
  settle_down(behind ? node_->seek(*behind) : node_->end());
}

// Moves to the neighbour of node_ in the direction of the walk.
bool StreamCursor::step_node() {
  if (direction_ == Direction::kUp && node_ == stream_.last_node()) return false;
  if (!nodes_) {
    nodes_.emplace(stream_.tree());
    nodes_->seek_floor(node_->key);
  }
  if (!(direction_ == Direction::kUp ? nodes_->next() : nodes_->prev())) return false;
  node_ = nodes_->leaf();
  return true;
}

// The first live entry at `at` or behind it.
void StreamCursor::settle_up(const uint8_t* at) {
  while (true) {
    while (at != node_->end()) {
      entry_ = node_->entry_at(at);
      if (entry_.id > bound_) break;
      if (!entry_.deleted) return;
      at = node_->next_entry(entry_);
    }
    if (at != node_->end() || !step_node()) break;
    at = node_->first_live().at;
  }
  node_ = nullptr;
}

// The last live entry before `behind`.
void StreamCursor::settle_down(const uint8_t* behind) {
  while (true) {
    while (behind > node_->head()) {
      behind = node_->previous_entry(behind);
      entry_ = node_->entry_at(behind);
      if (entry_.id < bound_) {
        node_ = nullptr;
        return;
      }
      if (!entry_.deleted) return;
    }
    if (!step_node()) break;
    behind = node_->end();
  }
  node_ = nullptr;
}

}  // namespace weir
