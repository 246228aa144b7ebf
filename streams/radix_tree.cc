#include "streams/radix_tree.h"

#include <algorithm>
#include <cstdint>

#include "streams/prefetch.h"

namespace weir {

namespace {

const RadixLeaf* first_leaf(RadixRef ref) {
  while (ref.is_node())
    ref = children(*ref.node()).front();
  return ref.leaf();
}

const RadixLeaf* last_leaf(RadixRef ref) {
  while (ref.is_node())
    ref = children(*ref.node()).back();
  return ref.leaf();
}

/// The way from the root towards a key: the nodes whose prefix the key has, then where it ended.
struct Descent {
  const RadixNode* path[kRadixKeyBytes];
  int length = 0;
  RadixRef end;  // nothing, a leaf, or a node with another prefix

  Descent(RadixRef root, const StreamId& id) : end(root) {
    while (end.is_node() && prefix_matches(*end.node(), id)) {
      const RadixNode& node = *end.node();
      path[length++] = &node;
      const int slot = find_slot(node, key_byte(id, node.depth));
      end = slot == kNoSlot ? RadixRef() : child_at(node, slot);
    }
  }
};

/// The place of a key that must be below the node.
RadixRef& place_below(RadixNode& node, const StreamId& id) {
  const int slot = find_slot(node, key_byte(id, node.depth));
  assert(slot != kNoSlot);
  return child_at(node, slot);
}

uint64_t weight_of(std::span<const RadixRef> refs) {
  uint64_t sum = 0;
  for (const RadixRef ref : refs)
    sum += ref.weight();
  return sum;
}

/// Sum of the children with bytes less than `byte`, counted on the side that has fewer of them.
uint64_t weight_of_bytes_before(const RadixNode& node, uint8_t byte) {
  const std::span<const RadixRef> all = children(node);
  const auto before = static_cast<size_t>(rank(node, byte));
  return before < all.size() / 2 ? weight_of(all.first(before))
                                 : node.weight - weight_of(all.subspan(before));
}

/// The least and the greatest key that could be at or below a reference.
struct KeySpan {
  StreamId least;
  StreamId greatest;
};

KeySpan span_of(RadixRef ref) {
  if (ref.is_leaf()) return {ref.key(), ref.key()};
  const RadixNode& node = *ref.node();
  const int low_bits = 64 - 8 * (node.depth & 7);  // of the half with byte `depth`, 8 … 64
  const uint64_t low = ~uint64_t{0} >> (64 - low_bits);
  if (node.depth < 8) return {{node.key.ms & ~low, 0}, {node.key.ms | low, UINT64_MAX}};
  return {{node.key.ms, node.key.seq & ~low}, {node.key.ms, node.key.seq | low}};
}

void destroy_all(RadixRef ref, const RadixLeafOps& ops) {
  if (ref.is_leaf()) {
    ops.destroy(ref.leaf());
    return;
  }
  RadixNode& node = *ref.node();
  for (const RadixRef child : children(node))
    destroy_all(child, ops);
  free_radix_node(&node);
}

void assert_shape(RadixRef ref) {
  if (!ref.is_node()) return;
  const RadixNode& node = *ref.node();
  assert_node_consistent(node);
  uint64_t weight = 0;
  for (const RadixRef child : children(node)) {
    assert_shape(child);
    assert(child.is_leaf() || child.node()->least >= node.least);
    weight += child.weight();
  }
  assert(weight == node.weight);
}

/// Cost: O(inner nodes).
uint32_t count_leaves(RadixRef ref) {
  if (ref.is_empty()) return 0;
  if (ref.is_leaf()) return 1;
  uint32_t count = 0;
  for (const RadixRef child : children(*ref.node()))
    count += count_leaves(child);
  return count;
}

uint64_t least_of(RadixRef ref, const RadixLeafOps& ops) {
  return ref.is_leaf() ? ops.least(*ref.leaf()) : ref.node()->least;
}

/// Checks births and marks below a reference of the live tree.
void assert_alive(RadixRef ref, uint32_t epoch, bool is_frozen) {
  assert(ref.born() <= epoch);
  if (ref.is_leaf()) {
    assert(!ref.leaf()->retired);
    return;
  }
  const RadixNode& node = *ref.node();
  assert(!node.retired);
  for (const RadixRef child : children(node)) {
    assert(!is_frozen || node.born == epoch || child.born() < epoch);
    assert_alive(child, epoch, is_frozen);
  }
}

}  // namespace

// --- RadixView ----------------------------------------------------------------------------------

const RadixLeaf* RadixView::find(const StreamId& id) const {
  // Prefixes need no look on the way: the leaf has the whole key.
  RadixRef ref = root_;
  while (ref.is_node()) {
    const RadixNode& node = *ref.node();
    const int slot = find_slot(node, key_byte(id, node.depth));
    if (slot == kNoSlot) return nullptr;
    ref = child_at(node, slot);
  }
  return ref.is_leaf() && ref.leaf()->key == id ? ref.leaf() : nullptr;
}

const RadixLeaf* RadixView::likely_floor(const StreamId& id) const {
  RadixRef ref = root_;
  while (ref.is_node()) {
    const RadixNode& node = *ref.node();
    const uint8_t byte = key_byte(id, node.depth);
    const int slot = find_slot(node, byte);
    ref = child_at(node, slot != kNoSlot ? slot : std::max(slot_before(node, byte), 0));
  }
  return ref.is_leaf() ? ref.leaf() : nullptr;
}

void RadixView::prefetch(const StreamId& id) const {
  if (const RadixLeaf* const leaf = likely_floor(id)) weir::prefetch<2>(leaf);
}

const RadixLeaf* RadixView::floor(const StreamId& id) const {
  const Descent way(root_, id);
  if (!way.end.is_empty() && way.end.key() <= id) return last_leaf(way.end);
  for (int i = way.length - 1; i >= 0; --i) {
    const RadixNode& node = *way.path[i];
    const int slot = slot_before(node, key_byte(id, node.depth));
    if (slot != kNoSlot) return last_leaf(child_at(node, slot));
  }
  return nullptr;
}

const RadixLeaf* RadixView::ceiling(const StreamId& id) const {
  const Descent way(root_, id);
  if (!way.end.is_empty() && way.end.key() >= id) return first_leaf(way.end);
  for (int i = way.length - 1; i >= 0; --i) {
    const RadixNode& node = *way.path[i];
    const int slot = slot_from(node, key_byte(id, node.depth) + 1);
    if (slot != kNoSlot) return first_leaf(child_at(node, slot));
  }
  return nullptr;
}

const RadixLeaf* RadixView::first() const {
  return root_.is_empty() ? nullptr : first_leaf(root_);
}

const RadixLeaf* RadixView::last() const {
  return root_.is_empty() ? nullptr : last_leaf(root_);
}

uint64_t RadixView::weight_before(const StreamId& id) const {
  const Descent way(root_, id);
  uint64_t sum = !way.end.is_empty() && way.end.key() < id ? way.end.weight() : 0;
  for (int i = 0; i < way.length; ++i)
    sum += weight_of_bytes_before(*way.path[i], key_byte(id, way.path[i]->depth));
  return sum;
}

RadixSelect<RadixLeaf> RadixView::select(uint64_t n) const {
  if (n >= root_.weight()) return {};
  RadixRef ref = root_;
  while (ref.is_node()) {
    const RadixRef* child = children(*ref.node()).data();
    for (; n >= child->weight(); ++child)
      n -= child->weight();
    ref = *child;
  }
  return {ref.leaf(), n};
}

void RadixView::assert_consistent() const {
  assert_shape(root_);
}

// --- RadixTreeBase: what makes the freeze work --------------------------------------------------

/// A copy in the place, which must itself be writable, of a node that the frozen view has.
RadixNode& RadixTreeBase::copied_node(RadixRef& place) {
  RadixNode& node = *place.node();
  assert(!node.retired);
  RadixNode* copy = copy_radix_node(node, epoch());
  node.retired = true;
  freeze_state().retired.add_alone(node);
  place = RadixRef(copy);
  return *copy;
}

RadixLeaf& RadixTreeBase::own_leaf(RadixRef& place, const RadixLeafOps& ops) {
  RadixLeaf& leaf = *place.leaf();
  if (is_writable(leaf.born)) return leaf;
  assert(!leaf.retired);
  RadixLeaf* clone = ops.clone(leaf);
  assert(clone->key == leaf.key && clone->weight == leaf.weight);
  clone->born = epoch();
  clone->retired = false;
  leaf.retired = true;
  freeze_state().retired.add_with_all_below(place);
  place = RadixRef(clone);
  return *clone;
}

/// Lets go of what the live tree no longer reaches: frees it, or adds it to the cuttings, or leaves
/// it to the frozen view.
void RadixTreeBase::drop(RadixRef ref, const RadixLeafOps& ops, RadixCuttingsBase* cuttings) {
  if (!is_frozen() && cuttings != nullptr) {
    cuttings->roots.push_back(ref);
  } else if (!is_frozen()) {
    destroy_all(ref, ops);
  } else if (!is_writable(ref.born())) {
    (ref.is_leaf() ? ref.leaf()->retired : ref.node()->retired) = true;
    freeze_state().retired.add_with_all_below(ref);  // nothing below is younger
  } else if (ref.is_leaf()) {
    ops.destroy(ref.leaf());
  } else {
    RadixNode& node = *ref.node();
    for (const RadixRef child : children(node))
      drop(child, ops);
    free_radix_node(&node);
  }
}

void RadixTreeBase::add_leaves(int64_t delta) {
  if (is_frozen())
    freeze_state().leaf_count += static_cast<uint32_t>(delta);
  else
    state_ += static_cast<uint64_t>(delta);
}

FrozenTree RadixTreeBase::freeze(const RadixLeafOps& ops) {
  assert(!is_frozen());
  const auto count = static_cast<uint32_t>(leaf_count());
  assert(epoch() < INT32_MAX);  // at one freeze a second it lasts 68 years
  auto freeze = std::make_unique<RadixFreeze>(RadixFreeze{.tree = this,
                                                          .view = view(),
                                                          .epoch = epoch() + 1,
                                                          .leaf_count = count,
                                                          .retired = RadixRetired(ops)});
  state_ = reinterpret_cast<uint64_t>(freeze.get()) | kFrozenBit;
  return {std::move(freeze), count};
}

FrozenTree& FrozenTree::operator=(FrozenTree&& other) noexcept {
  end();
  freeze_ = std::move(other.freeze_);
  leaf_count_ = other.leaf_count_;
  return *this;
}

RadixRetired FrozenTree::end() {
  if (freeze_ == nullptr) return {};
  const std::unique_ptr<RadixFreeze> freeze = std::move(freeze_);
  if (freeze->tree != nullptr) {
    freeze->tree->state_ =
        uint64_t{freeze->epoch} << RadixTreeBase::kEpochShift | freeze->leaf_count;
  }
  return std::move(freeze->retired);
}

RadixRetired::~RadixRetired() {
  for (const RadixRef root : roots_)
    destroy_all(root, *ops_);
  for (RadixNode* const node : nodes_)
    free_radix_node(node);
}

void RadixTreeBase::assert_consistent() const {
  assert(leaf_count() == count_leaves(root_));
  if (root_.is_empty()) return;
  assert_shape(root_);
  assert_alive(root_, epoch(), is_frozen());
}

// --- RadixTreeBase: changes ---------------------------------------------------------------------

void RadixTreeBase::insert(RadixLeaf* leaf, const RadixLeafOps& ops) {
  leaf->born = epoch();
  leaf->retired = false;
  add_leaves(1);
  const uint64_t least = ops.least(*leaf);
  RadixRef* place = &root_;
  while (place->is_node() && prefix_matches(*place->node(), leaf->key)) {
    RadixNode& node = own_node(*place);
    node.weight += leaf->weight;
    node.least = std::min(node.least, least);
    const int slot = find_slot(node, key_byte(leaf->key, node.depth));
    if (slot == kNoSlot) {
      add_child(*place, RadixRef(leaf));
      return;
    }
    place = &child_at(node, slot);
  }
  if (place->is_empty()) {
    *place = RadixRef(leaf);
    return;
  }
  const int depth = first_difference(place->key(), leaf->key);
  assert(depth < kRadixKeyBytes);  // the key must be new
  const uint64_t beside = least_of(*place, ops);
  RadixNode* const node = new_radix_node(*place, RadixRef(leaf), depth, epoch());
  node->least = std::min(least, beside);
  *place = RadixRef(node);
}

void RadixTreeBase::erase(const StreamId& id, const RadixLeafOps& ops) {
  const RadixLeaf* leaf = view().find(id);
  assert(leaf != nullptr);
  const StreamId key = id;  // the caller's may be the one in the leaf
  RadixRef* parent = nullptr;
  RadixRef* place = &root_;
  while (place->is_node()) {
    RadixNode& node = own_node(*place);
    node.weight -= leaf->weight;
    parent = place;
    place = &place_below(node, key);
  }
  drop(*place, ops);
  add_leaves(-1);
  if (parent == nullptr) {
    root_ = RadixRef();
    return;
  }
  remove_child(*parent->node(), key_byte(key, parent->node()->depth));
  settle(*parent);
}

struct RadixTreeBase::Removed {
  uint64_t weight = 0;
  uint32_t leaf_count = 0;
};

uint64_t RadixTreeBase::cut_before(const StreamId& id, RadixCuttingsBase& cuttings,
                                   const RadixLeafOps& ops) {
  // Trimming mostly finds nothing to do; then nothing may be copied either.
  const RadixLeaf* leaf = view().ceiling(kMinStreamId);
  if (leaf == nullptr || leaf->key >= id) return 0;
  const Removed removed = cut_below(root_, StreamId(id), cuttings, ops);
  add_leaves(-int64_t{removed.leaf_count});
  if (!is_frozen()) cuttings.leaf_count += removed.leaf_count;
  return removed.weight;
}

/// Removes the keys before `end` at and below `place`, which may be left empty.
RadixTreeBase::Removed RadixTreeBase::cut_below(RadixRef& place, const StreamId& end,
                                                RadixCuttingsBase& cuttings,
                                                const RadixLeafOps& ops) {
  const KeySpan span = span_of(place);
  if (span.least >= end) return {};
  if (span.greatest < end) {
    const Removed all{.weight = place.weight(), .leaf_count = count_leaves(place)};
    drop(place, ops, &cuttings);
    place = RadixRef();
    return all;
  }

  RadixNode& node = own_node(place);
  const uint8_t last = key_byte(end, node.depth);
  Removed sum;
  for (int slot = slot_from(node, 0); slot != kNoSlot;) {
    RadixRef& child = child_at(node, slot);
    const uint8_t byte = key_byte(child.key(), node.depth);
    if (byte > last) break;
    const Removed below = cut_below(child, end, cuttings, ops);
    sum.weight += below.weight;
    sum.leaf_count += below.leaf_count;
    if (child.is_empty()) remove_child(node, byte);
    slot = slot_from(node, byte + 1);
  }
  node.weight -= sum.weight;
  settle(place);
  return sum;
}

void RadixTreeBase::cut_all(RadixCuttingsBase& cuttings, const RadixLeafOps& ops) {
  if (!is_frozen()) cuttings.leaf_count += leaf_count();
  if (!root_.is_empty()) drop(root_, ops, &cuttings);
  root_ = RadixRef();
  add_leaves(-static_cast<int64_t>(leaf_count()));
}

void RadixTreeBase::destroy(const RadixCuttingsBase& cuttings, const RadixLeafOps& ops) {
  for (const RadixRef root : cuttings.roots)
    destroy_all(root, ops);
}

void RadixTreeBase::clear(const RadixLeafOps& ops) {
  if (!root_.is_empty()) drop(root_, ops);
  root_ = RadixRef();
  add_leaves(-static_cast<int64_t>(leaf_count()));
}

void RadixTreeBase::replace(const RadixLeaf* old_leaf, RadixLeaf* new_leaf) {
  assert(is_writable(new_leaf->born));  // has it from the old one
  RadixRef* place = &root_;
  while (place->is_node())
    place = &place_below(*place->node(), new_leaf->key);
  assert(*place == RadixRef(const_cast<RadixLeaf*>(old_leaf)));
  *place = RadixRef(new_leaf);
}

RadixLeaf* RadixTreeBase::add_weight(const StreamId& id, int64_t delta, const RadixLeafOps& ops) {
  RadixRef* place = &root_;
  uint64_t bound = 0;  // of the node above the leaf, the greatest on the way
  while (place->is_node()) {
    RadixNode& node = own_node(*place);
    node.weight += static_cast<uint64_t>(delta);
    bound = node.least;
    place = &place_below(node, id);
  }
  assert(place->is_leaf() && place->key() == id);
  RadixLeaf& leaf = own_leaf(*place, ops);
  const int64_t weight = int64_t{leaf.weight} + delta;
  assert(weight >= 0 && weight <= UINT32_MAX);
  leaf.weight = static_cast<uint32_t>(weight);
  if (const uint64_t least = ops.least(leaf); least < bound) lower_bounds(id, least);
  return &leaf;
}

/// On the way to a leaf, which is writable.
void RadixTreeBase::lower_bounds(const StreamId& id, uint64_t least) {
  RadixRef* place = &root_;
  while (place->is_node()) {
    RadixNode& node = *place->node();
    node.least = std::min(node.least, least);
    place = &place_below(node, id);
  }
}

uint64_t RadixTreeBase::tighten(const RadixNode& node, const RadixLeafOps& ops) {
  uint64_t least = UINT64_MAX;
  for (const RadixRef child : children(node))
    least = std::min(least, least_of(child, ops));
  if (is_writable(node.born)) const_cast<RadixNode&>(node).least = least;
  return least;
}

RadixLeaf* RadixTreeBase::writable(const StreamId& id, const RadixLeafOps& ops) {
  const RadixLeaf* leaf = view().find(id);
  if (leaf == nullptr) return nullptr;
  if (is_writable(leaf->born)) return const_cast<RadixLeaf*>(leaf);
  RadixRef* place = &root_;
  while (place->is_node())
    place = &place_below(own_node(*place), id);
  return &own_leaf(*place, ops);
}

}  // namespace weir
