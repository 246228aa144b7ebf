#include "streams/pending_list.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <memory>

namespace weir {
namespace {

/// A block with at most this many NACKs is merged with a neighbour if both together have no more
/// than twice as many: then the next change does not split them again.
constexpr uint32_t kFewNacks = NackBlock::kMaxNacks / 4;
constexpr uint32_t kMostMerged = 2 * kFewNacks;

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
    consumers_[query.consumer->number()]->blocks_.tighten(*ref.node());
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

// --- Edit: the present block ---------------------------------------------------------------------

bool PendingList::Edit::is_in_block(const StreamId& id) const {
  return block_ != nullptr && id >= block_->key &&
         (is_last_ || (block_->count() > 0 && id <= block_->last_id()));
}

/// Makes the block present that has the ID, or in which it would be; none in an empty list.
void PendingList::Edit::go_to(const StreamId& id) {
  if (is_in_block(id)) return;
  leave();
  const RadixTree<NackBlock>& blocks = list_.blocks_;
  const NackBlock* block = blocks.last();
  if (block == nullptr) return;
  const NackBlock* const last = block;
  if (id < last->key) {
    block = blocks.likely_floor(id);
    const bool is_inside = block->key <= id && id <= block->last_id();
    if (!is_inside) block = blocks.floor(id);
    if (block == nullptr) block = blocks.first();
  }
  enter(const_cast<NackBlock*>(block), block == last);
}

void PendingList::Edit::enter(NackBlock* block, bool is_last) {
  assert(block_ == nullptr);
  block_ = block;
  is_last_ = is_last;
  is_own_ = false;
  told_least_ = block->least();
}

/// Before the first change: the frozen view keeps the block as it was.
void PendingList::Edit::own() {
  if (is_own_) return;
  block_ = list_.blocks_.writable(block_);
  is_own_ = true;
  last_put_ = block_->count() > 0 ? block_->last_id() : kMaxStreamId;
}

void PendingList::Edit::replace(NackBlock* with) {
  if (with == block_) return;
  list_.blocks_.replace(block_, with);
  NackBlock::destroy(block_);
  block_ = with;
}

/// least: the order key of a NACK that the consumer gets, or that becomes older.
void PendingList::Edit::count(ConsumerNumber consumer, int delta, uint64_t least) {
  if (consumer == kNoConsumer) {
    list_.released_ += static_cast<uint64_t>(int64_t{delta});
    return;
  }
  for (size_t i = change_count_; i > 0; --i) {
    if (changes_[i - 1].consumer != consumer) continue;
    changes_[i - 1].delta += delta;
    changes_[i - 1].least = std::min(changes_[i - 1].least, least);
    return;
  }
  if (change_count_ == kMostChanges) tell_trees();
  changes_[change_count_++] = {consumer, delta, least};
}

/// Brings the sums and bounds of the trees up to date.
void PendingList::Edit::tell_trees() {
  is_row_ = false;
  if (block_ == nullptr) return;
  const StreamId key = block_->key;
  for (size_t i = 0; i < change_count_; ++i) {
    const Change& change = changes_[i];
    if (change.delta == 0 && change.least == UINT64_MAX) continue;
    list_.consumers_[change.consumer]->count_in_block(key, change.delta, change.least);
  }
  change_count_ = 0;
  if (delta_ != 0 || block_->least() < told_least_) {
    block_ = list_.blocks_.add_weight(key, delta_);
    told_least_ = block_->least();
  }
  delta_ = 0;
}

void PendingList::Edit::leave() {
  if (block_ == nullptr) return;
  tell_trees();
  if (block_->count() == 0) {
    list_.blocks_.erase(StreamId(block_->key));
  } else if (may_merge_) {
    merge_with_neighbour();
  }
  block_ = nullptr;
  is_last_ = false;
  may_merge_ = false;
}

// --- Edit: changes -------------------------------------------------------------------------------

std::optional<Nack> PendingList::Edit::find(const StreamId& id) {
  go_to(id);
  if (block_ == nullptr) return std::nullopt;
  found_ = block_->lower_bound(id);
  if (!is_found(id)) return std::nullopt;
  return block_->at(found_);
}

bool PendingList::Edit::erase(const StreamId& id) {
  is_row_ = false;
  go_to(id);
  if (block_ == nullptr) return false;
  const uint32_t i = block_->place_of(id);
  if (i == block_->count() || block_->id_at(i) != id) return false;
  own();
  count(block_->consumer_at(i), -1);
  block_->erase(i);
  if (block_->count() == 0) last_put_ = kMaxStreamId;  // nothing to be behind of
  --delta_;
  // Looked at now and then only: whenever the count has halved.
  const uint32_t left = block_->count();
  if (left <= kFewNacks && std::has_single_bit(left)) may_merge_ = true;
  return true;
}

void PendingList::Edit::put_anywhere(const Nack& nack) {
  is_row_ = false;
  if (is_found(nack.id)) return put_at(found_, nack);
  ++found_;  // who changes many mostly goes from one to the next
  if (is_found(nack.id)) return put_at(found_, nack);
  go_to(nack.id);
  if (block_ == nullptr) return start_block(nack);
  const uint32_t i = block_->place_of(nack.id);
  if (i == block_->count() || block_->id_at(i) != nack.id) return insert(nack, i);
  found_ = i;
  put_at(i, nack);
}

/// Replaces a NACK of the block with another of the same ID.
void PendingList::Edit::put_at(uint32_t i, const Nack& nack) {
  own();
  const Nack before = block_->at(i);
  if (before.consumer != nack.consumer) {
    count(before.consumer, -1);
    count(nack.consumer, +1, nack.order_key());
  } else if (nack.order_key() < before.order_key()) {
    count(nack.consumer, 0, nack.order_key());
  }
  replace(block_->set(i, nack));
}

/// i: where in the block.
void PendingList::Edit::insert(const Nack& nack, uint32_t i) {
  const bool is_at_end = i == block_->count() && is_last_;
  if (block_->is_full()) {
    if (is_at_end || nack.id < block_->key) return start_block(nack);
    split();
    go_to(nack.id);
    assert(block_ != nullptr);
    i = block_->lower_bound(nack.id);
  } else if (nack.id < block_->key) {
    lower_key(nack.id);
  }
  own();
  count(nack.consumer, +1, nack.order_key());
  replace(block_->insert(i, nack));
  last_put_ = block_->last_id();
  ++delta_;
  if (is_at_end) begin_row(nack);
}

/// Hangs up a block with these NACKs that nobody was told of yet.
NackBlock* PendingList::Edit::hang(const StreamId& key, const Nack* begin, const Nack* end) {
  const auto count = static_cast<uint32_t>(end - begin);
  NackBlock* const block = NackBlock::create(key, {begin, end}, count);
  block->weight = count;
  list_.blocks_.insert(block);
  return block;
}

void PendingList::Edit::start_block(const Nack& nack) {
  leave();
  NackBlock* const block = hang(nack.id, &nack, &nack + 1);
  enter(block, list_.blocks_.last() == block);
  count(nack.consumer, +1, nack.order_key());
}

/// Adds the NACKs of a block to those of their consumers, or takes them off.
void PendingList::Edit::count_all(const NackBlock& block, int sign) {
  std::array<ConsumerNumber, NackBlock::kMaxNacks> consumers;
  ConsumerNumber* const begin = consumers.data();
  ConsumerNumber* end = begin;
  for (uint32_t i = 0; i < block.count(); ++i) {
    *end = block.consumer_at(i);
    if (*end != kNoConsumer) ++end;
  }
  std::sort(begin, end);
  for (const ConsumerNumber* run = begin; run != end;) {
    const ConsumerNumber* const run_end = std::upper_bound<const ConsumerNumber*>(run, end, *run);
    list_.consumers_[*run]->count_in_block(block.key, sign * (run_end - run), block.least());
    run = run_end;
  }
}

/// Cuts the present block, which is full, in two.
void PendingList::Edit::split() {
  std::array<Nack, NackBlock::kMaxNacks> nacks;
  tell_trees();
  for (uint32_t i = 0; i < block_->count(); ++i)
    nacks[i] = block_->at(i);
  const StreamId key = block_->key;
  count_all(*block_, -1);
  list_.blocks_.erase(key);
  block_ = nullptr;
  is_last_ = false;
  const Nack* const middle = nacks.data() + NackBlock::kMaxNacks / 2;
  count_all(*hang(key, nacks.data(), middle), +1);
  count_all(*hang(middle->id, middle, nacks.data() + NackBlock::kMaxNacks), +1);
}

/// Gives the present block, which is the first one, a smaller key.
void PendingList::Edit::lower_key(const StreamId& key) {
  std::array<Nack, NackBlock::kMaxNacks> nacks;
  tell_trees();
  const uint32_t size = block_->count();
  for (uint32_t i = 0; i < size; ++i)
    nacks[i] = block_->at(i);
  count_all(*block_, -1);
  list_.blocks_.erase(StreamId(block_->key));
  block_ = nullptr;
  NackBlock* const block = hang(key, nacks.data(), nacks.data() + size);
  count_all(*block, +1);
  enter(block, list_.blocks_.last() == block);
}

void PendingList::Edit::merge_with_neighbour() {
  const RadixTree<NackBlock>& blocks = list_.blocks_;
  const StreamId key = block_->key;
  const std::optional<StreamId> behind = successor(block_->last_id());
  const NackBlock* const next = behind ? blocks.ceiling(*behind) : nullptr;
  if (next != nullptr && merge(*block_, *next)) return;
  const std::optional<StreamId> before = predecessor(key);
  const NackBlock* const previous = before ? blocks.floor(*before) : nullptr;
  if (previous != nullptr && merge(*previous, *block_)) return;
  own();
  replace(block_->shrunk());
}

/// Puts two neighbours into one block if they are small; false if not.
bool PendingList::Edit::merge(const NackBlock& left, const NackBlock& right) {
  const uint32_t size = left.count() + right.count();
  if (size > kMostMerged || right.last_id().ms - left.key.ms > UINT32_MAX) return false;
  std::array<Nack, kMostMerged> nacks;
  for (uint32_t i = 0; i < size; ++i)
    nacks[i] = i < left.count() ? left.at(i) : right.at(i - left.count());
  const StreamId left_key = left.key;
  const StreamId right_key = right.key;
  count_all(left, -1);
  count_all(right, -1);
  list_.blocks_.erase(left_key);
  list_.blocks_.erase(right_key);
  count_all(*hang(left_key, nacks.data(), nacks.data() + size), +1);
  return true;
}

// --- The oldest first ----------------------------------------------------------------------------

OldestFirst::OldestFirst(PendingList& list, uint64_t youngest) : list_(list), youngest_(youngest) {
  if (!list.blocks_.is_empty()) open(list.blocks_.view().root());
}

/// Adds the children of a subtree or the NACKs of a block, as far as they may be old enough.
void OldestFirst::open(RadixRef ref) {
  list_.tightened(ref);
  if (ref.is_node()) {
    for (const RadixRef child : children(*ref.node())) {
      const uint64_t least = child.is_leaf() ? block_of(child).least() : child.node()->least;
      if (least <= youngest_) items_.push({least, least_key(child), child, -1});
    }
    return;
  }
  const NackBlock& block = block_of(ref);
  for (uint32_t i = 0; i < block.count(); ++i) {
    const Nack nack = block.at(i);
    if (nack.order_key() <= youngest_) items_.push({nack.order_key(), nack.id, ref, i});
  }
}

std::optional<Nack> OldestFirst::next() {
  while (!items_.empty()) {
    const Item item = items_.top();
    items_.pop();
    if (item.index >= 0) return block_of(item.ref).at(static_cast<uint32_t>(item.index));
    open(item.ref);
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
    assert(consumers_[number]->pending_count() == owned[number]);
  }
}

}  // namespace weir
