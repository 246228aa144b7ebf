#include "persistence/rdb_output.h"

#include <algorithm>
#include <bit>

#include "persistence/crc64.h"
#include "persistence/rdb_format.h"
#include "streams/decimal.h"

namespace weir {
namespace {

static_assert(std::endian::native == std::endian::little);

/// Longest text that is looked at as a number.
constexpr size_t kMostNumberText = 11;
/// Where an output that keeps all begins.
constexpr size_t kFirstKeptBytes = 512;

char* store_big(char* at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    *at++ = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  return at;
}

}  // namespace

// --- Chunks --------------------------------------------------------------------------------------

/// Of numbers and the like: not more than a chunk.
void RdbOutput::make_room(size_t bytes) {
  if (destination_ != nullptr && chunk_ != nullptr) return hand_on();
  const size_t least = destination_ != nullptr ? kRdbChunkBytes : kFirstKeptBytes;
  const size_t capacity = std::max({least, 2 * capacity_, size_ + bytes});
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(grown.get(), chunk_.get(), size_);
  chunk_ = std::move(grown);
  capacity_ = capacity;
}

void RdbOutput::sum_up() {
  if (sums_) crc_ = crc64(crc_, {chunk_.get() + summed_, size_ - summed_});
  summed_ = size_;
}

void RdbOutput::hand_on() {
  sum_up();
  if (size_ > 0 && !error_) {
    IoResult<void> written = destination_->write({chunk_.get(), size_});
    if (!written) error_ = std::move(written).error();
  }
  flushed_ += size_;
  size_ = summed_ = 0;
}

uint64_t RdbOutput::checksum() {
  sum_up();
  return crc_;
}

bool RdbOutput::flush() {
  if (destination_ != nullptr) hand_on();
  return !error_;
}

void RdbOutput::raw(std::string_view bytes) {
  if (destination_ == nullptr) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
    return;
  }
  while (!bytes.empty()) {
    char* const at = room(1);
    const size_t part = std::min(bytes.size(), capacity_ - size_);
    std::memcpy(at, bytes.data(), part);
    size_ += part;
    bytes.remove_prefix(part);
  }
}

// --- What is written -----------------------------------------------------------------------------

void RdbOutput::length(uint64_t value) {
  constexpr size_t kMostBytes = 9;
  char* const begin = room(kMostBytes);
  char* at = begin;
  if (value < 64) {
    *at++ = static_cast<char>(value);
  } else if (value < 16384) {
    at = store_big(at, value | rdb::kLength14Bits << 8, 2);
  } else if (value <= UINT32_MAX) {
    *at++ = static_cast<char>(rdb::kLength32Bits);
    at = store_big(at, value, 4);
  } else {
    *at++ = static_cast<char>(rdb::kLength64Bits);
    at = store_big(at, value, 8);
  }
  size_ += static_cast<size_t>(at - begin);
}

void RdbOutput::id(const StreamId& id) {
  char* const at = room(rdb::kIdBytes);
  store_big(store_big(at, id.ms, 8), id.seq, 8);
  size_ += rdb::kIdBytes;
}

void RdbOutput::string(std::string_view text) {
  int64_t number = 0;
  if (text.size() > kMostNumberText || !read_canonical(text, number) || number < INT32_MIN ||
      number > INT32_MAX) {
    return plain_string(text);
  }
  if (number >= INT8_MIN && number <= INT8_MAX) {
    byte(rdb::kInt8);
    little(static_cast<int8_t>(number));
  } else if (number >= INT16_MIN && number <= INT16_MAX) {
    byte(rdb::kInt16);
    little(static_cast<int16_t>(number));
  } else {
    byte(rdb::kInt32);
    little(static_cast<int32_t>(number));
  }
}

void RdbOutput::packed_string(std::string_view packed, size_t size) {
  byte(rdb::kLzf);
  length(packed.size());
  length(size);
  raw(packed);
}

}  // namespace weir
