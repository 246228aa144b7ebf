// A sorted map from stream IDs to leaves: an adaptive radix tree for keys of exactly 16 bytes.
//
// Inner nodes branch on one byte of the key and skip the bytes that all keys below share; a leaf
// hangs where its key is the only one left (radix_node.h draws both).  Five leaves, keys in hex:
//
//   root ─► byte 6 ┬ 01 ─► leaf 0000_0000_0000_01f0 …
//                  └ 02 ─► byte 7 ┬ 10 ─► leaf 0000_0000_0000_0210 …
//                                 ├ 20 ─► byte 15 ┬ 00 ─► leaf …_0220 0000_0000_0000_0000
//                                 │               └ 01 ─► leaf …_0220 0000_0000_0000_0001
//                                 └ 90 ─► leaf 0000_0000_0000_0290 …
//
// So a path has at most 16 inner nodes, for real streams three or four.  An empty tree allocates
// nothing, a tree of one leaf no inner node.  Each leaf has a weight (its live entries); inner
// nodes carry the sums, which makes totals O(1) and ranks O(path).
//
// Bounds.  A leaf may have a least(): the least of some other quantity of what it holds (the PEL:
// the oldest delivery).  Inner nodes keep a bound that is not above any least() below them, which
// lets a search skip subtrees that hold nothing old enough.  Bounds are lowered at once, and raised
// only when a search finds one too low (tighten): removing the oldest in turn costs nothing.
//
// Freezing.  freeze() is O(1): it raises the epoch and hands out the root as a FrozenTree, through
// which another thread may read all that was there, while the live tree goes on changing.  Each
// object knows the epoch in which it was born.  While frozen, an object born earlier is never
// written: who must change it copies it and the path above it, and the old one is put on a list
// instead of being freed.  Here the weight of x was changed and all below C erased:
//
//      frozen root         live root
//           │                  │
//           A×                 A'            ' copy, born in this epoch; the next change of it
//      ┌────┼────┐         ┌───┴┐              happens in place
//      B×   D    C⊗        B'   D            × on the list by itself
//     ┌┴─┐  │   ┌┴─┐      ┌┴─┐  │            ⊗ on the list with all below, which is one line,
//     x× y  …   z  …      x' y  …              however much hangs there
//
//      y and D with all below it exist once and serve both
//
// The list belongs to the FrozenTree.  Ending it is O(1): everything is writable again, and what is
// on the list can be freed by whom and when one likes.  The reading thread must be done by then.
// The tree may be moved or destroyed while frozen; then all that is left of it goes on the list.
//
// Always, while frozen: below a node of an earlier epoch is nothing of this one, so a writable leaf
// has a writable path; below a node of the frozen view that is not retired is nothing retired;
// nothing retired is reachable from the live root.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "streams/radix_node.h"

namespace weir {

/// Where a unit of weight was found: the leaf, and how many units of the leaf come before it.
template <class Leaf>
struct RadixSelect {
  const Leaf* leaf = nullptr;  // null: there are not that many
  uint64_t offset = 0;
};

/// Read-only sight of a tree: a root.  Cheap to copy; valid until the tree changes, or for a frozen
/// one until that is ended.  All but the sums cost one descent.
class RadixView {
 public:
  RadixView() = default;
  explicit RadixView(RadixRef root) : root_(root) {}

  // Each null when there is no such leaf.
  const RadixLeaf* find(const StreamId& id) const;
  const RadixLeaf* floor(const StreamId& id) const;    // greatest key <= id
  const RadixLeaf* ceiling(const StreamId& id) const;  // least key >= id
  const RadixLeaf* first() const;
  const RadixLeaf* last() const;

  /// Begins to fetch the leaf that find() and floor() will look at first.
  void prefetch(const StreamId& id) const;
  /// The leaf that floor() finds in most cases, itself not looked at; null in an empty tree.
  const RadixLeaf* likely_floor(const StreamId& id) const;

  uint64_t total_weight() const { return root_.weight(); }

  /// Sum of the weights of all leaves with a key < id.  Cost: one descent, and in each node the
  /// children on the nearer side of the path, so that it is cheap near both ends.
  uint64_t weight_before(const StreamId& id) const;

  /// The n-th unit of weight in key order, n from 0.
  RadixSelect<RadixLeaf> select(uint64_t n) const;

