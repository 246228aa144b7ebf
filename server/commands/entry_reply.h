// Stream entries as replies: [id, [field, value, …]], the same in both protocols.
#pragma once

#include <cstring>

#include "resp/reply_writer.h"
#include "streams/stream_cursor.h"

namespace weir {

/// An ID as a bulk string.
void bulk_id(resp::ReplyWriter& reply, const StreamId& id);

/// Writes IDs one after the other as bulk strings.  Consecutive ones mostly share their
/// milliseconds, or all but the last digits of them, in one reply and from one command to the next,
/// so the text of the last ones is kept.
class IdWriter {
 public:
  /// Most bytes of one.
  static constexpr size_t kMostBytes = resp::ReplyWriter::kHeaderBytes + kMaxStreamIdLength;

  void write(resp::ReplyWriter& reply, const StreamId& id) {
    char* const at = reply.buffer().reserve(kMostBytes);
    reply.buffer().commit(static_cast<size_t>(write(at, id) - at));
  }
  /// The same where there is room, and returns the end.
  [[gnu::always_inline]] char* write(char* at, const StreamId& id) {
    if (ms_length_ == 0 || ms_ != id.ms) keep_ms(id.ms);
    at = resp::ReplyWriter::write_header(at, '$', ms_length_ + decimal_length(id.seq));
    std::memcpy(at, ms_text_, sizeof(ms_text_));  // more than it is: the size is known then
    at = write_decimal(at + ms_length_, id.seq);
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }

 private:
  /// Digits at the end of the text that are written anew while those before them stay.
  static constexpr size_t kLastDigits = 4;
  static constexpr uint64_t kLastDigitsEnd = 10'000;

  void keep_ms(uint64_t ms);

  uint64_t ms_ = 0;
  uint64_t ms_head_ = 0;   // without its last digits
  size_t ms_length_ = 0;   // 0: no text is kept
  char ms_text_[24] = {};  // with the dash
};

/// Writes entries one after the other.
class EntryWriter {
 public:
  EntryWriter(resp::ReplyWriter& reply, IdWriter& ids) : reply_(reply), ids_(ids) {}

  /// Writes the cursor's entry and returns its end, for cursor.next(end).  `elements`: of its
  /// array, of which the caller adds those behind ID and fields.
  const uint8_t* write(const StreamCursor& at, size_t elements = 2);
  /// Writes up to `most` entries from the cursor's on; returns how many there were.
  uint64_t write_all(StreamCursor& at, uint64_t most);

 private:
  resp::ReplyWriter& reply_;
  IdWriter& ids_;
};

}  // namespace weir
