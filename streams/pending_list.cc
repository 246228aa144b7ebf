#include "streams/pending_list.h"

#include <algorithm>
#include <cassert>

namespace weir {
namespace {

/// The least key that could be at or below a reference.
StreamId least_key(RadixRef ref) {
  const StreamId key = ref.key();
  if (ref.is_leaf()) return key;
  const int depth = ref.node()->depth;
  const int low_bits = 64 - 8 * (depth & 7);
  const uint64_t low = ~uint64_t{0} >> (64 - low_bits);
  return depth < 8 ? StreamId{key.ms & ~low, 0} : StreamId{key.ms, key.seq & ~low};
}

NackBlock& block_of(RadixRef ref) {
  return *static_cast<NackBlock*>(ref.leaf());
}

}  // namespace

// --- Looking -------------------------------------------------------------------------------------

std::optional<Nack> PendingList::find(const StreamId& id) const {
  const NackBlock* const block = blocks_.floor(id);
  if (block == nullptr) return std::nullopt;
  const uint32_t i = block->lower_bound(id);
  if (i == block->count() || block->id_at(i) != id) return std::nullopt;
  return block->at(i);
}

std::optional<StreamId> PendingList::first_id() const {
  const NackBlock* const block = blocks_.first();
  if (block == nullptr) return std::nullopt;
  return block->id_at(0);
}

std::optional<StreamId> PendingList::last_id() const {
  const NackBlock* const block = blocks_.last();
  if (block == nullptr) return std::nullopt;
  return block->last_id();
}

std::vector<Nack> PendingList::select(const Query& query) {
  std::vector<Nack> found;
  if (query.from > query.to || query.count == 0) return found;
  if (query.consumer != nullptr && query.youngest == UINT64_MAX) {
    select_owned(query, found);
  } else if (query.consumer != nullptr) {
    const RadixTree<OwnedBlock>& owned = query.consumer->blocks();
    const OwnedBlock* const first = owned.floor(query.from);
    const StreamId first_key = first != nullptr ? first->key : kMinStreamId;
    if (!owned.is_empty()) select_below(owned.view().root(), first_key, query, found);
  } else if (!blocks_.is_empty()) {
    const NackBlock* const first = blocks_.floor(query.from);
    const StreamId first_key = first != nullptr ? first->key : kMinStreamId;
    select_below(blocks_.view().root(), first_key, query, found);
  }
  return found;
}

/// The bound of a subtree or block, made exact as far as its children's are.
uint64_t PendingList::tightened(RadixRef ref) {
  if (ref.is_node()) return blocks_.tighten(*ref.node());
  NackBlock& block = block_of(ref);
  if (!blocks_.is_writable(block)) return block.exact_least();
  block.tighten();
  return block.least();
}

/// In the group's tree, or in that of the query's consumer.  first_key: that of the first block
/// that matters.  False when the walk is over: enough found, or past the end.
bool PendingList::select_below(RadixRef ref, const StreamId& first_key, const Query& query,
                               std::vector<Nack>& found) {
  if (least_key(ref) > query.to) return false;
  if (ref.is_leaf()) {
    if (query.consumer == nullptr) return select_in(block_of(ref), query, found);
    return select_in(*static_cast<OwnedBlock*>(ref.leaf()), query, found);
  }
  if (ref.node()->least > query.youngest) return true;
  const std::span<const RadixRef> all = children(*ref.node());
  for (size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && least_key(all[i + 1]) <= first_key) continue;
    if (!select_below(all[i], first_key, query, found)) return false;
  }
  if (query.youngest == UINT64_MAX) return true;
  if (query.consumer == nullptr) {
    blocks_.tighten(*ref.node());
  } else {
    consumers_[query.consumer->number()]->own_blocks().tighten(*ref.node());
  }
  return true;
}

bool PendingList::select_in(const NackBlock& block, const Query& query, std::vector<Nack>& found) {
  if (block.least() > query.youngest) return true;
  for (uint32_t i = block.lower_bound(query.from); i < block.count(); ++i) {
    const Nack nack = block.at(i);
    if (nack.id > query.to) return false;
    if (nack.order_key() > query.youngest) continue;
    found.push_back(nack);
    if (found.size() == query.count) return false;
  }
  if (query.youngest != UINT64_MAX) tightened(RadixRef(const_cast<NackBlock*>(&block)));
  return true;
}

bool PendingList::select_in(OwnedBlock& owned, const Query& query, std::vector<Nack>& found) {
  if (owned.least() > query.youngest) return true;
  const NackBlock& block = *blocks_.find(owned.key);
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < block.count(); ++i) {
    if (block.consumer_at(i) != query.consumer->number()) continue;
    const Nack nack = block.at(i);
    if (nack.id > query.to) return false;
    least = std::min(least, nack.order_key());
    if (nack.id < query.from || nack.order_key() > query.youngest) continue;
    found.push_back(nack);
    if (found.size() == query.count) return false;
  }
  if (query.consumer->blocks().is_writable(owned)) owned.set_least(least);
  return true;
}

/// Of any age, so that nothing can be skipped in the consumer's tree.
void PendingList::select_owned(const Query& query, std::vector<Nack>& found) const {
  const Consumer& consumer = *query.consumer;
  Cursor<OwnedBlock> owned(consumer.blocks());
  // The block that holds `from` may begin before it.
  if (!owned.seek_floor(query.from)) owned.seek_ceiling(query.from);
  for (; owned && owned->key <= query.to; owned.next()) {
    const NackBlock& block = *blocks_.find(owned->key);
    for (uint32_t i = block.lower_bound(query.from); i < block.count(); ++i) {
      if (block.consumer_at(i) != consumer.number()) continue;
      const Nack nack = block.at(i);
      if (nack.id > query.to) return;
      found.push_back(nack);
      if (found.size() == query.count) return;
    }
  }
}

