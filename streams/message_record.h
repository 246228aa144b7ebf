// One message that a stream remembers, and one producer: each a single allocation, with the name's
// bytes behind the rest.
//
//   ProducerRecord  ┌ links · hash ┬ pid bytes ┐
//   MessageRecord   ┌ links · ID · hash ┬ iid bytes ┐
//
// Whoever makes one destroys it; they belong to Idempotence.
#pragma once

#include <cstdint>
#include <string_view>

#include "streams/ring.h"
#include "streams/stream_id.h"

namespace weir {

struct ProducerRecord;

struct OfStream;    // ring: all messages of a stream, the first to expire first
struct OfProducer;  // ring: the messages of one producer, as they came

struct MessageRecord : RingHook<OfStream>, RingHook<OfProducer> {
  static MessageRecord* create(ProducerRecord& producer, std::string_view iid, const StreamId& id);
  static void destroy(MessageRecord* message);

  std::string_view iid() const { return {reinterpret_cast<const char*>(this + 1), iid_length}; }
  size_t memory_bytes() const { return sizeof(*this) + iid_length; }

  ProducerRecord* producer = nullptr;
  MessageRecord* next_in_bucket = nullptr;
  StreamId id;
  uint32_t hash = 0;
  uint32_t iid_length = 0;
};

struct ProducerRecord : RingHook<OfStream> {
  static ProducerRecord* create(std::string_view pid);
  static void destroy(ProducerRecord* producer);

  std::string_view pid() const { return {reinterpret_cast<const char*>(this + 1), pid_length}; }
  size_t memory_bytes() const { return sizeof(*this) + pid_length; }

  Ring<MessageRecord, OfProducer> messages;
  ProducerRecord* next_in_bucket = nullptr;
  uint32_t hash = 0;
  uint32_t message_count = 0;
  uint32_t pid_length = 0;
};

/// Hashes of names.  Different in every process, so that nobody can make up names that collide.
uint32_t hash_of_pid(std::string_view pid);
uint32_t hash_of_iid(uint32_t hash_of_its_pid, std::string_view iid);

}  // namespace weir
