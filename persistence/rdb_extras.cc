#include "persistence/rdb_extras.h"

#include <algorithm>

#include "persistence/rdb_input.h"

namespace weir {
namespace {

using rdb::StreamType;

constexpr std::string_view kPrefix = "weir-";
constexpr std::string_view kActiveTimes = "weir-active-times";
constexpr std::string_view kReleased = "weir-released";
constexpr std::string_view kIdempotence = "weir-idmp";
constexpr std::string_view kMessages = "weir-messages";

// --- Writing -------------------------------------------------------------------------------------

class ExtrasWriter {
 public:
  ExtrasWriter(RdbOutput& out, std::string_view key) : out_(out), key_(key) {}

  void active_times(const GroupView& group) {
    const auto is_told = [](const ConsumerView& one) { return one.active_ms == one.seen_ms; };
    if (std::all_of(group.consumers.begin(), group.consumers.end(), is_told)) return;
    in_parts(kActiveTimes, group.name, group.consumers,
             [](RdbOutput& field, const ConsumerView& one) { field.time_ms(one.active_ms); });
  }

  void released(const GroupView& group) {
    if (group.released_count == 0) return;
    in_parts(kReleased, group.name, released_in_order(group),
             [](RdbOutput& field, const Nack& nack) {
               field.id(nack.id);
               field.length(nack.deliveries);
             });
  }

  void idempotence(const StreamView& stream) {
    const bool has_messages =
        stream.message_count > 0 || stream.iids_added > 0 || stream.iids_duplicates > 0;
    if (!has_messages && stream.idempotence_limits == IdempotenceLimits{}) return;
    RdbOutput field;
    field.plain_string(key_);
    field.length(stream.idempotence_limits.duration_s);
    field.length(stream.idempotence_limits.maxsize);
    field.length(stream.iids_added);
    field.length(stream.iids_duplicates);
    put(kIdempotence, field);
    for (const ProducerView& producer : stream.producers) {
      in_parts(kMessages, producer.pid, producer.messages,
               [](RdbOutput& part, const MessageView& message) {
                 part.plain_string(message.iid);
                 part.id_as_lengths(message.id);
               });
    }
  }

 private:
  void put(std::string_view name, const RdbOutput& field) {
    out_.byte(rdb::kAux);
    out_.plain_string(name);
    out_.plain_string(field.kept());
  }

  /// Items of something with a name, in as many fields as it takes: key, name, number of the first
  /// item, number of items, items.
  template <class Items, class Write>
  void in_parts(std::string_view name, std::string_view owner, const Items& items, Write write) {
    for (size_t begin = 0; begin < items.size();) {
      RdbOutput part;
      size_t end = begin;
      for (; end < items.size() && part.bytes() < kRdbExtraBytes; ++end)
        write(part, items[end]);
      RdbOutput field;
      field.plain_string(key_);
      field.plain_string(owner);
      field.length(begin);
      field.length(end - begin);
      field.raw(part.kept());
      put(name, field);
      begin = end;
    }
  }

  RdbOutput& out_;
  std::string_view key_;
};

// --- Reading -------------------------------------------------------------------------------------

class ExtrasReader {
 public:
  ExtrasReader(RdbInput& in, Stream& stream) : in_(in), stream_(stream) {}

  void active_times() {
    ConsumerGroup* const group = named_group();
    const Part part = read_part();
    if (group == nullptr || part.begin > group->consumer_count() ||
        part.count > group->consumer_count() - part.begin) {
      return in_.damaged("");
    }
    PendingList& list = group->pending();
    for (uint64_t i = part.begin; i < part.begin + part.count; ++i)
      list.consumer(group->consumer_at(i).number())->set_active_ms(in_.time_ms());
  }

  void released() {
    ConsumerGroup* const group = named_group();
    const Part part = read_part();
    if (group == nullptr) return in_.damaged("");
    PendingList& list = group->pending();
    PendingList::Edit edit(list);
    for (uint64_t left = part.count; left > 0 && !in_.failed(); --left) {
      Nack nack;
      nack.id = in_.id();
      nack.deliveries = std::min(in_.length(), kMaxDeliveries);
      if (in_.failed() || edit.find(nack.id)) return in_.damaged("");
      nack.release = list.next_release();
      edit.put(nack);
    }
  }

  void idempotence() {
    const uint64_t duration_s = in_.length();
    const uint64_t maxsize = in_.length();
    const uint64_t added = in_.length();
    const uint64_t duplicates = in_.length();
    if (in_.failed() || !IdempotenceLimits::are_allowed(duration_s, maxsize))
      return in_.damaged("");
    stream_.set_idempotence_limits(
        {static_cast<uint32_t>(duration_s), static_cast<uint32_t>(maxsize)});
    if (added > 0 || duplicates > 0) stream_.use_idempotence().set_counters(added, duplicates);
  }

  void messages() {
    const std::string pid(in_.string());
    const Part part = read_part();
    if (in_.failed()) return;
    Idempotence& known = stream_.use_idempotence();
    const uint64_t added = known.iids_added();
    for (uint64_t left = part.count; left > 0 && !in_.failed(); --left) {
      const std::string iid(in_.string());
      const StreamId id = in_.id_of_lengths();
      if (!in_.failed() && !known.find(pid, iid)) known.record(pid, iid, id);
    }
    known.set_counters(added, known.iids_duplicates());  // they count these already
  }

 private:
  struct Part {
    uint64_t begin = 0;
    uint64_t count = 0;
  };

  ConsumerGroup* named_group() { return stream_.find_group(in_.string()); }
  Part read_part() {
    const uint64_t begin = in_.length();
    return {.begin = begin, .count = in_.length()};
  }

  RdbInput& in_;
  Stream& stream_;
};

}  // namespace

void write_rdb_extras(RdbOutput& out, StreamType type, std::string_view key,
                      const StreamView& stream) {
  ExtrasWriter writer(out, key);
  for (const GroupView& group : stream.groups) {
    if (type < StreamType::kWithActiveTimes) writer.active_times(group);
    if (type < StreamType::kWithReleasedNacks) writer.released(group);
  }
  if (type < StreamType::kWithIdempotence) writer.idempotence(stream);
}

bool is_rdb_extra(std::string_view name) {
  return name.starts_with(kPrefix) && name != kWeirVersionField;
}

bool apply_rdb_extra(std::string_view name, std::string_view value, std::string_view key,
                     Stream& stream) {
  RdbInput in(value);
  if (in.string() != key) return !in.failed();
  ExtrasReader reader(in, stream);
  if (name == kActiveTimes) {
    reader.active_times();
  } else if (name == kReleased) {
    reader.released();
  } else if (name == kIdempotence) {
    reader.idempotence();
  } else if (name == kMessages) {
    reader.messages();
  } else {
    return true;
  }
  return !in.failed() && in.is_at_end();
}

}  // namespace weir
