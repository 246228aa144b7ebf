// Changing a PEL: an Edit keeps one block at hand, changes it in place, and tells the trees of the
// group and of its consumers the sums once, when it goes to another block.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "streams/pending_list.h"

namespace weir {
namespace {

/// A block with at most this many NACKs is merged with a neighbour if both together have no more
/// than twice as many: then the next change does not split them again.
constexpr uint32_t kFewNacks = NackBlock::kMaxNacks / 4;
constexpr uint32_t kMostMerged = 2 * kFewNacks;

}  // namespace

// --- The present block ---------------------------------------------------------------------------

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
  end_row();
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
    if (list_.blocks_.is_empty()) list_.order_.clear();
  } else if (may_merge_) {
    merge_with_neighbour();
  }
  block_ = nullptr;
  is_last_ = false;
  may_merge_ = false;
}

// --- Changes -------------------------------------------------------------------------------------

std::optional<Nack> PendingList::Edit::find(const StreamId& id) {
  go_to(id);
  if (block_ == nullptr) return std::nullopt;
  found_ = block_->lower_bound(id);
  if (!is_found(id)) return std::nullopt;
  return block_->at(found_);
}

bool PendingList::Edit::erase(const StreamId& id) {
  end_row();
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
  end_row();
  note(nack);
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

}  // namespace weir