  /// Checks shape, order and sums of everything.  For tests.
  void assert_consistent() const;

  RadixRef root() const { return root_; }

 private:
  RadixRef root_;
};

/// Subtrees that were cut off a tree, which knows them no more.
struct RadixCuttingsBase {
  std::vector<RadixRef> roots;
  uint64_t leaf_count = 0;
};

/// What live trees let go of while they were frozen.  It owns that: whoever has it frees it, in
/// whatever thread, when it likes.
class RadixRetired {
 public:
  RadixRetired() = default;
  explicit RadixRetired(const RadixLeafOps& ops) : ops_(&ops) {}
  RadixRetired(RadixRetired&& other) noexcept = default;
  RadixRetired& operator=(RadixRetired&& other) = delete;
  ~RadixRetired();

  void add_with_all_below(RadixRef ref) { roots_.push_back(ref); }
  void add_alone(RadixNode& node) { nodes_.push_back(&node); }
  bool is_empty() const { return roots_.empty() && nodes_.empty(); }
  /// On the list, not counting what is below.
  size_t size() const { return roots_.size() + nodes_.size(); }
  /// Whether it is less than `most` leaves and nodes in all, as far as the list alone tells.
  bool is_less_than(size_t most) const {
    return size() < most &&
           std::none_of(roots_.begin(), roots_.end(), [](RadixRef ref) { return ref.is_node(); });
  }

 private:
  const RadixLeafOps* ops_ = nullptr;
  std::vector<RadixRef> roots_;
  std::vector<RadixNode*> nodes_;
};

class RadixTreeBase;

/// What a tree and the sight of its past have in common while it is frozen.
struct RadixFreeze {
  RadixTreeBase* tree;  // null when it is gone
  RadixView view;
  uint32_t epoch;       // from 1
  uint32_t leaf_count;  // of the live tree
  RadixRetired retired;
};

/// The state of a tree at the moment of freeze().  What it shows may be read in any thread; it is
/// ended and destroyed in the one that changes the tree.
class FrozenTree {
 public:
  FrozenTree() = default;
  FrozenTree(FrozenTree&& other) noexcept = default;
  FrozenTree& operator=(FrozenTree&& other) noexcept;
  ~FrozenTree() { end(); }

  RadixView view() const { return freeze_ ? freeze_->view : RadixView(); }
  uint64_t leaf_count() const { return leaf_count_; }

  /// Whether it stands for a freeze that has not been ended.
  bool is_held() const { return freeze_ != nullptr; }

  /// Makes the tree, if it is still there, writable in place again.  Returns what nobody sees any
  /// more.  Cost: O(1).
  RadixRetired end();

 private:
  friend class RadixTreeBase;
  FrozenTree(std::unique_ptr<RadixFreeze> freeze, uint32_t leaf_count)
      : freeze_(std::move(freeze)), leaf_count_(leaf_count) {}

  std::unique_ptr<RadixFreeze> freeze_;
  uint32_t leaf_count_ = 0;
};

/// The same with the type of the leaves.  It owns them: whoever has it frees them, in whatever
/// thread, when it likes.
template <class Leaf>
class RadixCuttings : private RadixCuttingsBase {
 public:
  RadixCuttings() = default;
  RadixCuttings(RadixCuttings&& other) noexcept
      : RadixCuttingsBase{std::exchange(other.roots, {}), std::exchange(other.leaf_count, 0)} {}
  RadixCuttings& operator=(RadixCuttings&& other) = delete;
  ~RadixCuttings();

  uint64_t size() const { return leaf_count; }

 private:
  template <class>
  friend class RadixTree;
};

/// The algorithm, without the type of the leaves; RadixTree below is what one uses.
class RadixTreeBase {
 public:
  RadixTreeBase() = default;
  RadixTreeBase(RadixTreeBase&& other) noexcept
      : root_(std::exchange(other.root_, RadixRef())), state_(std::exchange(other.state_, 0)) {
    if (is_frozen()) freeze_state().tree = this;
  }
  RadixTreeBase& operator=(RadixTreeBase&& other) = delete;
  ~RadixTreeBase() {
    assert(root_.is_empty());
    if (is_frozen()) freeze_state().tree = nullptr;
  }

  void swap(RadixTreeBase& other) noexcept {
    std::swap(root_, other.root_);
    std::swap(state_, other.state_);
    if (is_frozen()) freeze_state().tree = this;
    if (other.is_frozen()) other.freeze_state().tree = &other;
  }

