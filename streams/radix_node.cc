#include "streams/radix_node.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>

namespace weir {

namespace {

constexpr int kCapacity[] = {4, 16, 48, 256};

// A node with this many children or fewer moves to the next smaller kind.  Well below that kind's
// capacity, so that it does not grow back at the next child.
constexpr int kShrinkAt[] = {0, 3, 12, 36};

constexpr RadixKind kLargestKind = RadixKind::k256;

int capacity(RadixKind kind) {
  return kCapacity[static_cast<int>(kind)];
}
int shrink_at(RadixKind kind) {
  return kShrinkAt[static_cast<int>(kind)];
}
RadixKind larger(RadixKind kind) {
  return static_cast<RadixKind>(static_cast<int>(kind) + 1);
}
RadixKind smaller(RadixKind kind) {
  return static_cast<RadixKind>(static_cast<int>(kind) - 1);
}

/// A default-constructed node, or a copy of the one given.
template <class Node, class... Original>
Node* allocate(const Original&... original) {
  void* memory = std::malloc(sizeof(Node));
  assert(memory != nullptr);
  return new (memory) Node(original...);
}

RadixNode* allocate(RadixKind kind) {
  switch (kind) {
    case RadixKind::k4:
      return allocate<RadixNode4>();
    case RadixKind::k16:
      return allocate<RadixNode16>();
    case RadixKind::k48:
      return allocate<RadixNode48>();
    case RadixKind::k256:
      break;
  }
  return allocate<RadixNode256>();
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

template <class Node>
void insert_sorted(Node& node, uint8_t byte, RadixRef child) {
  const int slot = count_less(node.bytes, byte);
  open_gap(node.bytes, slot, node.child_count);
  open_gap(node.children, slot, node.child_count);
  node.bytes[slot] = byte;
  node.children[slot] = child;
}

template <class Node>
void remove_sorted(Node& node, int slot) {
  close_gap(node.bytes, slot, node.child_count);
  close_gap(node.children, slot, node.child_count);
  node.bytes[node.child_count - 1] = 0xff;
}

void insert_ranked(RadixNode48& node, uint8_t byte, RadixRef child) {
  const int slot = node.set.count_below(byte);
  open_gap(node.children, slot, node.child_count);
  node.children[slot] = child;
  node.set.add(byte);
}

void insert_direct(RadixNode256& node, uint8_t byte, RadixRef child) {
  node.children[byte] = child;
  node.set.add(byte);
}

/// Adds a child to a node that has room.
void insert_child(RadixNode& node, uint8_t byte, RadixRef child) {
  switch (node.kind) {
    case RadixKind::k4:
      insert_sorted(static_cast<RadixNode4&>(node), byte, child);
      break;
    case RadixKind::k16:
      insert_sorted(static_cast<RadixNode16&>(node), byte, child);
      break;
    case RadixKind::k48:
      insert_ranked(static_cast<RadixNode48&>(node), byte, child);
      break;
    case RadixKind::k256:
      insert_direct(static_cast<RadixNode256&>(node), byte, child);
      break;
  }
  ++node.child_count;
}

/// The byte of the child at `slot`, without looking at the child; `previous` is the byte of the
/// slot before, or -1.
uint8_t byte_of_slot(const RadixNode& node, int slot, int previous) {
  switch (node.kind) {
    case RadixKind::k4:
      return static_cast<const RadixNode4&>(node).bytes[slot];
    case RadixKind::k16:
      return static_cast<const RadixNode16&>(node).bytes[slot];
    case RadixKind::k48:
      return static_cast<uint8_t>(static_cast<const RadixNode48&>(node).set.next(previous + 1));
    case RadixKind::k256:
      break;
  }
  return static_cast<uint8_t>(slot);
}

/// Puts a node of another kind with the same header and children in place of the one there.
void change_kind(RadixRef& place, RadixKind kind) {
  RadixNode* node = place.node();
  RadixNode* made = allocate(kind);
  *made = *node;
  made->kind = kind;
  made->child_count = 0;
  int byte = -1;
  for (int slot = first_slot(*node); slot != kNoSlot; slot = next_slot(*node, slot)) {
    byte = byte_of_slot(*node, slot, byte);
    insert_child(*made, static_cast<uint8_t>(byte), child_at(*node, slot));
  }
  place = RadixRef(made);
  free_radix_node(node);
}

/// How many children have a byte less than `byte` (0 … 256), in the kinds where slots are ranks.
int rank(const RadixNode& node, int byte) {
  if (byte > 255) return node.child_count;
  const auto key = static_cast<uint8_t>(byte);
  if (node.kind == RadixKind::k4)
    return count_less(static_cast<const RadixNode4&>(node).bytes, key);
  if (node.kind == RadixKind::k16)
    return count_less(static_cast<const RadixNode16&>(node).bytes, key);
  assert(node.kind == RadixKind::k48);
  return static_cast<const RadixNode48&>(node).set.count_below(key);
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

int slot_from(const RadixNode& node, int from) {
  if (node.kind == RadixKind::k256) return static_cast<const RadixNode256&>(node).set.next(from);
  const int slot = rank(node, from);
  return slot < node.child_count ? slot : kNoSlot;
}

int slot_before(const RadixNode& node, int end) {
  if (node.kind == RadixKind::k256) return static_cast<const RadixNode256&>(node).set.previous(end);
  return rank(node, end) - 1;
}

void assert_node_consistent(const RadixNode& node) {
  assert(node.depth < kRadixKeyBytes);
  assert(node.child_count >= 2);
  assert(node.child_count > shrink_at(node.kind));
  assert(node.child_count <= capacity(node.kind));
  int count = 0;
  int byte = -1;
  for (int slot = first_slot(node); slot != kNoSlot; slot = next_slot(node, slot)) {
    const RadixRef child = child_at(node, slot);
    assert(!child.is_empty());
    const int previous = byte;
    byte = byte_of_slot(node, slot, previous);
    assert(byte > previous);
    assert(byte == key_byte(child.key(), node.depth));
    assert(prefix_matches(node, child.key()));
    assert(child.is_leaf() || child.node()->depth > node.depth);
    assert(find_slot(node, static_cast<uint8_t>(byte)) == slot);
    assert(slot_from(node, previous + 1) == slot && slot_before(node, byte + 1) == slot);
    ++count;
  }
  assert(count == node.child_count);
}

RadixNode* new_radix_node(RadixRef a, RadixRef b, int depth, uint32_t born) {
  RadixNode* node = allocate(RadixKind::k4);
  node->key = b.key();
  node->depth = static_cast<uint8_t>(depth);
  node->born = born;
  node->weight = a.weight() + b.weight();
  node->leaf_count = a.leaf_count() + b.leaf_count();
  insert_child(*node, key_byte(a.key(), depth), a);
  insert_child(*node, key_byte(b.key(), depth), b);
  return node;
}

RadixNode* copy_radix_node(const RadixNode& node, uint32_t born) {
  RadixNode* made = nullptr;
  switch (node.kind) {
    case RadixKind::k4:
      made = allocate<RadixNode4>(static_cast<const RadixNode4&>(node));
      break;
    case RadixKind::k16:
      made = allocate<RadixNode16>(static_cast<const RadixNode16&>(node));
      break;
    case RadixKind::k48:
      made = allocate<RadixNode48>(static_cast<const RadixNode48&>(node));
      break;
    case RadixKind::k256:
      made = allocate<RadixNode256>(static_cast<const RadixNode256&>(node));
      break;
  }
  made->born = born;
  made->retired = Retired::kNo;
  return made;
}

void free_radix_node(RadixNode* node) {
  std::free(node);
}

void add_child(RadixRef& place, RadixRef child) {
  const RadixKind kind = place.node()->kind;
  if (place.node()->child_count == capacity(kind)) {
    assert(kind != kLargestKind);
    change_kind(place, larger(kind));
  }
  RadixNode& node = *place.node();
  insert_child(node, key_byte(child.key(), node.depth), child);
}

void remove_child(RadixNode& node, uint8_t byte) {
  const int slot = node.kind == RadixKind::k256 ? byte : find_slot(node, byte);
  assert(slot != kNoSlot);
  switch (node.kind) {
    case RadixKind::k4:
      remove_sorted(static_cast<RadixNode4&>(node), slot);
      break;
    case RadixKind::k16:
      remove_sorted(static_cast<RadixNode16&>(node), slot);
      break;
    case RadixKind::k48:
      close_gap(static_cast<RadixNode48&>(node).children, slot, node.child_count);
      static_cast<RadixNode48&>(node).set.remove(byte);
      break;
    case RadixKind::k256:
      static_cast<RadixNode256&>(node).children[byte] = RadixRef();
      static_cast<RadixNode256&>(node).set.remove(byte);
      break;
  }
  --node.child_count;
}

void settle(RadixRef& place) {
  RadixNode* node = place.node();
  if (node->child_count <= 1) {
    place = node->child_count == 0 ? RadixRef() : child_at(*node, first_slot(*node));
    free_radix_node(node);
    return;
  }
  RadixKind kind = node->kind;
  while (node->child_count <= shrink_at(kind))
    kind = smaller(kind);
  if (kind != node->kind) change_kind(place, kind);
}

}  // namespace weir
