#include "tests/support/describe_stream.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "streams/stream_cursor.h"

namespace weir::testing {
namespace {

void describe_entry(std::ostream& out, const StreamNode& node, const EntryRef& entry) {
  out << "entry " << to_string(entry.id);
  FieldReader fields(node, entry);
  while (fields.left() > 0) {
    const FieldReader::Pair pair = fields.next();
    out << ' ' << pair.name << '=' << pair.value;
  }
  out << '\n';
}

void describe_entries(std::ostream& out, const Stream& stream) {
  for (StreamCursor at(stream, kMinStreamId, kMaxStreamId, Direction::kUp); at.is_valid();
       at.next()) {
    describe_entry(out, at.node(), at.entry());
  }
}

void describe_entries(std::ostream& out, const StreamView& view) {
  for (Cursor<StreamNode> node(view.nodes, kMinStreamId); node; node.next()) {
    for (const uint8_t* at = node->first_entry(); at < node->end();) {
      const EntryRef entry = node->entry_at(at);
      if (!entry.deleted) describe_entry(out, *node, entry);
      at = node->next_entry(entry);
    }
  }
}

/// Digests are names, too.
std::string readable(std::string_view name) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte > ' ' && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

void describe_messages(std::ostream& out, const Stream& stream) {
  const IdempotenceLimits limits = stream.idempotence_limits();
  const Idempotence* const known = stream.idempotence();
  out << "messages kept " << limits.duration_s << " s, " << limits.maxsize
      << " of a producer, added " << (known != nullptr ? known->iids_added() : 0) << " duplicates "
      << (known != nullptr ? known->iids_duplicates() : 0) << '\n';
  if (known == nullptr) return;
  known->walk([&](std::string_view pid,
                  size_t count) { out << "  producer " << pid << ' ' << count << '\n'; },
              [&](std::string_view iid, const StreamId& id) {
                out << "    message " << readable(iid) << ' ' << to_string(id) << '\n';
              });
}

/// The numbers of release are a list's own affair; their order is not.
void describe_releases(std::ostream& out, const PendingList& pending) {
  std::vector<std::pair<uint64_t, StreamId>> released;
  for (PendingCursor at(pending, kMinStreamId); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    if (nack.is_released()) released.emplace_back(nack.release, nack.id);
  }
  if (released.empty()) return;
  std::sort(released.begin(), released.end());
  out << "  released";
  for (const auto& [number, id] : released)
    out << ' ' << to_string(id);
  out << '\n';
}

void describe_group(std::ostream& out, const ConsumerGroup& group) {
  out << "group " << group.name() << " last " << to_string(group.last_id) << " read "
      << group.entries_read << '\n';
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    out << "  consumer " << group.consumer_at(i).name() << ' '
        << group.consumer_at(i).pending_count() << '\n';
  }
  if (group.pending_or_null() == nullptr) return;
  for (PendingCursor at(*group.pending_or_null(), kMinStreamId); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    out << "  pending " << to_string(nack.id) << ' '
        << (nack.is_released() ? "-" : group.consumer(nack.consumer)->name()) << ' '
        << nack.delivered_ms << ' ' << nack.deliveries << '\n';
  }
  describe_releases(out, *group.pending_or_null());
}

void describe_messages(std::ostream& out, const StreamView& view) {
  out << "messages kept " << view.idempotence_limits.duration_s << " s, "
      << view.idempotence_limits.maxsize << " of a producer, added " << view.iids_added
      << " duplicates " << view.iids_duplicates << '\n';
  for (const ProducerView& producer : view.producers) {
    out << "  producer " << producer.pid << ' ' << producer.messages.size() << '\n';
    for (const MessageView& message : producer.messages)
      out << "    message " << readable(message.iid) << ' ' << to_string(message.id) << '\n';
  }
}

std::string_view owner_of(const GroupView& group, const Nack& nack) {
  if (nack.is_released()) return "-";
  for (const ConsumerView& consumer : group.consumers) {
    if (consumer.number == nack.consumer) return consumer.name;
  }
  return "nobody";
}

/// Each consumer's own NACKs must be just those that name it.
bool owns_what_names_it(const GroupView& group, const ConsumerView& consumer) {
  OwnedNackCursor own(group, consumer);
  for (NackCursor at(group); at.is_valid(); at.next()) {
    if (at.nack().consumer != consumer.number) continue;
    if (!own.is_valid() || own.nack() != at.nack()) return false;
    own.next();
  }
  return !own.is_valid();
}

void describe_group(std::ostream& out, const GroupView& group) {
  out << "group " << group.name << " last " << to_string(group.last_id) << " read "
      << group.entries_read << '\n';
  for (const ConsumerView& consumer : group.consumers) {
    out << "  consumer " << consumer.name << ' ' << consumer.pending_count() << '\n';
    if (!owns_what_names_it(group, consumer)) out << "    but its own NACKs are others\n";
  }
  for (NackCursor at(group); at.is_valid(); at.next()) {
    const Nack nack = at.nack();
    out << "  pending " << to_string(nack.id) << ' ' << owner_of(group, nack) << ' '
        << nack.delivered_ms << ' ' << nack.deliveries << '\n';
  }
  const std::vector<Nack> released = released_in_order(group);
  if (released.empty()) return;
  out << "  released";
  for (const Nack& nack : released)
    out << ' ' << to_string(nack.id);
  out << '\n';
}

void describe_times(std::ostream& out, int64_t seen_ms, int64_t active_ms) {
  out << "seen " << seen_ms << " active " << active_ms << '\n';
}

}  // namespace

std::string describe(const Stream& stream) {
  std::ostringstream out;
  out << "length " << stream.length() << " last " << to_string(stream.last_id()) << " added "
      << stream.entries_added() << " deleted " << to_string(stream.max_deleted_id()) << '\n';
  describe_entries(out, stream);
  describe_messages(out, stream);
  for (size_t i = 0; i < stream.groups().size(); ++i)
    describe_group(out, stream.groups().at(i));
  return out.str();
}

std::string describe_times(const Stream& stream) {
  std::ostringstream out;
  for (size_t i = 0; i < stream.groups().size(); ++i) {
    const ConsumerGroup& group = stream.groups().at(i);
    for (size_t j = 0; j < group.consumer_count(); ++j)
      describe_times(out, group.consumer_at(j).seen_ms(), group.consumer_at(j).active_ms());
  }
  return out.str();
}

std::string describe(const StreamView& view) {
  std::ostringstream out;
  out << "length " << view.length << " last " << to_string(view.last_id) << " added "
      << view.entries_added << " deleted " << to_string(view.max_deleted_id) << '\n';
  describe_entries(out, view);
  describe_messages(out, view);
  for (const GroupView& group : view.groups)
    describe_group(out, group);
  for (const GroupView& group : view.groups) {
    for (const ConsumerView& consumer : group.consumers)
      describe_times(out, consumer.seen_ms, consumer.active_ms);
  }
  return out.str();
}

}  // namespace weir::testing
