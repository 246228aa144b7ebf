#include "streams/message_record.h"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "streams/random_bits.h"

namespace weir {
namespace {

const uint64_t hash_seed = random_bits();

/// Makes a T with `text` behind it.
template <class T>
T* create_before(std::string_view text) {
  assert(text.size() <= UINT32_MAX);
  void* const memory = std::malloc(sizeof(T) + text.size());
  if (memory == nullptr) std::abort();
  T* const object = new (memory) T();
  if (!text.empty()) std::memcpy(reinterpret_cast<char*>(object + 1), text.data(), text.size());
  return object;
}

template <class T>
void destroy_any(T* object) {
  object->~T();
  std::free(object);
}

}  // namespace

uint32_t hash_of_pid(std::string_view pid) {
  return static_cast<uint32_t>(XXH3_64bits_withSeed(pid.data(), pid.size(), hash_seed));
}

uint32_t hash_of_iid(uint32_t hash_of_its_pid, std::string_view iid) {
  const uint64_t seed = hash_seed ^ uint64_t { hash_of_its_pid } << 32;
  return static_cast<uint32_t>(XXH3_64bits_withSeed(iid.data(), iid.size(), seed));
}

MessageRecord* MessageRecord::create(ProducerRecord& producer, std::string_view iid,
                                     const StreamId& id) {
  MessageRecord* const message = create_before<MessageRecord>(iid);
  message->producer = &producer;
  message->id = id;
  message->hash = hash_of_iid(producer.hash, iid);
  message->iid_length = static_cast<uint32_t>(iid.size());
  return message;
}

void MessageRecord::destroy(MessageRecord* message) {
  destroy_any(message);
}

ProducerRecord* ProducerRecord::create(std::string_view pid) {
  ProducerRecord* const producer = create_before<ProducerRecord>(pid);
  producer->hash = hash_of_pid(pid);
  producer->pid_length = static_cast<uint32_t>(pid.size());
  return producer;
}

void ProducerRecord::destroy(ProducerRecord* producer) {
  destroy_any(producer);
}

}  // namespace weir
