#include "tests/support/describe_stream.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "streams/stream_cursor.h"

namespace weir::testing {
namespace {

void describe_entries(std::ostream& out, const Stream& stream) {
  for (StreamCursor at(stream, kMinStreamId, kMaxStreamId, Direction::kUp); at.is_valid();
       at.next()) {
    out << "entry " << to_string(at.entry().id);
    FieldReader fields(at.node(), at.entry());
    while (fields.left() > 0) {
      const FieldReader::Pair pair = fields.next();
      out << ' ' << pair.name << '=' << pair.value;
    }
    out << '\n';
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

}  // namespace weir::testing
