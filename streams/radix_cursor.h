// A place in a radix tree that moves to the next and the previous leaf.
//
// The cursor remembers the way down from the root, one (node, slot) per level, on a stack of fixed
// size: a path has at most 16 inner nodes, one for each byte of the key.
//
//   frames   (node, slot 2) ─► (node, slot 0) ─► … ─► leaf
//            next(): the deepest frame that has a later slot moves to it, then down its left edge
//
// Stepping is amortised O(1), seeking one descent; nothing is allocated.  It reads the live tree or
// a frozen view.  Any change to the tree makes its cursors invalid; those on a frozen view stay
// valid until it is thawed.
//
// Always: the frames lead from the root to leaf(); a cursor that stepped off either end has no leaf
// and can only seek.
#pragma once

#include <array>

#include "streams/radix_tree.h"

namespace weir {

/// The cursor without the type of the leaves.  Use Cursor.
class RadixCursor {
 public:
  /// On no leaf at first.
  explicit RadixCursor(RadixView view) : view_(view) {}

  // Each tells whether there is such a leaf, where the cursor then is.
  bool seek_first();
  bool seek_ceiling(const StreamId& id);  // least key >= id
  bool seek_floor(const StreamId& id);    // greatest key <= id

  // From a leaf to its neighbour; tells whether there is one.
  bool next();
  bool prev();

  /// Null when the cursor is on no leaf.
  const RadixLeaf* leaf() const { return leaf_; }

 private:
  struct Frame {
    const RadixNode* node;
    int slot;
  };

  RadixRef enter(const RadixNode& node, int slot);
  bool descend_first(RadixRef ref);
  bool descend_last(RadixRef ref);
  bool land_near(const StreamId& id);

  RadixView view_;
  const RadixLeaf* leaf_ = nullptr;
  int depth_ = 0;
  std::array<Frame, kRadixKeyBytes> frames_;  // the first depth_ of them
};

/// A cursor over a RadixTree<Leaf>, or over a frozen view of one.
///
///   for (Cursor<Leaf> cursor(tree, from); cursor; cursor.next()) use(*cursor);
template <class Leaf>
class Cursor {
 public:
  explicit Cursor(RadixView view) : cursor_(view) {}
  explicit Cursor(const RadixTree<Leaf>& tree) : cursor_(tree.view()) {}
  explicit Cursor(const FrozenTree& frozen) : cursor_(frozen.view()) {}

  /// On the least key >= from.
  template <class Tree>
  Cursor(const Tree& tree, const StreamId& from) : Cursor(tree) {
    cursor_.seek_ceiling(from);
  }

  bool seek_first() { return cursor_.seek_first(); }
  bool seek_ceiling(const StreamId& id) { return cursor_.seek_ceiling(id); }
  bool seek_floor(const StreamId& id) { return cursor_.seek_floor(id); }
  bool next() { return cursor_.next(); }
  bool prev() { return cursor_.prev(); }

  /// Null when the cursor is on no leaf.
  const Leaf* leaf() const { return static_cast<const Leaf*>(cursor_.leaf()); }
  const Leaf& operator*() const { return *leaf(); }
  const Leaf* operator->() const { return leaf(); }
  explicit operator bool() const { return cursor_.leaf() != nullptr; }

 private:
  RadixCursor cursor_;
};

}  // namespace weir
