// Numbers, lengths and strings as an RDB file has them, on their way to a file or into memory.
//
//   writer ─► RdbOutput: a chunk in memory ─► RdbDestination: a file, a socket, …
//                         └─ its checksum, chunk by chunk
//
// The first error of the destination stays; from then on everything is dropped.  An output without
// a destination keeps all it is given: a DUMP payload.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "persistence/file.h"
#include "streams/stream_id.h"

namespace weir {

class RdbDestination {
 public:
  RdbDestination() = default;
  RdbDestination(const RdbDestination&) = delete;
  RdbDestination& operator=(const RdbDestination&) = delete;
  virtual ~RdbDestination() = default;
  /// All of `bytes`, which are kRdbChunkBytes mostly.
  virtual IoResult<void> write(std::string_view bytes) = 0;
};

/// How much is handed on at a time, in bytes.
inline constexpr size_t kRdbChunkBytes = size_t{128} << 10;

enum class RdbChecksum : uint8_t { kComputed, kLeftOut };

class RdbOutput {
 public:
  /// Keeps what it is given.
  RdbOutput() = default;
  /// The destination outlives it.
  RdbOutput(RdbDestination& destination, RdbChecksum checksum)
      : destination_(&destination), sums_(checksum == RdbChecksum::kComputed) {}
  RdbOutput(const RdbOutput&) = delete;
  RdbOutput& operator=(const RdbOutput&) = delete;

  void byte(uint8_t value) { *room(1) = static_cast<char>(value), ++size_; }
  void little16(uint16_t value) { little(value); }
  void little64(uint64_t value) { little(value); }
  void time_ms(int64_t value) { little(value); }
  void length(uint64_t value);
  /// 16 bytes.
  void id(const StreamId& id);
  /// Two lengths.
  void id_as_lengths(const StreamId& id) {
    length(id.ms);
    length(id.seq);
  }
  void raw(std::string_view bytes);
  /// A string as a number, if it is the text of one, or as it is.
  void string(std::string_view text);
  /// A string as it is.
  void plain_string(std::string_view text) {
    length(text.size());
    raw(text);
  }
  /// `packed` is what LZF made of `size` bytes.
  void packed_string(std::string_view packed, size_t size);

  /// Of all that was given so far; 0 if it is left out.
  uint64_t checksum();
  /// Hands on what is left.  True if nothing went wrong.
  bool flush();

  bool failed() const { return error_.has_value(); }
  const IoError& error() const { return *error_; }
  /// Bytes given so far.
  uint64_t bytes() const { return flushed_ + size_; }
  /// Without a destination: all of it.
  std::string_view kept() const { return {chunk_.get(), size_}; }

 private:
  template <class Number>
  void little(Number value) {
    std::memcpy(room(sizeof(value)), &value, sizeof(value));
    size_ += sizeof(value);
  }
  char* room(size_t bytes) {
    if (capacity_ - size_ < bytes) make_room(bytes);
    return chunk_.get() + size_;
  }
  void make_room(size_t bytes);
  void hand_on();
  void sum_up();

  RdbDestination* destination_ = nullptr;
  bool sums_ = true;
  std::unique_ptr<char[]> chunk_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t summed_ = 0;  // of the chunk
  uint64_t crc_ = 0;
  uint64_t flushed_ = 0;
  std::optional<IoError> error_;
};

}  // namespace weir
