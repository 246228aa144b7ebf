#include "server/commands/entry_reply.h"

namespace weir {
namespace {

/// Room for everything but fields and values: array headers and the ID.
constexpr size_t kFrameBytes = 2 * resp::ReplyWriter::kHeaderBytes + IdWriter::kMostBytes;
/// Room that is made beside that at first: enough for most entries.
constexpr size_t kShortEntryBytes = 512;

}  // namespace

void bulk_id(resp::ReplyWriter& reply, const StreamId& id) {
  char text[kMaxStreamIdLength];
  reply.bulk({text, static_cast<size_t>(write_stream_id(text, id) - text)});
}

void IdWriter::keep_ms(uint64_t ms) {
  static_assert(sizeof(ms_text_) > kMaxDecimalLength);
  const uint64_t head = ms / kLastDigitsEnd;
  if (ms_length_ > kLastDigits + 1 && head == ms_head_) {
    char* digit = ms_text_ + ms_length_ - 1;
    auto rest = static_cast<uint32_t>(ms - head * kLastDigitsEnd);
    for (size_t i = 0; i < kLastDigits; ++i, rest /= 10)
      *--digit = static_cast<char>('0' + rest % 10);
  } else {
    char* end = write_decimal(ms_text_, ms);
    *end++ = '-';
    ms_length_ = static_cast<size_t>(end - ms_text_);
    ms_head_ = head;
  }
  ms_ = ms;
}

const uint8_t* EntryWriter::write(const StreamCursor& cursor, size_t elements) {
  using resp::ReplyWriter;
  resp::Buffer& out = reply_.buffer();
  FieldReader fields(cursor.node(), cursor.entry());
  char* begin = out.reserve(kFrameBytes + kShortEntryBytes);
  const char* limit = begin + out.room();
  char* at = ReplyWriter::write_header(begin, '*', elements);
  at = ids_.write(at, cursor.entry().id);
  at = ReplyWriter::write_header(at, '*', 2 * size_t{fields.left()});
  while (fields.left() > 0) {
    const FieldReader::Pair pair = fields.next();
    const size_t bytes = pair.name.size() + pair.value.size() + 2 * ReplyWriter::kHeaderBytes;
    if (static_cast<size_t>(limit - at) < bytes) {
      out.commit(static_cast<size_t>(at - begin));
      begin = at = out.reserve(bytes);
      limit = begin + out.room();
    }
    at = ReplyWriter::write_bulk(at, pair.name);
    at = ReplyWriter::write_bulk(at, pair.value);
  }
  out.commit(static_cast<size_t>(at - begin));
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
