// What a stream remembers of the messages its producers sent, to add none of them twice.
//
//   pid ─► ProducerRecord ─► messages as they came:  iid ─► iid ─► iid     at most `maxsize` each
//                                                     │
//   (pid, iid) ─► MessageRecord with the ID of its entry
//                                                     │
//   all messages, by ID, the first to expire first:  iid ─► iid ─► …
//
// A message is known by the name of its producer (pid) and the name its producer gave it (iid).
// It is forgotten `duration` after the moment that the ID of its entry names, or earlier, when its
// producer sent `maxsize` others.  Lookup, recording and forgetting one are O(1).
//
// Entries may be gone: a message keeps its ID.  Messages are recorded with ascending IDs, except
// where a log is replayed or the last ID was set back; the order is then made good once, when
// messages expire.
//
// Always: a producer has messages; counts agree with the rings; the object stays at its address.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "streams/linear_hash.h"
#include "streams/message_record.h"
#include "streams/ring.h"
#include "streams/stream_id.h"

namespace weir {

struct IdempotenceLimits {
  static constexpr int64_t kMostDurationS = 86'400;
  static constexpr int64_t kMostMaxsize = 10'000;
  /// Whether a stream may have them, wherever they come from.
  static constexpr bool are_allowed(uint64_t duration_s, uint64_t maxsize) {
    return duration_s >= 1 && duration_s <= kMostDurationS && maxsize >= 1 &&
           maxsize <= kMostMaxsize;
  }

  uint32_t duration_s = 100;
  uint32_t maxsize = 100;  // messages of one producer

  friend bool operator==(const IdempotenceLimits&, const IdempotenceLimits&) = default;
};

/// Ring: the streams that have messages to forget, for whoever calls expire().
struct WithMessages;

class Idempotence : public RingHook<WithMessages> {
 public:
  /// `limits` outlive the object.  When they change, clear() is called.
  explicit Idempotence(const IdempotenceLimits& limits) : limits_(limits) {}
  ~Idempotence() { clear(); }
  Idempotence(const Idempotence&) = delete;
  Idempotence& operator=(const Idempotence&) = delete;

  size_t pid_count() const { return producers_.size(); }
  size_t iid_count() const { return messages_.size(); }
  /// Since the stream was made, forgotten ones included.
  uint64_t iids_added() const { return iids_added_; }
  uint64_t iids_duplicates() const { return iids_duplicates_; }
  /// For restoring a stream.
  void set_counters(uint64_t iids_added, uint64_t iids_duplicates) {
    iids_added_ = iids_added;
    iids_duplicates_ = iids_duplicates;
  }
  size_t memory_bytes() const;

  /// The ID of the entry that this message became, if it is known.
  std::optional<StreamId> find(std::string_view pid, std::string_view iid) const;
  void count_duplicate() { ++iids_duplicates_; }

  /// Remembers a message, instead of the one of that name if there is one, and forgets its
  /// producer's oldest ones beyond the limit.  The names are not longer than 4 GiB.
  void record(std::string_view pid, std::string_view iid, const StreamId& id);

  /// Remembers what another stream does; remembers nothing yet.
  void copy_from(const Idempotence& other);

  /// Forgets up to `most` of the messages whose time is over at now_ms (Unix time), the oldest
  /// first; returns how many.  Cost: O(forgotten), and O(n log n) after messages came out of order.
  size_t expire(uint64_t now_ms, size_t most);

  /// Forgets all messages; the counters stay.
  void clear();

  /// Calls on_producer(pid, number of messages) for each producer in the order of their first
  /// messages, and after each of them on_message(iid, id) for its messages as they came.
  template <class OnProducer, class OnMessage>
  void walk(OnProducer on_producer, OnMessage on_message) const;

  /// When messages were last looked for that are to be forgotten (Unix time); belongs to whoever
  /// calls expire().
  uint64_t looked_at_ms = 0;

  /// Stops the process if a rule of this file's header is broken.  Cost: O(messages).
  void assert_consistent() const;

 private:
  MessageRecord* find_message(std::string_view pid, std::string_view iid) const;
  ProducerRecord& find_or_create_producer(std::string_view pid);
  void forget(MessageRecord& message);
  void sort_by_id();

  const IdempotenceLimits& limits_;
  LinearHash<MessageRecord> messages_;
  LinearHash<ProducerRecord> producers_;
  Ring<MessageRecord, OfStream> by_id_;
  Ring<ProducerRecord, OfStream> by_age_;
  size_t record_bytes_ = 0;
  uint64_t iids_added_ = 0;
  uint64_t iids_duplicates_ = 0;
  bool is_sorted_ = true;  // by_id_ is
};

template <class OnProducer, class OnMessage>
void Idempotence::walk(OnProducer on_producer, OnMessage on_message) const {
  for (const ProducerRecord* producer = by_age_.first(); producer != nullptr;
       producer = by_age_.next(*producer)) {
    on_producer(producer->pid(), size_t{producer->message_count});
    for (const MessageRecord* message = producer->messages.first(); message != nullptr;
         message = producer->messages.next(*message)) {
      on_message(message->iid(), message->id);
    }
  }
}

}  // namespace weir
