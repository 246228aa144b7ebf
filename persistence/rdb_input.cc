#include "persistence/rdb_input.h"

#include <algorithm>
#include <bit>

#include "persistence/crc64.h"
#include "persistence/lzf.h"
#include "streams/decimal.h"

namespace weir {
namespace {

static_assert(std::endian::native == std::endian::little);

/// Bytes asked of the source at a time: enough to make calls cheap, small enough for the second
/// cache.
constexpr size_t kBufferBytes = size_t{128} << 10;

/// Capacity that is kept from one long string to the next.
constexpr size_t kMostKeptBytes = size_t{1} << 20;

}  // namespace

RdbInput::RdbInput(RdbSource& source) : source_(&source), buffer_(kBufferBytes) {
  next_ = end_ = crc_from_ = buffer_.data();
}

// --- Bytes ---------------------------------------------------------------------------------------

void RdbInput::fail(RdbError::Kind kind, std::string_view reason) {
  if (error_) return;
  error_ = RdbError{.kind = kind, .offset = offset(), .reason = std::string(reason)};
  // Nothing is left to read.
  sum_up();
  offset_of_end_ = offset();
  end_ = next_;
  is_over_ = true;
}

void RdbInput::sum_up() {
  if (sums_) crc_ = crc64(crc_, {crc_from_, static_cast<size_t>(next_ - crc_from_)});
  crc_from_ = next_;
}

uint64_t RdbInput::checksum() {
  sum_up();
  return crc_;
}

/// Gets some more bytes; false if there are none.  What was not taken moves to the front.
bool RdbInput::refill() {
  if (source_ == nullptr || is_over_) return false;
  sum_up();
  const size_t kept = left();
  if (kept > 0) std::memmove(buffer_.data(), next_, kept);
  next_ = crc_from_ = buffer_.data();
  end_ = next_ + kept;
  const IoResult<size_t> got = source_->read({buffer_.data() + kept, buffer_.size() - kept});
  if (!got) {
    fail(RdbError::Kind::kUnread, to_string(got.error()));
    return false;
  }
  is_over_ = *got == 0;
  end_ += *got;
  offset_of_end_ += *got;
  return !is_over_;
}

/// Sees to it that `count` bytes, not more than the buffer has, are there to be taken.
bool RdbInput::fill(size_t count) {
  while (left() < count) {
    if (refill()) continue;
    fail(RdbError::Kind::kCut, "Unexpected EOF reading RDB file");
    return false;
  }
  return true;
}

bool RdbInput::is_at_end() {
  return left() == 0 && !refill();
}

std::string_view RdbInput::bytes(uint64_t count) {
  if (count > left() && source_ != nullptr && count > buffer_.size()) return gathered(count);
  if (!has(count)) return {};
  const std::string_view taken(next_, count);
  next_ += count;
  return taken;
}

/// More bytes than the buffer has: copied together as they come.
std::string_view RdbInput::gathered(uint64_t count) {
  if (gathered_.capacity() > kMostKeptBytes) std::string().swap(gathered_);
  gathered_.clear();
  while (gathered_.size() < count) {
    if (!has(1)) return {};
    const size_t part = std::min<uint64_t>(left(), count - gathered_.size());
    gathered_.append(next_, part);
    next_ += part;
  }
  return gathered_;
}

void RdbInput::skip(uint64_t count) {
  while (count > 0 && has(1)) {
    const size_t part = std::min<uint64_t>(left(), count);
    next_ += part;
    count -= part;
  }
}

// --- Lengths and strings -------------------------------------------------------------------------

uint64_t RdbInput::big(size_t bytes) {
  if (!has(bytes)) return 0;
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i)
    number = number << 8 | static_cast<uint8_t>(*next_++);
  return number;
}

uint64_t RdbInput::length() {
  return length_behind(byte());
}

uint64_t RdbInput::length_behind(uint8_t first) {
  if (first < rdb::kLength14Bits) return first;
  if (first < rdb::kLength32Bits) {
    const uint64_t high = first & 0x3f;
    return high << 8 | byte();
  }
  if (first == rdb::kLength32Bits) return big(4);
  if (first == rdb::kLength64Bits) return big(8);
  damaged(first < rdb::kEncoded ? "Unknown length encoding"
                                : "A string encoding where a length should be");
  return 0;
}

std::string_view RdbInput::string(uint64_t most) {
  const uint8_t first = byte();
  if (first < rdb::kEncoded) {
    const uint64_t count = length_behind(first);
    if (count <= most) return bytes(count);
    damaged("A string is too long");
    return {};
  }
  switch (first) {
    case rdb::kInt8:
      return number_text(1);
    case rdb::kInt16:
      return number_text(2);
    case rdb::kInt32:
      return number_text(4);
    case rdb::kLzf:
      return unpacked(most);
    default:
      damaged("Unknown RDB string encoding type");
      return {};
  }
}

std::string_view RdbInput::number_text(size_t bytes) {
  if (!has(bytes)) return {};
  uint64_t read = 0;
  std::memcpy(&read, next_, bytes);
  next_ += bytes;
  const size_t unused = 64 - 8 * bytes;
  const int64_t value = static_cast<int64_t>(read << unused) >> unused;
  return {number_, static_cast<size_t>(write_decimal(number_, value) - number_)};
}

std::string_view RdbInput::unpacked(uint64_t most) {
  const uint64_t packed_bytes = length();
  const uint64_t size = length();
  if (packed_bytes > most || size > most) {
    damaged("A string is too long");
    return {};
  }
  const std::string_view packed = bytes(packed_bytes);
  if (failed()) return {};
  if (unpacked_.capacity() > kMostKeptBytes) std::string().swap(unpacked_);
  if (unpack_lzf(packed, size, unpacked_)) return unpacked_;
  damaged("Invalid LZF compressed string");
  return {};
}

void RdbInput::skip_string() {
  const uint8_t first = byte();
  if (first < rdb::kEncoded) return skip(length_behind(first));
  if (first == rdb::kInt8) return skip(1);
  if (first == rdb::kInt16) return skip(2);
  if (first == rdb::kInt32) return skip(4);
  if (first != rdb::kLzf) return damaged("Unknown RDB string encoding type");
  const uint64_t packed_bytes = length();
  length();
  skip(packed_bytes);
}

}  // namespace weir