  RadixView view() const { return RadixView(root_); }
  uint64_t leaf_count() const {
    return is_frozen() ? freeze_state().leaf_count : static_cast<uint32_t>(state_);
  }
  uint32_t epoch() const {
    return is_frozen() ? freeze_state().epoch : static_cast<uint32_t>(state_ >> kEpochShift);
  }
  bool is_frozen() const { return (state_ & kFrozenBit) != 0; }
  bool is_writable(uint32_t born) const { return !is_frozen() || born == freeze_state().epoch; }

  void insert(RadixLeaf* leaf, const RadixLeafOps& ops);
  void erase(const StreamId& id, const RadixLeafOps& ops);
  uint64_t cut_before(const StreamId& id, RadixCuttingsBase& cuttings, const RadixLeafOps& ops);
  void cut_all(RadixCuttingsBase& cuttings, const RadixLeafOps& ops);
  static void destroy(const RadixCuttingsBase& cuttings, const RadixLeafOps& ops);
  void clear(const RadixLeafOps& ops);
  void replace(const RadixLeaf* old_leaf, RadixLeaf* new_leaf);
  RadixLeaf* add_weight(const StreamId& id, int64_t delta, const RadixLeafOps& ops);
  uint64_t tighten(const RadixNode& node, const RadixLeafOps& ops);
  RadixLeaf* writable(const StreamId& id, const RadixLeafOps& ops);

  FrozenTree freeze(const RadixLeafOps& ops);

  void assert_consistent() const;

 private:
  friend class FrozenTree;
  static constexpr uint64_t kFrozenBit = uint64_t{1} << 63;
  static constexpr int kEpochShift = 32;

  RadixFreeze& freeze_state() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): state_ is a pointer with a bit, or an epoch
    return *reinterpret_cast<RadixFreeze*>(state_ & ~kFrozenBit);
  }
  void add_leaves(int64_t delta);

  RadixNode& own_node(RadixRef& place) {
    return is_writable(place.node()->born) ? *place.node() : copied_node(place);
  }
  RadixNode& copied_node(RadixRef& place);
  RadixLeaf& own_leaf(RadixRef& place, const RadixLeafOps& ops);
  void drop(RadixRef ref, const RadixLeafOps& ops, RadixCuttingsBase* cuttings = nullptr);
  void lower_bounds(const StreamId& id, uint64_t least);
  struct Removed;
  Removed cut_below(RadixRef& place, const StreamId& end, RadixCuttingsBase& cuttings,
                    const RadixLeafOps& ops);

  RadixRef root_;
  // The number of leaves and, above it, the epoch; while frozen the address of the RadixFreeze,
  // which knows both, and the highest bit, which no address of ours has.
  uint64_t state_ = 0;
};
static_assert(sizeof(RadixTreeBase) == 16);

/// The tree of one type of leaf, which derives from RadixLeaf and has
///   static Leaf* clone(const Leaf&)   a new allocation with the same key, weight and content
///   static void destroy(Leaf*)
/// and may have
///   uint64_t least() const
/// It owns its leaves.  Pointers to leaves stay valid until the leaf is erased, replaced, or, while
/// frozen, made writable.  Everything costs one descent unless it says otherwise.
template <class Leaf>
class RadixTree : private RadixTreeBase {
 public:
  using Select = RadixSelect<Leaf>;

