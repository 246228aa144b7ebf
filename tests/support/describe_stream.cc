#include "tests/support/describe_stream.h"

#include <sstream>

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
}

}  // namespace

std::string describe(const Stream& stream) {
  std::ostringstream out;
  out << "length " << stream.length() << " last " << to_string(stream.last_id()) << " added "
      << stream.entries_added() << " deleted " << to_string(stream.max_deleted_id()) << '\n';
  describe_entries(out, stream);
  for (size_t i = 0; i < stream.groups().size(); ++i)
    describe_group(out, stream.groups().at(i));
  return out.str();
}

}  // namespace weir::testing
