#include "streams/nack_block.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>

#include "streams/node_memory.h"
#include "streams/prefetch.h"

namespace weir {
namespace {

constexpr uint32_t kFirstCapacity = 4;

/// How far before the first time of a block its base lies: later ones may be somewhat earlier.
constexpr uint64_t kBaseLeadMs = uint64_t{1} << 31;

uint64_t narrow_id(uint32_t ms, uint32_t seq) {
  return uint64_t{ms} << 32 | seq;
}

uint32_t capacity_for(uint32_t count) {
  uint32_t capacity = kFirstCapacity;
  while (capacity < count)
    capacity *= 2;
  return capacity;
}

}  // namespace

// --- Memory --------------------------------------------------------------------------------------

size_t NackBlock::memory_bytes() const {
  return node_memory_bytes(sizeof(NackBlock) + capacity_ * record_bytes());
}

NackBlock* NackBlock::allocate(bool is_wide, uint32_t capacity) {
  const size_t record = is_wide ? sizeof(Wide) : sizeof(Narrow);
  const NodeMemory memory = allocate_node_memory(sizeof(NackBlock) + capacity * record);
  auto* const block = new (memory.at) NackBlock();
  block->slot_ = memory.slot & kMaxNodeSlot;
  block->is_wide_ = is_wide ? 1 : 0;
  block->capacity_ = static_cast<uint8_t>(capacity);
  return block;
}

void NackBlock::destroy(NackBlock* block) {
  free_node_memory({block, block->memory_bytes(), block->slot_});
}

NackBlock* NackBlock::clone(const NackBlock& block) {
  return block.resized(block.capacity_);
}

NackBlock* NackBlock::create(const StreamId& key, std::span<const Nack> nacks, uint32_t capacity) {
  assert(nacks.size() <= kMaxNacks);
  NackBlock header;
  header.key = key;
  const auto is_owned = [](const Nack& nack) { return !nack.is_released(); };
  const auto owned = std::find_if(nacks.begin(), nacks.end(), is_owned);
  if (owned != nacks.end())
    header.base_ms_ = owned->delivered_ms - std::min(owned->delivered_ms, kBaseLeadMs);
  const bool fit = std::all_of(nacks.begin(), nacks.end(),
                               [&](const Nack& nack) { return header.fits_narrow(nack); });
  NackBlock* const block =
      allocate(!fit, capacity_for(std::max(capacity, static_cast<uint32_t>(nacks.size()))));
  block->key = key;
  block->base_ms_ = header.base_ms_;
  block->count_ = static_cast<uint8_t>(nacks.size());
  for (uint32_t i = 0; i < nacks.size(); ++i)
    block->put(i, nacks[i]);
  return block;
}

/// A copy with room for another number of records, which are not fewer than there are.
NackBlock* NackBlock::resized(uint32_t capacity) const {
  NackBlock* const copy = allocate(is_wide_ != 0, capacity);
  const uint8_t slot = copy->slot_;
  std::memcpy(static_cast<void*>(copy), this, sizeof(NackBlock));
  copy->slot_ = slot & kMaxNodeSlot;
  copy->retired = false;
  copy->capacity_ = static_cast<uint8_t>(capacity);
  copy->first_ = 0;
  std::memcpy(copy->record(0), record(0), count_ * record_bytes());
  return copy;
}

/// A block with the same place in the tree and other records.
NackBlock* NackBlock::rebuilt(std::span<const Nack> nacks, uint32_t capacity) const {
  NackBlock* const block = create(key, nacks, capacity);
  block->born = born;
  block->weight = weight;
  return block;
}

NackBlock* NackBlock::shrunk() {
  const uint32_t capacity = capacity_for(count_);
  if (capacity > capacity_ / 2) return this;
  if (!is_wide_) return resized(capacity);
  std::array<Nack, kMaxNacks> nacks;
  for (uint32_t i = 0; i < count_; ++i)
    nacks[i] = at(i);
  return rebuilt({nacks.data(), count_}, capacity);
}

// --- Records -------------------------------------------------------------------------------------

Nack NackBlock::at(uint32_t i) const {
  Nack nack;
  nack.id = id_at(i);
  nack.consumer = consumer_at(i);
  uint64_t time = 0;
  if (is_wide_) {
    time = wide()[i].time;
    nack.deliveries = wide()[i].deliveries;
  } else {
    const Narrow& record = narrow()[i];
    time = nack.is_released() ? record.time : base_ms_ + record.time;
    nack.deliveries =
        record.deliveries == kNarrowMaxDeliveries ? kMaxDeliveries : record.deliveries;
  }
  (nack.is_released() ? nack.release : nack.delivered_ms) = time;
  return nack;
}

// What the first three steps of a binary search may look at.
void NackBlock::prefetch_records() const {
  constexpr uint32_t kParts = 8;
  if (count_ < kParts) return;
  const char* const begin = record(0);
  const size_t part = count_ * record_bytes() / kParts;
  for (uint32_t i = 1; i < kParts; ++i)
    prefetch(begin + i * part);
}

uint32_t NackBlock::lower_bound(const StreamId& id) const {
  if (id <= key) return 0;
  prefetch_records();
  if (is_wide_) {
    const Wide* const begin = wide();
    const auto is_below = [](const Wide& record, const StreamId& wanted) {
      return StreamId{record.ms, record.seq} < wanted;
    };
    return static_cast<uint32_t>(std::lower_bound(begin, begin + count_, id, is_below) - begin);
  }
  const uint64_t ms = id.ms - key.ms;
  if (ms > UINT32_MAX) return count_;
  // The IDs here have short sequences: a long one is above all of its millisecond.
  const bool is_long = id.seq > UINT32_MAX;
  const uint64_t wanted =
      narrow_id(static_cast<uint32_t>(ms), is_long ? UINT32_MAX : static_cast<uint32_t>(id.seq));
  const Narrow* const begin = narrow();
  const auto is_below = [&](const Narrow& record, uint64_t limit) {
    const uint64_t here = narrow_id(record.ms, record.seq);
    return is_long ? here <= limit : here < limit;
  };
  return static_cast<uint32_t>(std::lower_bound(begin, begin + count_, wanted, is_below) - begin);
}

// --- Changing ------------------------------------------------------------------------------------

/// Moves records apart so that place `i` is free; there is room.
uint32_t NackBlock::make_gap(uint32_t i) {
  const size_t bytes = record_bytes();
  if (first_ > 0 && i == count_) {  // what follows goes behind it, too: all the room at once
    const char* const from = record(0);
    first_ = 0;
    std::memmove(record(0), from, count_ * bytes);
  } else if (first_ > 0 && (i == 0 || first_ + count_ == capacity_)) {
    std::memmove(record(0) - bytes, record(0), i * bytes);
    --first_;
  } else {
    std::memmove(record(i) + bytes, record(i), (count_ - i) * bytes);
  }
  ++count_;
  return i;
}

NackBlock* NackBlock::insert(uint32_t i, const Nack& nack) {
  assert(!is_full() && i <= count_);
  if (is_wide_ || fits_narrow(nack)) {
    NackBlock* const block = count_ < capacity_ ? this : resized(capacity_for(count_ + 1U));
    block->put(block->make_gap(i), nack);
    return block;
  }
  std::array<Nack, kMaxNacks> nacks;
  for (uint32_t from = 0, to = 0; from < count_; ++from, ++to) {
    if (from == i) ++to;
    nacks[to] = at(from);
  }
  nacks[i] = nack;
  return rebuilt({nacks.data(), count_ + size_t{1}}, capacity_);
}

NackBlock* NackBlock::set(uint32_t i, const Nack& nack) {
  assert(i < count_ && nack.id == id_at(i));
  if (is_wide_ || fits_narrow(nack)) {
    put(i, nack);
    return this;
  }
  std::array<Nack, kMaxNacks> nacks;
  for (uint32_t from = 0; from < count_; ++from)
    nacks[from] = from == i ? nack : at(from);
  return rebuilt({nacks.data(), count_}, capacity_);
}

void NackBlock::erase(uint32_t i) {
  assert(i < count_);
  --count_;
  if (i == 0) {
    ++first_;
  } else {
    std::memmove(record(i), record(i + 1), (count_ - i) * record_bytes());
  }
  if (count_ == 0) first_ = 0;
}

uint64_t NackBlock::exact_least() const {
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < count_; ++i)
    least = std::min(least, at(i).order_key());
  return least;
}

void NackBlock::tighten() {
  least_ = exact_least();
}

bool NackBlock::is_consistent() const {
  if (first_ + count_ > capacity_ || least_ > exact_least()) return false;
  for (uint32_t i = 0; i < count_; ++i) {
    if (id_at(i) < key || (i > 0 && id_at(i) <= id_at(i - 1))) return false;
    if (lower_bound(id_at(i)) != i) return false;
  }
  return true;
}

}  // namespace weir
