// What the radix tree is made of: leaves, which its users define, and inner nodes in two forms.
// How the parts work together is told in radix_tree.h; here is how they lie in memory.
//
//   RadixRef          a tagged pointer: nothing, a leaf (low bit set) or an inner node
//
//   RadixLeaf         ┌────────┬────────┬──────────┬───────────┬─────────┬ ─ ─ ─ ─ ─ ─ ─ ─ ─
//                     │ key 16 │ born 4 │ weight 4 │ retired 1 │ 7 spare │ what the user adds
//                     └────────┴────────┴──────────┴───────────┴─────────┴ ─ ─ ─ ─ ─ ─ ─ ─ ─
//
//   RadixNode         ┌────────┬──────────┬─────────┬────────┬───┬───┬───┬───┐
//                     │ key 16 │ weight 8 │ least 8 │ born 4 │   │   │   │   │
//                     └────────┴──────────┴─────────┴────────┴─┬─┴─┬─┴─┬─┴─┬─┘
//                                       child count 2 ─────────┘   │   │   └─ retired 1
//                                                           depth 1 ┘   └─ shape 1
//   behind it, by form
//     sorted          │ bytes, ascending, then 0xff │ children in the same order              │
//     ranked          │ set of bytes                │ children in the order of the set's bytes │
//
// An inner node says "all keys below me agree in their first `depth` bytes; byte `depth` tells my
// children apart".  Those first bytes are not cut into pieces along the path: each node has them
// all, as the beginning of `key`, which is some key that was once below it (bytes from `depth` on
// mean nothing).  So whether an ID belongs below a node is two XORs, and a node stays as it is
// when one is put above it (split) or when the one above it goes (join).
//
// A child's place in its node is a slot: its rank among the children.  Up to 16 bytes are found by
// comparing all of them at once, more by counting bits.  A shape is a form and a capacity; the
// eleven of them fill the allocator's size classes, since half of what an entry costs beyond its
// own bytes would otherwise be empty slots: nodes of a stream are a few dozen IDs apart, so an
// inner node of the last byte has a handful of children, or a few dozen.
//
// Always: a node in a tree has 2 to 256 children and a shape that fits their number; shapes grow
// when full and shrink when clearly too big, so that adding and removing one child in turn does
// not allocate each time.  malloc and free of inner nodes happen here and nowhere else.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "streams/stream_id.h"

namespace weir {

/// What every leaf begins with.  The tree keeps it; its users read it, and write what lies behind.
/// The 7 bytes after `retired` are free: the first small members of the derived type land there.
/// A thread that reads a frozen view must leave `retired` alone, so it must not copy a leaf whole:
/// only assertions of the thread that changes the tree look at it.
struct RadixLeaf {
  StreamId key;          // constant while in a tree
  uint32_t born = 0;     // the tree's epoch when it was made or cloned
  uint32_t weight = 0;   // what the tree was told (live entries); inner nodes keep the sums
  bool retired = false;  // dropped by the live tree, kept for the frozen view
};
static_assert(sizeof(RadixLeaf) == 32);

/// What the tree must be able to do with a leaf without knowing its type.
struct RadixLeafOps {
  RadixLeaf* (*clone)(const RadixLeaf&);
  void (*destroy)(RadixLeaf*);
  uint64_t (*least)(const RadixLeaf&);  // a lower bound of the users' own, see radix_tree.h
};

struct RadixNode;

/// Something a tree hangs up: nothing, a leaf or an inner node.
class RadixRef {
 public:
  RadixRef() = default;
  explicit RadixRef(RadixLeaf* leaf) : tagged_(reinterpret_cast<char*>(leaf) + 1) {}
  explicit RadixRef(RadixNode* node) : tagged_(reinterpret_cast<char*>(node)) {}

  bool is_empty() const { return tagged_ == nullptr; }
  bool is_leaf() const { return (reinterpret_cast<uintptr_t>(tagged_) & 1) != 0; }
  bool is_node() const { return !is_empty() && !is_leaf(); }
  RadixLeaf* leaf() const { return reinterpret_cast<RadixLeaf*>(tagged_ - 1); }
  RadixNode* node() const { return reinterpret_cast<RadixNode*>(tagged_); }

