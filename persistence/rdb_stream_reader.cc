#include "persistence/rdb_stream_reader.h"

#include <algorithm>
#include <string>

#include "streams/idempotence.h"
#include "streams/pending_builder.h"
#include "streams/stream_builder.h"

namespace weir {
namespace {

using rdb::StreamType;

std::string_view reason_of(StreamBuilder::Fault fault) {
  switch (fault) {
    case StreamBuilder::Fault::kNone:
      break;
    case StreamBuilder::Fault::kBroken:
      return "Stream listpack integrity check failed.";
    case StreamBuilder::Fault::kEmpty:
      return "Empty listpack inside stream";
    case StreamBuilder::Fault::kUnordered:
      return "Stream entries out of order";
    case StreamBuilder::Fault::kSameKey:
      return "Listpack re-added with existing key";
    case StreamBuilder::Fault::kOverlapping:
      return "Stream nodes out of order";
    case StreamBuilder::Fault::kNoEntries:
      return "Stream length inconsistent with rax entries";
    case StreamBuilder::Fault::kLength:
      return "Stream length inconsistent with live entries";
  }
  return {};
}

/// What was delivered before 1970 was delivered at its beginning.
uint64_t as_delivery_time(int64_t ms) {
  return static_cast<uint64_t>(std::max<int64_t>(ms, 0));
}

int64_t as_entries_read(uint64_t stored) {
  return stored <= INT64_MAX ? static_cast<int64_t>(stored) : -1;
}

class StreamReader {
 public:
  StreamReader(RdbInput& in, StreamType type) : in_(in), type_(type) {}

  std::optional<Stream> run(const IdempotenceLimits& limits) {
    builder_.stream().set_idempotence_limits(limits);
    nodes();
    counters();
    groups();
    if (has(StreamType::kWithIdempotence)) messages();
    if (in_.failed()) return std::nullopt;
    return builder_.take();
  }

 private:
  bool has(StreamType since) const { return type_ >= since; }

  void check(StreamBuilder::Fault fault) {
    if (fault != StreamBuilder::Fault::kNone) in_.damaged(reason_of(fault));
  }

  void nodes() {
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left) {
      const std::optional<StreamId> key = node_key();
      const std::string_view listpack = in_.string();
      if (in_.failed()) return;
      check(builder_.add_node(
          *key, {reinterpret_cast<const uint8_t*>(listpack.data()), listpack.size()}));
    }
  }

  std::optional<StreamId> node_key() {
    const std::string_view bytes = in_.string();
    if (bytes.size() != rdb::kIdBytes) {
      in_.damaged("Stream node key entry is not the size of a stream ID");
      return std::nullopt;
    }
    return RdbInput::id_at(bytes.data());
  }

  void counters() {
    StreamBuilder::Counters counters;
    counters.length = counters.entries_added = in_.length();
    counters.last_id = in_.id_of_lengths();
    if (has(StreamType::kWithCounters)) {
      in_.id_of_lengths();  // the first ID: the nodes tell
      counters.max_deleted_id = in_.id_of_lengths();
      counters.entries_added = in_.length();
    }
    if (!in_.failed()) check(builder_.set_counters(counters));
  }

  // --- Groups

  void groups() {
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left)
      group();
  }

  void group() {
    const std::string name(in_.string());
    const StreamId last_id = in_.id_of_lengths();
    std::optional<int64_t> entries_read;
    if (has(StreamType::kWithCounters)) entries_read = as_entries_read(in_.length());
    const uint64_t pending = in_.length();
    if (in_.failed()) return;
    ConsumerGroup* const group = builder_.add_group(name, last_id, entries_read);
    if (group == nullptr) return in_.damaged("Duplicated consumer group name " + name);
    members(*group, pending);
  }

