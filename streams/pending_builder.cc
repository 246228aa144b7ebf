#include "streams/pending_builder.h"

namespace weir {

/// The staged NACKs become a block.
void PendingBuilder::hang_up() {
  NackBlock* const block =
      NackBlock::create(staged_[0].id, {staged_.data(), staged_count_}, staged_count_);
  block->weight = staged_count_;
  list_.blocks_.insert(block);
  slots_.push_back({.key = staged_[0].id, .block = block});
  staged_count_ = 0;
}

/// The last slot with a key <= id, or the first; searched from the present one on, in steps that
/// double.
size_t PendingBuilder::slot_for(const StreamId& id) const {
  size_t low = 0;
  size_t high = slots_.size();
  if (slots_[slot_].key <= id) {
    low = slot_;
    for (size_t step = 1; low + step < slots_.size(); step *= 2) {
      if (slots_[low + step].key > id) {
        high = low + step;
        break;
      }
      low += step;
    }
  } else {
    high = slot_;
  }
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    (slots_[middle].key <= id ? low : high) = middle;
  }
  return low;
}

/// Goes to the NACK with that ID; false if there is none.
bool PendingBuilder::seek(const StreamId& id) {
  if (slots_.empty()) return false;
  const NackBlock* block = slots_[slot_].block;
  // Mostly it is the next one.
  if (index_ + 1 < block->count() && block->id_at(index_ + 1) == id) {
    ++index_;
    return true;
  }
  slot_ = slot_for(id);
  block = slots_[slot_].block;
  index_ = block->lower_bound(id);
  return index_ < block->count() && block->id_at(index_) == id;
}

/// Marks a NACK as taken.
PendingBuilder::Verdict PendingBuilder::take(const StreamId& id) {
  if (!seek(id)) return Verdict::kUnknown;
  uint64_t& word = slots_[slot_].taken[index_ / 64];
  const uint64_t bit = uint64_t{1} << (index_ % 64);
  if ((word & bit) != 0) return Verdict::kTaken;
  word |= bit;
  ++taken_;
  return Verdict::kDone;
}

void PendingBuilder::replace(Slot& slot, const Nack& nack) {
  NackBlock* const with = slot.block->set(index_, nack);
  if (with == slot.block) return;
  list_.blocks_.replace(slot.block, with);
  NackBlock::destroy(slot.block);
  slot.block = with;
}

/// Tells a consumer how many it has in a block.
void PendingBuilder::tell(Consumer& consumer, size_t slot) {
  if (run_ == 0) return;
  const Slot& told = slots_[slot];
  if (!told_ || slot > *told_) {
    consumer.add_block(told.key, run_, told.block->least());
    told_ = slot;
  } else {  // out of order
    consumer.count_in_block(told.key, run_, told.block->least());
  }
  run_ = 0;
}

PendingBuilder::Verdict PendingBuilder::own(Consumer& consumer, const StreamId& id) {
  const size_t before = slot_;
  const Verdict verdict = take(id);
  if (verdict != Verdict::kDone) return verdict;
  if (slot_ != before) tell(consumer, before);
  ++run_;
  Slot& slot = slots_[slot_];
  if (!slot.block->try_set_consumer(index_, consumer.number())) {
    Nack nack = slot.block->at(index_);
    nack.consumer = consumer.number();
    replace(slot, nack);
  }
  return verdict;
}

void PendingBuilder::end_consumer(Consumer& consumer) {
  tell(consumer, slot_);
  told_.reset();
  slot_ = 0;
  index_ = 0;
}

PendingBuilder::Verdict PendingBuilder::release(const StreamId& id) {
  const Verdict verdict = take(id);
  if (verdict != Verdict::kDone) return verdict;
  Slot& slot = slots_[slot_];
  Nack nack = slot.block->at(index_);
  nack.consumer = kNoConsumer;
  nack.delivered_ms = 0;
  nack.release = list_.next_release();
  replace(slot, nack);
  list_.blocks_.add_weight(slot.key, 0);  // for the bounds above
  ++list_.released_;
  return verdict;
}

}  // namespace weir