  // Of what it refers to, which must not be nothing.
  inline const StreamId& key() const;
  inline uint32_t born() const;

  // The sum of what is at and below it; nothing weighs nothing.
  inline uint64_t weight() const;

  friend bool operator==(RadixRef, RadixRef) = default;

 private:
  char* tagged_ = nullptr;  // one byte into a leaf, or at the beginning of a node
};

struct RadixNode {
  StreamId key;  // its first `depth` bytes are those of every key below
  uint64_t weight = 0;
  uint64_t least = UINT64_MAX;  // not above that of any leaf below
  uint32_t born = 0;
  uint16_t child_count = 0;
  uint8_t depth = 0;     // index of the key byte that tells the children apart, 0 … 15
  uint8_t shape = 0;     // index into kRadixShapes
  bool retired = false;  // as in a leaf
};

inline const StreamId& RadixRef::key() const {
  assert(!is_empty());
  return is_leaf() ? leaf()->key : node()->key;
}
inline uint32_t RadixRef::born() const {
  return is_leaf() ? leaf()->born : node()->born;
}
inline uint64_t RadixRef::weight() const {
  return is_empty() ? 0 : is_leaf() ? leaf()->weight : node()->weight;
}

/// No such child.
inline constexpr int kNoSlot = -1;

/// A set of byte values as 256 bits, with a count before each word so that ranks are cheap.
class ByteSet {
 public:
  bool contains(uint8_t byte) const { return ((words_[byte >> 6] >> (byte & 63)) & 1) != 0; }
  void add(uint8_t byte);
  void remove(uint8_t byte);

  /// How many members are less than `byte`.
  int count_below(uint8_t byte) const {
    const uint64_t lower = words_[byte >> 6] & ((uint64_t{1} << (byte & 63)) - 1);
    return before_[byte >> 6] + std::popcount(lower);
  }

  /// The least member >= from (0 … 256), or kNoSlot.
  int next(int from) const {
    uint64_t mask = ~uint64_t{0} << (from & 63);
    for (int word = from >> 6; word < 4; ++word, mask = ~uint64_t{0}) {
      const uint64_t found = words_[word] & mask;
      if (found != 0) return word * 64 + std::countr_zero(found);
    }
    return kNoSlot;
  }

