#include "streams/radix_node.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace weir {

namespace {

/// The shape for a node that lost children.  One with at most three quarters of the next smaller
/// shape's capacity moves there: well below it, so that it does not grow back at the next child.
size_t settled_shape(const RadixNode& node) {
  size_t shape = node.shape;
  while (shape > 0 && node.child_count <= kRadixShapes[shape - 1].capacity * 3 / 4)
    --shape;
  return shape;
}

uint8_t* sorted_bytes(RadixNode& node) {
  return const_cast<uint8_t*>(weir::sorted_bytes(std::as_const(node)));
}
ByteSet& byte_set(RadixNode& node) {
  return const_cast<ByteSet&>(weir::byte_set(std::as_const(node)));
}

void* allocate(size_t shape) {
  void* const memory = std::malloc(kRadixShapes[shape].bytes());
  // Out of memory with overcommit off: nothing sensible is left to do.
  if (memory == nullptr) std::abort();
  return memory;
}

/// A node of that shape without children; all else is `like`.
RadixNode* new_node(const RadixNode& like, size_t shape) {
  auto* const node = new (allocate(shape)) RadixNode(like);
  node->shape = static_cast<uint8_t>(shape);
  node->child_count = 0;
  if (is_sorted(*node)) {
    std::fill_n(sorted_bytes(*node), kRadixShapes[shape].capacity, uint8_t{0xff});
  } else {
    new (node + 1) ByteSet();
  }
  return node;
}

/// Opens a gap at `slot` of an array with `count` elements in use.
template <class T>
void open_gap(T* array, int slot, int count) {
  std::copy_backward(array + slot, array + count, array + count + 1);
}

template <class T>
void close_gap(T* array, int slot, int count) {
  std::copy(array + slot + 1, array + count, array + slot);
}

/// Adds a child to a node that has room.
void insert_child(RadixNode& node, uint8_t byte, RadixRef child) {
  const int slot = rank(node, byte);
  if (is_sorted(node)) {
    uint8_t* const bytes = sorted_bytes(node);
    open_gap(bytes, slot, node.child_count);
    bytes[slot] = byte;
  } else {
    byte_set(node).add(byte);
  }
  open_gap(children(node).data(), slot, node.child_count);
  ++node.child_count;
  child_at(node, slot) = child;
}

/// The byte of the child at `slot`, without looking at the child; `previous` is the byte of the
/// slot before, or -1.
uint8_t byte_of_slot(const RadixNode& node, int slot, int previous) {
  if (is_sorted(node)) return weir::sorted_bytes(node)[slot];
  return static_cast<uint8_t>(weir::byte_set(node).next(previous + 1));
}

/// Puts a node of another shape with the same header and children in place of the one there.
void change_shape(RadixRef& place, size_t shape) {
  RadixNode* const node = place.node();
  RadixNode* const made = new_node(*node, shape);
  int byte = -1;
  for (int slot = 0; slot < node->child_count; ++slot) {
    byte = byte_of_slot(*node, slot, byte);
    insert_child(*made, static_cast<uint8_t>(byte), child_at(*node, slot));
  }
  place = RadixRef(made);
  free_radix_node(node);
}

}  // namespace

void ByteSet::add(uint8_t byte) {
  assert(!contains(byte));
  words_[byte >> 6] |= uint64_t{1} << (byte & 63);
  for (int word = (byte >> 6) + 1; word < 4; ++word)
    ++before_[word];
}

void ByteSet::remove(uint8_t byte) {
  assert(contains(byte));
  words_[byte >> 6] &= ~(uint64_t{1} << (byte & 63));
  for (int word = (byte >> 6) + 1; word < 4; ++word)
    --before_[word];
}

void assert_node_consistent(const RadixNode& node) {
  assert(node.depth < kRadixKeyBytes);
  assert(node.child_count >= 2);
  assert(node.child_count <= kRadixShapes[node.shape].capacity);
  assert(settled_shape(node) == node.shape);
  int byte = -1;
  for (int slot = 0; slot < node.child_count; ++slot) {
    const RadixRef child = child_at(node, slot);
    assert(!child.is_empty());
    const int previous = byte;
    byte = byte_of_slot(node, slot, previous);
    assert(byte > previous);
    assert(byte == key_byte(child.key(), node.depth));
    assert(prefix_matches(node, child.key()));
    assert(child.is_leaf() || child.node()->depth > node.depth);
    assert(find_slot(node, static_cast<uint8_t>(byte)) == slot);
    assert(slot_from(node, previous + 1) == slot);
    assert(slot_before(node, static_cast<uint8_t>(byte)) == slot - 1);
  }
  assert(is_sorted(node) || weir::byte_set(node).next(byte + 1) == kNoSlot);
}

RadixNode* new_radix_node(RadixRef a, RadixRef b, int depth, uint32_t born) {
  RadixNode like;
  like.key = b.key();
  like.depth = static_cast<uint8_t>(depth);
  like.born = born;
  like.weight = a.weight() + b.weight();
  RadixNode* const node = new_node(like, 0);
  insert_child(*node, key_byte(a.key(), depth), a);
  insert_child(*node, key_byte(b.key(), depth), b);
  return node;
}

RadixNode* copy_radix_node(const RadixNode& node, uint32_t born) {
  // Children behind the count are copied, too: the compiler then needs no loop.
  void* const memory = allocate(node.shape);
  std::memcpy(memory, &node, kRadixShapes[node.shape].bytes());
  auto* const made = static_cast<RadixNode*>(memory);
  made->born = born;
  made->retired = false;
  return made;
}

void free_radix_node(RadixNode* node) {
  std::free(node);
}

void add_child(RadixRef& place, RadixRef child) {
  const RadixNode& full = *place.node();
  if (full.child_count == kRadixShapes[full.shape].capacity) {
    assert(size_t{full.shape} + 1 < std::size(kRadixShapes));
    change_shape(place, size_t{full.shape} + 1);
  }
  RadixNode& node = *place.node();
  insert_child(node, key_byte(child.key(), node.depth), child);
}

void remove_child(RadixNode& node, uint8_t byte) {
  const int slot = find_slot(node, byte);
  assert(slot != kNoSlot);
  close_gap(children(node).data(), slot, node.child_count);
  if (is_sorted(node)) {
    uint8_t* const bytes = sorted_bytes(node);
    close_gap(bytes, slot, node.child_count);
    bytes[node.child_count - 1] = 0xff;
  } else {
    byte_set(node).remove(byte);
  }
  --node.child_count;
}

void settle(RadixRef& place) {
  RadixNode* const node = place.node();
  if (node->child_count <= 1) {
    place = node->child_count == 0 ? RadixRef() : child_at(*node, 0);
    free_radix_node(node);
    return;
  }
  const size_t shape = settled_shape(*node);
  if (shape != node->shape) change_shape(place, shape);
}

}  // namespace weir
