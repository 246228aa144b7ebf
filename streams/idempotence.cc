#include "streams/idempotence.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr uint64_t kMillisecondsPerSecond = 1000;

}  // namespace

size_t Idempotence::memory_bytes() const {
  return sizeof(*this) + messages_.memory_bytes() + producers_.memory_bytes() + record_bytes_;
}

MessageRecord* Idempotence::find_message(std::string_view pid, std::string_view iid) const {
  return messages_.find(hash_of_iid(hash_of_pid(pid), iid), [&](const MessageRecord& message) {
    return message.iid() == iid && message.producer->pid() == pid;
  });
}

std::optional<StreamId> Idempotence::find(std::string_view pid, std::string_view iid) const {
  const MessageRecord* const message = find_message(pid, iid);
  if (message == nullptr) return std::nullopt;
  return message->id;
}

ProducerRecord& Idempotence::find_or_create_producer(std::string_view pid) {
  ProducerRecord* producer =
      producers_.find(hash_of_pid(pid), [&](const auto& one) { return one.pid() == pid; });
  if (producer != nullptr) return *producer;
  producer = ProducerRecord::create(pid);
  producers_.insert(*producer);
  by_age_.push_back(*producer);
  record_bytes_ += producer->memory_bytes();
  return *producer;
}

void Idempotence::record(std::string_view pid, std::string_view iid, const StreamId& id) {
  if (MessageRecord* const known = find_message(pid, iid)) forget(*known);
  ProducerRecord& producer = find_or_create_producer(pid);
  MessageRecord* const message = MessageRecord::create(producer, iid, id);
  is_sorted_ = is_sorted_ && (by_id_.is_empty() || by_id_.last()->id <= id);
  messages_.insert(*message);
  by_id_.push_back(*message);
  producer.messages.push_back(*message);
  ++producer.message_count;
  record_bytes_ += message->memory_bytes();
  ++iids_added_;
  while (producer.message_count > limits_.maxsize && producer.message_count > 1)
    forget(*producer.messages.first());
}

/// Forgets a message, and its producer with the last one.
void Idempotence::forget(MessageRecord& message) {
  ProducerRecord& producer = *message.producer;
  messages_.erase(message);
  record_bytes_ -= message.memory_bytes();
  MessageRecord::destroy(&message);
  if (--producer.message_count > 0) return;
  producers_.erase(producer);
  record_bytes_ -= producer.memory_bytes();
  ProducerRecord::destroy(&producer);
}

void Idempotence::sort_by_id() {
  // With copies of the IDs: looking into the records for each comparison takes ten times as long.
  std::vector<std::pair<StreamId, MessageRecord*>> messages;
  messages.reserve(messages_.size());
  for (MessageRecord* at = by_id_.first(); at != nullptr; at = by_id_.next(*at))
    messages.emplace_back(at->id, at);
  std::sort(messages.begin(), messages.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [id, message] : messages)
    by_id_.push_back(*message);
  is_sorted_ = true;
}

size_t Idempotence::expire(uint64_t now_ms, size_t most) {
  const uint64_t duration_ms = uint64_t{limits_.duration_s} * kMillisecondsPerSecond;
  if (now_ms < duration_ms) return 0;
  if (!is_sorted_) sort_by_id();
  size_t forgotten = 0;
  while (forgotten < most && !by_id_.is_empty() && by_id_.first()->id.ms <= now_ms - duration_ms) {
    forget(*by_id_.first());
    ++forgotten;
  }
  return forgotten;
}

void Idempotence::clear() {
  while (!by_id_.is_empty())
    MessageRecord::destroy(by_id_.first());
  while (!by_age_.is_empty())
    ProducerRecord::destroy(by_age_.first());
  messages_.clear();
  producers_.clear();
  record_bytes_ = 0;
  is_sorted_ = true;
}

void Idempotence::assert_consistent() const {
  size_t producers = 0;
  size_t messages = 0;
  size_t bytes = 0;
  size_t expected = 0;
  walk(
      [&](std::string_view pid, size_t count) {
        assert(count > 0);
        assert(messages == expected);
        expected += count;
        ++producers;
        bytes += sizeof(ProducerRecord) + pid.size();
      },
      [&](std::string_view iid, const StreamId&) {
        ++messages;
        bytes += sizeof(MessageRecord) + iid.size();
      });
  assert(messages == expected);
  assert(messages == messages_.size());
  assert(producers == producers_.size());
  assert(bytes == record_bytes_);
  for (const MessageRecord* at = by_id_.first(); at != nullptr; at = by_id_.next(*at)) {
    assert(find(at->producer->pid(), at->iid()) == at->id);
    const MessageRecord* const next = by_id_.next(*at);
    assert(next == nullptr || !is_sorted_ || at->id <= next->id);
    --messages;
  }
  assert(messages == 0);
}

}  // namespace weir
