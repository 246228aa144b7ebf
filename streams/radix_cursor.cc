#include "streams/radix_cursor.h"

namespace weir {

/// Adds a level to the way and returns where it leads.
RadixRef RadixCursor::enter(const RadixNode& node, int slot) {
  assert(slot != kNoSlot && depth_ < kRadixKeyBytes);
  frames_[static_cast<size_t>(depth_++)] = {&node, slot};
  return child_at(node, slot);
}

bool RadixCursor::descend_first(RadixRef ref) {
  while (ref.is_node())
    ref = enter(*ref.node(), 0);
  leaf_ = ref.leaf();
  return true;
}

bool RadixCursor::descend_last(RadixRef ref) {
  while (ref.is_node())
    ref = enter(*ref.node(), ref.node()->child_count - 1);
  leaf_ = ref.leaf();
  return true;
}

/// Goes to the leaf with that key, or to one of the two leaves between which it would be.
bool RadixCursor::land_near(const StreamId& id) {
  depth_ = 0;
  leaf_ = nullptr;
  RadixRef ref = view_.root();
  if (ref.is_empty()) return false;
  while (ref.is_node() && prefix_matches(*ref.node(), id)) {
    const RadixNode& node = *ref.node();
    const uint8_t byte = key_byte(id, node.depth);
    int slot = find_slot(node, byte);
    if (slot == kNoSlot) {
      slot = slot_from(node, byte);
      return slot == kNoSlot ? descend_last(enter(node, node.child_count - 1))
                             : descend_first(enter(node, slot));
    }
    ref = enter(node, slot);
  }
  return id < ref.key() ? descend_first(ref) : descend_last(ref);
}

bool RadixCursor::seek_first() {
  depth_ = 0;
  leaf_ = nullptr;
  return !view_.root().is_empty() && descend_first(view_.root());
}

bool RadixCursor::seek_ceiling(const StreamId& id) {
  return land_near(id) && (leaf_->key >= id || next());
}

bool RadixCursor::seek_floor(const StreamId& id) {
  return land_near(id) && (leaf_->key <= id || prev());
}

bool RadixCursor::next() {
  assert(leaf_ != nullptr);
  for (; depth_ > 0; --depth_) {
    Frame& frame = frames_[static_cast<size_t>(depth_ - 1)];
    if (++frame.slot == frame.node->child_count) continue;
    return descend_first(child_at(*frame.node, frame.slot));
  }
  leaf_ = nullptr;
  return false;
}

bool RadixCursor::prev() {
  assert(leaf_ != nullptr);
  for (; depth_ > 0; --depth_) {
    Frame& frame = frames_[static_cast<size_t>(depth_ - 1)];
    if (frame.slot-- == 0) continue;
    return descend_last(child_at(*frame.node, frame.slot));
  }
  leaf_ = nullptr;
  return false;
}

}  // namespace weir
