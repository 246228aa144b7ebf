#include "persistence/rdb_stream_writer.h"

#include <algorithm>
#include <cassert>

namespace weir {
namespace {

using rdb::StreamType;

std::string_view listpack_of(const StreamNode& node) {
  const std::span<const uint8_t> bytes = node.listpack_view();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class StreamWriter {
 public:
  StreamWriter(RdbOutput& out, StreamType type, const StreamView& stream)
      : out_(out), type_(type), stream_(stream) {}

  void run(NodePacking& packing) {
    nodes(packing);
    counters();
    out_.length(stream_.groups.size());
    for (const GroupView& view : stream_.groups)
      group(view);
    if (has(StreamType::kWithIdempotence)) messages();
  }

 private:
  bool has(StreamType since) const { return type_ >= since; }

  void nodes(NodePacking& packing) {
    out_.length(stream_.node_count);
    packing.begin_stream(stream_.node_count);
    Cursor<StreamNode> node(stream_.nodes);
    for (node.seek_first(); node; node.next()) {
      assert(node->live() > 0);
      out_.length(rdb::kIdBytes);
      out_.id(node->key);
      const std::string_view listpack = listpack_of(*node);
      if (const auto packed = packing.packed(listpack)) {
        out_.packed_string(*packed, listpack.size());
      } else {
        out_.plain_string(listpack);
      }
    }
  }

  void counters() {
    out_.length(stream_.length);
    out_.id_as_lengths(stream_.last_id);
    if (!has(StreamType::kWithCounters)) return;
    out_.id_as_lengths(stream_.first_id);
    out_.id_as_lengths(stream_.max_deleted_id);
    out_.length(stream_.entries_added);
  }

  // --- Groups

  void group(const GroupView& group) {
    out_.string(group.name);
    out_.id_as_lengths(group.last_id);
    if (has(StreamType::kWithCounters)) {
      out_.length(group.entries_read >= 0 ? static_cast<uint64_t>(group.entries_read)
                                          : rdb::kUnknownEntriesRead);
    }
    pending(group);
    out_.length(group.consumers.size());
    for (const ConsumerView& view : group.consumers)
      consumer(group, view);
    if (has(StreamType::kWithReleasedNacks)) released(group);
  }

  /// Older readers cannot take an entry that nobody owns: Redis 7.0 dies of it.
  void pending(const GroupView& group) {
    const bool with_released = has(StreamType::kWithReleasedNacks);
    out_.length(group.pending_count() - (with_released ? 0 : group.released_count));
    for (NackCursor at(group); at.is_valid(); at.next()) {
      const Nack nack = at.nack();
      if (nack.is_released() && !with_released) continue;
      out_.id(nack.id);
      out_.little64(std::min<uint64_t>(nack.delivered_ms, INT64_MAX));
      out_.length(nack.deliveries);
    }
  }

  void consumer(const GroupView& group, const ConsumerView& consumer) {
    out_.string(consumer.name);
    out_.time_ms(consumer.seen_ms);
    if (has(StreamType::kWithActiveTimes)) out_.time_ms(consumer.active_ms);
    out_.length(consumer.pending_count());
    for (OwnedNackCursor at(group, consumer); at.is_valid(); at.next())
      out_.id(at.nack().id);
  }

  void released(const GroupView& group) {
    const std::vector<Nack> nacks = released_in_order(group);
    out_.length(nacks.size());
    for (const Nack& nack : nacks)
      out_.id(nack.id);
  }

  // --- Messages

  void messages() {
    out_.length(stream_.idempotence_limits.duration_s);
    out_.length(stream_.idempotence_limits.maxsize);
    out_.length(stream_.producers.size());
    for (const ProducerView& producer : stream_.producers) {
      out_.string(producer.pid);
      out_.length(producer.messages.size());
      for (const MessageView& message : producer.messages) {
        out_.string(message.iid);
        out_.id_as_lengths(message.id);
      }
    }
    out_.length(stream_.iids_added);
    out_.length(stream_.iids_duplicates);
  }

  RdbOutput& out_;
  StreamType type_;
  const StreamView& stream_;
};

}  // namespace

void write_rdb_stream(RdbOutput& out, StreamType type, const StreamView& stream,
                      NodePacking& packing) {
  StreamWriter(out, type, stream).run(packing);
}

StreamType least_sufficient_type(const StreamView& stream, const IdempotenceLimits& limits) {
  for (const GroupView& group : stream.groups) {
    if (group.released_count > 0) return StreamType::kWithReleasedNacks;
  }
  const bool has_messages = stream.message_count > 0 || stream.iids_added > 0 ||
                            stream.iids_duplicates > 0 || stream.idempotence_limits != limits;
  return has_messages ? StreamType::kWithIdempotence : StreamType::kWithCounters;
}

}  // namespace weir