  void members(ConsumerGroup& group, uint64_t pending) {
    // One without consumers and pending entries has no list.
    std::optional<PendingBuilder> list;
    if (pending > 0) {
      list.emplace(group.pending());
      pending_entries(*list, pending);
    }
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left) {
      if (!list) list.emplace(group.pending());
      consumer(group, *list);
    }
    if (has(StreamType::kWithReleasedNacks)) released(list ? &*list : nullptr);
    if (list && list->unowned() > 0) in_.damaged("Stream CG PEL entry without consumer");
  }

  void pending_entries(PendingBuilder& list, uint64_t count) {
    StreamId last;
    for (; count > 0 && !in_.failed(); --count) {
      const StreamId id = in_.id();
      const uint64_t delivered_ms = as_delivery_time(in_.time_ms());
      const uint64_t deliveries = std::min(in_.length(), kMaxDeliveries);
      if (in_.failed()) return;
      if (!list.add(id, delivered_ms, deliveries)) {
        return in_.damaged(id == last ? "Duplicated global PEL entry loading stream consumer group"
                                      : "Pending entries of a stream consumer group out of order");
      }
      last = id;
    }
    list.end_adding();
  }

  void consumer(ConsumerGroup& group, PendingBuilder& list) {
    const std::string_view name = in_.string();
    if (in_.failed()) return;
    if (group.find_consumer(name) != nullptr)
      return in_.damaged("Duplicate stream consumer detected.");
    Consumer& consumer = group.add_consumer(name, 0);
    consumer.set_seen_ms(in_.time_ms());
    consumer.set_active_ms(has(StreamType::kWithActiveTimes) ? in_.time_ms() : consumer.seen_ms());
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left)
      owned(list, consumer);
    list.end_consumer(consumer);
  }

  void owned(PendingBuilder& list, Consumer& consumer) {
    const StreamId id = in_.id();
    if (in_.failed()) return;
    switch (list.own(consumer, id)) {
      case PendingBuilder::Verdict::kDone:
        return;
      case PendingBuilder::Verdict::kUnknown:
        return in_.damaged("Consumer entry not found in group global PEL");
      case PendingBuilder::Verdict::kTaken:
        return in_.damaged("Stream consumer PEL entry already has a consumer assigned");
    }
  }

  void released(PendingBuilder* list) {
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left) {
      const StreamId id = in_.id();
      if (in_.failed()) return;
      if (list == nullptr || list->release(id) != PendingBuilder::Verdict::kDone)
        return in_.damaged("NACK zone entry not pending or owned by a consumer");
    }
  }

  // --- Messages

  void messages() {
    const uint64_t duration_s = in_.length();
    const uint64_t maxsize = in_.length();
    const uint64_t producers = in_.length();
    if (in_.failed()) return;
    if (!IdempotenceLimits::are_allowed(duration_s, maxsize))
      return in_.damaged("Stream IDMP configuration out of range");
    builder_.stream().set_idempotence_limits(
        {static_cast<uint32_t>(duration_s), static_cast<uint32_t>(maxsize)});
    for (uint64_t left = producers; left > 0 && !in_.failed(); --left)
      producer();
    const uint64_t added = in_.length();
    const uint64_t duplicates = in_.length();
    if (in_.failed() || (producers == 0 && added == 0 && duplicates == 0)) return;
    builder_.stream().use_idempotence().set_counters(added, duplicates);
  }

  void producer() {
    const std::string pid(in_.string());
    for (uint64_t left = in_.length(); left > 0 && !in_.failed(); --left) {
      const std::string iid(in_.string());
      const StreamId id = in_.id_of_lengths();
      if (in_.failed()) return;
      Idempotence& known = builder_.stream().use_idempotence();
      if (!known.find(pid, iid)) known.record(pid, iid, id);
    }
  }

  RdbInput& in_;
  StreamType type_;
  StreamBuilder builder_;
};

}  // namespace

std::optional<Stream> read_rdb_stream(RdbInput& in, rdb::StreamType type,
                                      const IdempotenceLimits& limits) {
  return StreamReader(in, type).run(limits);
}

}  // namespace weir