// --- Consumers -----------------------------------------------------------------------------------

Consumer& PendingList::add_consumer(std::string_view name) {
  const auto free = free_numbers_ > 0 ? std::find(consumers_.begin(), consumers_.end(), nullptr)
                                      : consumers_.end();
  const auto number = static_cast<ConsumerNumber>(free - consumers_.begin());
  if (free == consumers_.end()) {
    // By an eighth: groups have few consumers, and many groups have as many as each other.
    if (consumers_.size() == consumers_.capacity())
      consumers_.reserve(consumers_.size() + consumers_.size() / 8 + 1);
    consumers_.emplace_back();
  } else {
    --free_numbers_;
  }
  consumers_[number] = Consumer::create(name, number);
  return *consumers_[number];
}

uint64_t PendingList::remove_consumer(ConsumerNumber number) {
  Consumer& consumer = *consumers_[number];
  const uint64_t removed = consumer.pending_count();
  while (const OwnedBlock* const owned = consumer.blocks().first()) {
    Query query;
    query.consumer = &consumer;
    query.from = owned->key;
    query.count = owned->weight;
    Edit edit(*this);
    for (const Nack& nack : select(query))
      edit.erase(nack.id);
  }
  consumers_[number].reset();
  ++free_numbers_;
  return removed;
}

// --- The oldest first ----------------------------------------------------------------------------

OldestFirst::OldestFirst(PendingList& list, uint64_t youngest) : list_(list), youngest_(youngest) {
  if (!list.blocks_.is_empty()) open(list.blocks_.view().root(), kMaxStreamId);
}

/// Adds the children of a subtree or the NACKs of a block, as far as they may be old enough.
void OldestFirst::open(RadixRef ref, const StreamId& last) {
  list_.tightened(ref);
  if (ref.is_node()) {
    const std::span<const RadixRef> all = children(*ref.node());
    for (size_t i = 0; i < all.size(); ++i) {
      const RadixRef child = all[i];
      const uint64_t least = child.is_leaf() ? block_of(child).least() : child.node()->least;
      if (least > youngest_) continue;
      const StreamId& end = i + 1 < all.size() ? least_key(all[i + 1]) : last;
      items_.push({least, 0, least_key(child), end, child, -1});
    }
    return;
  }
  const NackBlock& block = block_of(ref);
  for (uint32_t i = 0; i < block.count(); ++i) {
    const Nack nack = block.at(i);
    if (nack.order_key() > youngest_) continue;
    const uint64_t late = nack.is_released() ? 0 : list_.order_.number(nack.delivered_ms, nack.id);
    items_.push({nack.order_key(), late, nack.id, nack.id, ref, i});
  }
}

std::optional<Nack> OldestFirst::next() {
  while (!items_.empty()) {
    const Item item = items_.top();
    items_.pop();
    if (item.index >= 0) return block_of(item.ref).at(static_cast<uint32_t>(item.index));
    if (!matters_ || matters_(item.id, item.last)) open(item.ref, item.last);
  }
  return std::nullopt;
}

// --- In the order of IDs -------------------------------------------------------------------------

PendingCursor::PendingCursor(const PendingList& list, const StreamId& from)
    : blocks_(list.blocks()) {
  if (!blocks_.seek_floor(from)) {
    blocks_.seek_ceiling(from);
    return;
  }
  index_ = blocks_->lower_bound(from);
  if (index_ == blocks_->count()) {
    index_ = 0;
    blocks_.next();
  }
}

void PendingCursor::next() {
  if (++index_ < blocks_->count()) return;
  index_ = 0;
  blocks_.next();
}

// --- Checking ------------------------------------------------------------------------------------

void PendingList::assert_consistent() const {
  blocks_.assert_consistent();
  std::vector<uint64_t> owned(consumers_.size());
  uint64_t released = 0;
  std::optional<StreamId> last;
  for (Cursor<NackBlock> cursor(blocks_, kMinStreamId); cursor; cursor.next()) {
    const NackBlock& block = *cursor;
    assert(block.is_consistent() && block.count() > 0 && block.weight == block.count());
    assert(!last || *last < block.id_at(0));
    last = block.last_id();
    std::vector<uint32_t> here(consumers_.size());
    std::vector<uint64_t> least(consumers_.size(), UINT64_MAX);
    for (uint32_t i = 0; i < block.count(); ++i) {
      const Nack nack = block.at(i);
      ++(nack.is_released() ? released : owned[nack.consumer]);
      if (nack.is_released()) continue;
      ++here[nack.consumer];
      least[nack.consumer] = std::min(least[nack.consumer], nack.order_key());
    }
    for (size_t number = 0; number < here.size(); ++number) {
      if (here[number] == 0) continue;
      const OwnedBlock* const known = consumers_[number]->blocks().find(block.key);
      assert(known != nullptr && known->weight == here[number]);
      assert(known->least() <= least[number]);
    }
  }
  assert(released == released_);
  for (size_t number = 0; number < owned.size(); ++number) {
    if (consumers_[number] == nullptr) continue;
    consumers_[number]->blocks().assert_consistent();
    assert(consumers_[number]->has_holdings() || consumers_[number]->blocks().is_empty());
    assert(consumers_[number]->pending_count() == owned[number]);
  }
}

}  // namespace weir