  RadixTree() = default;
  RadixTree(RadixTree&& other) noexcept = default;
  RadixTree& operator=(RadixTree&& other) noexcept {
    RadixTree taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~RadixTree() { clear(); }

  using RadixTreeBase::assert_consistent;
  using RadixTreeBase::view;

  // --- Looking: leaves are changed through writable() only.

  const Leaf* find(const StreamId& id) const { return typed(view().find(id)); }
  const Leaf* floor(const StreamId& id) const { return typed(view().floor(id)); }
  void prefetch(const StreamId& id) const { view().prefetch(id); }
  const Leaf* likely_floor(const StreamId& id) const { return typed(view().likely_floor(id)); }
  const Leaf* ceiling(const StreamId& id) const { return typed(view().ceiling(id)); }
  const Leaf* first() const { return typed(view().first()); }
  const Leaf* last() const { return typed(view().last()); }

  uint64_t total_weight() const { return view().total_weight(); }
  uint64_t leaf_count() const { return RadixTreeBase::leaf_count(); }
  bool is_empty() const { return view().root().is_empty(); }
  uint64_t weight_before(const StreamId& id) const { return view().weight_before(id); }
  Select select(uint64_t n) const {
    const RadixSelect<RadixLeaf> found = view().select(n);
    return {typed(found.leaf), found.offset};
  }

  // --- Changing.

  /// Takes the leaf.  Its key must be absent.  Its weight is what the sums count from now on.
  void insert(Leaf* leaf) { RadixTreeBase::insert(leaf, ops()); }

  /// Removes and destroys a leaf, which must be there.
  void erase(const StreamId& id) { RadixTreeBase::erase(id, ops()); }

  /// Removes the leaves with key < id; returns their weight.  They are not destroyed yet, but
  /// become cuttings, unless the tree is frozen.  Cost: one descent and the inner nodes that go.
  uint64_t cut_before(const StreamId& id, RadixCuttings<Leaf>& cuttings) {
    return RadixTreeBase::cut_before(id, cuttings, ops());
  }
  /// All of them.  Cost: O(1).
  void cut_all(RadixCuttings<Leaf>& cuttings) { RadixTreeBase::cut_all(cuttings, ops()); }
  void clear() { RadixTreeBase::clear(ops()); }

  /// A leaf has moved to another allocation: hangs the new one in the old one's place.  The old
  /// one must have been writable and is not looked at, so realloc may have freed it already; the
  /// new one must have its key, born and weight.
  void replace(const Leaf* old_leaf, Leaf* new_leaf) { RadixTreeBase::replace(old_leaf, new_leaf); }

  /// Changes the weight of a leaf, which must be there, and the sums, and lowers the bounds above
  /// it to its least().  Returns the leaf: like writable(), it may have been cloned.
  Leaf* add_weight(const StreamId& id, int64_t delta) {
    return typed(RadixTreeBase::add_weight(id, delta, ops()));
  }

  /// The leaf for changing its content, or null.  While frozen it may be a clone of what find()
  /// returned before.  Do not change the key or the weight.
  Leaf* writable(const StreamId& id) { return typed(RadixTreeBase::writable(id, ops())); }

  /// The same for a leaf of this tree at hand.  Cost: one comparison in all but the first time
  /// that the leaf is wanted after a freeze.
  Leaf* writable(const Leaf* leaf) {
    return is_writable(*leaf) ? const_cast<Leaf*>(leaf) : writable(StreamId(leaf->key));
  }

  /// The exact bound of the children of a node of this tree; raises the node's if it may be
  /// written. Cost: O(children).
  uint64_t tighten(const RadixNode& node) { return RadixTreeBase::tighten(node, ops()); }

  /// Whether the leaf may be changed as it is.
  bool is_writable(const Leaf& leaf) const { return RadixTreeBase::is_writable(leaf.born); }

  // --- Freezing.

  using RadixTreeBase::is_frozen;

  /// Keeps the present state readable until the returned object is ended.  Cost: O(1).  One at a
  /// time for each tree.
  FrozenTree freeze() { return RadixTreeBase::freeze(ops()); }

 private:
  friend class RadixCuttings<Leaf>;

  static const Leaf* typed(const RadixLeaf* leaf) { return static_cast<const Leaf*>(leaf); }
  static Leaf* typed(RadixLeaf* leaf) { return static_cast<Leaf*>(leaf); }

  static RadixLeaf* clone(const RadixLeaf& leaf) {
    return Leaf::clone(static_cast<const Leaf&>(leaf));
  }
  static void destroy(RadixLeaf* leaf) { Leaf::destroy(static_cast<Leaf*>(leaf)); }
  static uint64_t least(const RadixLeaf& leaf) {
    if constexpr (requires { static_cast<const Leaf&>(leaf).least(); }) {
      return static_cast<const Leaf&>(leaf).least();
    } else {
      return UINT64_MAX;
    }
  }
  static const RadixLeafOps& ops() {
    static constexpr RadixLeafOps kOps{&clone, &destroy, &least};
    return kOps;
  }
};

template <class Leaf>
RadixCuttings<Leaf>::~RadixCuttings() {
  RadixTreeBase::destroy(*this, RadixTree<Leaf>::ops());
}

}  // namespace weir
