#include "streams/consumer.h"

#include <cstring>
#include <new>
#include <utility>

namespace weir {

// --- Memory --------------------------------------------------------------------------------------

constinit Consumer::Holdings Consumer::no_holdings;

Consumer::Ptr Consumer::create(std::string_view name, ConsumerNumber number) {
  return Ptr(new (::operator new(bytes_for(name.size()))) Consumer(name, number));
}

Consumer::Consumer(std::string_view name, ConsumerNumber number)
    : number_(number), name_bytes_(static_cast<uint8_t>(std::min<size_t>(name.size(), kLongName))) {
  char* to = name_;
  if (name_bytes_ == kLongName) {
    const size_t bytes = name.size();
    std::memcpy(to, &bytes, sizeof bytes);
    to += sizeof bytes;
  }
  name.copy(to, name.size());
}

Consumer::~Consumer() {
  give_up_holdings();
}

void Consumer::Destroy::operator()(Consumer* consumer) const {
  consumer->~Consumer();
  ::operator delete(consumer);
}

std::string_view Consumer::long_name() const {
  size_t bytes = 0;
  std::memcpy(&bytes, name_, sizeof bytes);
  return {name_ + sizeof bytes, bytes};
}

/// Either kind: times are just bytes.
void Consumer::give_up_holdings() {
  if (!has_holdings()) return;
  holdings_->~Holdings();
  ::operator delete(holdings_);
}

RadixTree<OwnedBlock>& Consumer::own_blocks() {
  if (!has_holdings()) holdings_ = new Holdings();
  return holdings_->blocks;
}

void Consumer::set_far_times(const FarTimes& times) {
  auto* const far = new FarHoldings{{}, times};
  if (has_holdings()) far->blocks = std::move(holdings_->blocks);
  give_up_holdings();
  holdings_ = far;
  seen_.set(ShortTime::kElsewhere);
  active_.set(ShortTime::kElsewhere);
}

// --- What is its own -----------------------------------------------------------------------------

void Consumer::add_block(const StreamId& key, uint32_t count, uint64_t least) {
  auto* const leaf = new OwnedBlock();
  leaf->key = key;
  leaf->weight = count;
  leaf->set_least(least);
  own_blocks().insert(leaf);
}

void Consumer::count_in_block(const StreamId& key, int64_t delta, uint64_t least) {
  RadixTree<OwnedBlock>& blocks = holdings_->blocks;  // changed where a block is known
  if (delta < 0 && least == UINT64_MAX) {             // acknowledged: it is there
    if (blocks.add_weight(StreamId(key), delta)->weight == 0) blocks.erase(StreamId(key));
    return;
  }
  const OwnedBlock* const known = blocks.find(key);
  if (known == nullptr) {
    if (delta == 0) return;
    assert(delta > 0);
    add_block(key, static_cast<uint32_t>(delta), least);
  } else if (int64_t{known->weight} + delta == 0) {
    blocks.erase(StreamId(key));
  } else {
    if (least < known->least()) blocks.writable(known)->set_least(least);
    blocks.add_weight(StreamId(key), delta);
  }
}

}  // namespace weir
