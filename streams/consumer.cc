#include "streams/consumer.h"

#include <cstring>
#include <new>

namespace weir {

Consumer::Ptr Consumer::create(std::string_view name, ConsumerNumber number) {
  void* const memory = ::operator new(sizeof(Consumer) + name.size());
  Ptr consumer(new (memory) Consumer(name, number));
  if (!name.empty())
    std::memcpy(static_cast<char*>(memory) + sizeof(Consumer), name.data(), name.size());
  return consumer;
}

void Consumer::Destroy::operator()(Consumer* consumer) const {
  consumer->~Consumer();
  ::operator delete(consumer);
}

void Consumer::add_block(const StreamId& key, uint32_t count, uint64_t least) {
  auto* const leaf = new OwnedBlock();
  leaf->key = key;
  leaf->weight = count;
  leaf->set_least(least);
  blocks_.insert(leaf);
}

void Consumer::count_in_block(const StreamId& key, int64_t delta, uint64_t least) {
  if (delta < 0 && least == UINT64_MAX) {  // acknowledged: it is there
    if (blocks_.add_weight(StreamId(key), delta)->weight == 0) blocks_.erase(StreamId(key));
    return;
  }
  const OwnedBlock* const known = blocks_.find(key);
  if (known == nullptr) {
    if (delta == 0) return;
    assert(delta > 0);
    add_block(key, static_cast<uint32_t>(delta), least);
  } else if (int64_t{known->weight} + delta == 0) {
    blocks_.erase(StreamId(key));
  } else {
    if (least < known->least()) blocks_.writable(known)->set_least(least);
    blocks_.add_weight(StreamId(key), delta);
  }
}

}  // namespace weir
