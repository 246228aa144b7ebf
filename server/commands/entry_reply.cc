#include "server/commands/entry_reply.h"

namespace weir {
namespace {

/// Room for everything but fields and values: array headers, the ID and line ends.
constexpr size_t kFrameBytes = 4 * resp::ReplyWriter::kHeaderBytes + kMaxStreamIdLength;

}  // namespace

void bulk_id(resp::ReplyWriter& reply, const StreamId& id) {
  char text[kMaxStreamIdLength];
  reply.bulk({text, static_cast<size_t>(write_stream_id(text, id) - text)});
}

char* EntryWriter::write_id(char* at, const StreamId& id) {
  if (ms_length_ == 0 || ms_ != id.ms) {
    ms_ = id.ms;
    char* end = write_decimal(ms_text_, id.ms);
    *end++ = '-';
    ms_length_ = static_cast<size_t>(end - ms_text_);
  }
  char sequence[kMaxDecimalLength];
  const size_t sequence_length = static_cast<size_t>(write_decimal(sequence, id.seq) - sequence);
  at = resp::ReplyWriter::write_header(at, '$', ms_length_ + sequence_length);
  at = resp::ReplyWriter::copy_text(at, {ms_text_, ms_length_});
  at = resp::ReplyWriter::copy_text(at, {sequence, sequence_length});
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

const uint8_t* EntryWriter::write(const StreamCursor& cursor, size_t elements) {
  using resp::ReplyWriter;
  resp::Buffer& out = reply_.buffer();
  FieldReader fields(cursor.node(), cursor.entry());
  char* const begin = out.reserve(kFrameBytes);
  char* at = ReplyWriter::write_header(begin, '*', elements);
  at = write_id(at, cursor.entry().id);
  at = ReplyWriter::write_header(at, '*', 2 * size_t{fields.left()});
  out.commit(static_cast<size_t>(at - begin));
  while (fields.left() > 0) {
    const FieldReader::Pair pair = fields.next();
    char* const here =
        out.reserve(pair.name.size() + pair.value.size() + 2 * ReplyWriter::kHeaderBytes);
    at = ReplyWriter::write_bulk(here, pair.name);
    at = ReplyWriter::write_bulk(at, pair.value);
    out.commit(static_cast<size_t>(at - here));
  }
  return fields.entry_end();
}

// The cursor is not moved behind the last entry wanted: that would look at one more.
uint64_t EntryWriter::write_all(StreamCursor& at, uint64_t most) {
  uint64_t written = 0;
  while (written < most && at.is_valid()) {
    const uint8_t* const end = write(at);
    if (++written < most) at.next(end);
  }
  return written;
}

}  // namespace weir