 private:
  uint64_t words_[4] = {};
  uint8_t before_[4] = {};  // members in the words before this one, at most 192
};

struct RadixShape {
  uint16_t capacity;         // children
  uint16_t children_offset;  // from the beginning of the node, in bytes
  constexpr size_t bytes() const { return children_offset + capacity * sizeof(RadixRef); }
};

/// Sorted bytes begin in what would be padding.
inline constexpr size_t kSortedBytesOffset = offsetof(RadixNode, retired) + 1;

constexpr RadixShape sorted_shape(size_t capacity) {
  const size_t end = kSortedBytesOffset + capacity;
  return {static_cast<uint16_t>(capacity), static_cast<uint16_t>((end + 7) / 8 * 8)};
}
constexpr RadixShape ranked_shape(size_t capacity) {
  return {static_cast<uint16_t>(capacity), sizeof(RadixNode) + sizeof(ByteSet)};
}

inline constexpr RadixShape kRadixShapes[] = {
    sorted_shape(4),   sorted_shape(9),   sorted_shape(16), ranked_shape(29),
    ranked_shape(37),  ranked_shape(53),  ranked_shape(69), ranked_shape(101),
    ranked_shape(149), ranked_shape(213), ranked_shape(256)};
inline constexpr uint8_t kSortedShapes = 3;

// Sorted bytes are compared sixteen at a time, in every shape.
static_assert(kSortedBytesOffset + 16 <= kRadixShapes[0].bytes());
// What allocators hand out.
static_assert(kRadixShapes[0].bytes() == 80 && kRadixShapes[1].bytes() == 128);
static_assert(kRadixShapes[2].bytes() == 192 && kRadixShapes[3].bytes() == 320);

// --- Reading ------------------------------------------------------------------------------------

/// Index of the first byte in which two keys differ, kRadixKeyBytes when they are equal.
inline int first_difference(const StreamId& a, const StreamId& b) {
  if (a.ms != b.ms) return std::countl_zero(a.ms ^ b.ms) / 8;
  if (a.seq != b.seq) return 8 + std::countl_zero(a.seq ^ b.seq) / 8;
  return kRadixKeyBytes;
}

/// Whether keys like `id` belong below the node.
inline bool prefix_matches(const RadixNode& node, const StreamId& id) {
  return first_difference(node.key, id) >= node.depth;
}

inline bool is_sorted(const RadixNode& node) {
  return node.shape < kSortedShapes;
}
inline const uint8_t* sorted_bytes(const RadixNode& node) {
  return reinterpret_cast<const uint8_t*>(&node) + kSortedBytesOffset;
}
inline const ByteSet& byte_set(const RadixNode& node) {
  return *reinterpret_cast<const ByteSet*>(&node + 1);
}

/// In the order of their keys; a slot is an index into it.
inline std::span<RadixRef> children(RadixNode& node) {
  char* const at = reinterpret_cast<char*>(&node) + kRadixShapes[node.shape].children_offset;
  return {reinterpret_cast<RadixRef*>(at), node.child_count};
}
inline std::span<const RadixRef> children(const RadixNode& node) {
  return children(const_cast<RadixNode&>(node));
}

inline const RadixRef& child_at(const RadixNode& node, int slot) {
  return children(node)[static_cast<size_t>(slot)];
}
inline RadixRef& child_at(RadixNode& node, int slot) {
  return children(node)[static_cast<size_t>(slot)];
}

/// How many of the first `count` bytes, ascending and at most 16, are less than `byte`.  There are
/// 16 to read.
inline int count_less(const uint8_t* bytes, int count, uint8_t byte) {
#ifdef __SSE2__
  const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(byte));
  const int not_less = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(all, wanted), all));
  return std::countr_zero(static_cast<unsigned>(not_less | 1 << count));
#else
  int less = 0;
  while (less < count && bytes[less] < byte)
    ++less;
  return less;
#endif
}

/// How many children have a byte less than `byte`.
inline int rank(const RadixNode& node, uint8_t byte) {
  if (is_sorted(node)) return count_less(sorted_bytes(node), node.child_count, byte);
  return byte_set(node).count_below(byte);
}

/// The slot of the child for `byte`, or kNoSlot.
inline int find_slot(const RadixNode& node, uint8_t byte) {
  if (!is_sorted(node)) {
    const ByteSet& set = byte_set(node);
    return set.contains(byte) ? set.count_below(byte) : kNoSlot;
  }
  const int slot = rank(node, byte);
  return slot < node.child_count && sorted_bytes(node)[slot] == byte ? slot : kNoSlot;
}

/// The slot with the least byte >= from (0 … 256), or kNoSlot.
inline int slot_from(const RadixNode& node, int from) {
  const int slot = from > 255 ? node.child_count : rank(node, static_cast<uint8_t>(from));
  return slot < node.child_count ? slot : kNoSlot;
}
/// The slot with the greatest byte < end, or kNoSlot.
inline int slot_before(const RadixNode& node, uint8_t end) {
  return rank(node, end) - 1;
}

/// Checks what a node says about itself: order, kind, and that each child is where its key belongs.
void assert_node_consistent(const RadixNode& node);

// --- Changing: the sums are the caller's business, and so is whether the node may be changed -----

/// A node above two subtrees whose keys first differ at byte `depth`, with the greatest `least`.
RadixNode* new_radix_node(RadixRef a, RadixRef b, int depth, uint32_t born);
RadixNode* copy_radix_node(const RadixNode& node, uint32_t born);
void free_radix_node(RadixNode* node);

/// Hangs `child` below the node at `place`, which has none for that byte.  A full node is replaced
/// by one of the next shape.
void add_child(RadixRef& place, RadixRef child);

/// Forgets the child for `byte`.  The node may be left with too few children: then settle().
void remove_child(RadixNode& node, uint8_t byte);

/// Gives the node at `place` the shape that fits its children after some were removed: a smaller
/// shape, its only child instead of itself, or nothing.
void settle(RadixRef& place);

}  // namespace weir
