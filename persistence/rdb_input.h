// Bytes of an RDB file as they come, and what lies in them: numbers, lengths, strings.
//
//   RdbSource ──► buffer ┌───────────────┬──────────────┐
//   (a file, …)          │ taken         │ not taken    │   offset() counts from the file's start
//                        └───────────────┴──────────────┘   checksum() covers what was taken
//   bytes in memory ──► no buffer: they are looked at where they are
//
// The first thing that goes wrong stays: from then on there is nothing to read, every number is 0
// and every string empty.  So a reader asks failed() where it would go on, and at least once in
// each loop whose end a number of the file says.
//
// Nothing is allocated because a number says so: a long string grows as its bytes arrive.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file.h"
#include "persistence/rdb_format.h"
#include "streams/stream_id.h"

namespace weir {

/// Why an RDB file or payload cannot be read.
struct RdbError {
  enum class Kind : uint8_t {
    kDamaged,  // it is not what it should be
    kCut,      // it ends too early
    kRefused,  // it is in order, and not for this server: a type, a version, a database
    kUnread,   // the disk says no
  };
  Kind kind = Kind::kDamaged;
  uint64_t offset = 0;  // bytes from the start of the file
  std::string reason;
  std::string detail = {};  // for the log
};

/// Where bytes come from.
class RdbSource {
 public:
  RdbSource() = default;
  RdbSource(const RdbSource&) = delete;
  RdbSource& operator=(const RdbSource&) = delete;
  virtual ~RdbSource() = default;
  /// Some bytes, at least one; 0 at the end.  It is asked for a buffer's worth at a time, also in
  /// the middle of a key: here a server can look after its clients while it loads.
  virtual IoResult<size_t> read(std::span<char> buffer) = 0;
};

/// A file that is open.
class RdbFileSource final : public RdbSource {
 public:
  explicit RdbFileSource(File& file) : file_(file) {}
  IoResult<size_t> read(std::span<char> buffer) override { return file_.read(buffer); }

 private:
  File& file_;
};

/// Longest string of a file, in bytes: a listpack can be no longer.
inline constexpr uint64_t kMostRdbStringBytes = UINT32_MAX;
/// Longest name of a key: one that a command could give it.
inline constexpr uint64_t kMostRdbKeyBytes = INT32_MAX;

class RdbInput {
 public:
  /// The source outlives it.
  explicit RdbInput(RdbSource& source);
  /// The bytes outlive it.
  explicit RdbInput(std::string_view bytes)
      : next_(bytes.data()),
        end_(next_ + bytes.size()),
        crc_from_(next_),
        offset_of_end_(bytes.size()) {}
  explicit RdbInput(std::string&&) = delete;  // it would be gone
  RdbInput(const RdbInput&) = delete;
  RdbInput& operator=(const RdbInput&) = delete;

  /// Bytes taken so far.
  uint64_t offset() const { return offset_of_end_ - static_cast<uint64_t>(end_ - next_); }
  /// Of all bytes taken so far.
  uint64_t checksum();
  /// Nobody will ask for the checksum: it need not be computed.
  void leave_checksum_out() { sums_ = false; }
  /// True when no byte is left.
  bool is_at_end();

  bool failed() const { return error_.has_value(); }
  const RdbError& error() const { return *error_; }
  /// Notes an error at the present offset, unless there is one already.
  void fail(RdbError::Kind kind, std::string_view reason);
  void damaged(std::string_view reason) { fail(RdbError::Kind::kDamaged, reason); }
  void damaged(std::string_view reason, std::string detail) {
    if (failed()) return;
    damaged(reason);
    error_->detail = std::move(detail);
  }

  // --- What may come next.  Views hold until the next call.

  uint8_t byte() { return has(1) ? static_cast<uint8_t>(*next_++) : 0; }
  uint16_t little16() { return little<uint16_t>(); }
  uint32_t little32() { return little<uint32_t>(); }
  uint64_t little64() { return little<uint64_t>(); }
  int64_t time_ms() { return static_cast<int64_t>(little64()); }
  uint64_t length();
  /// 16 bytes.
  StreamId id() {
    if (!has(rdb::kIdBytes)) return {};
    next_ += rdb::kIdBytes;
    return id_at(next_ - rdb::kIdBytes);
  }
  static StreamId id_at(const char* bytes) { return {big64(bytes), big64(bytes + 8)}; }
  /// Two lengths.
  StreamId id_of_lengths() {
    const uint64_t ms = length();
    return {ms, length()};
  }
  /// So many raw bytes.
  std::string_view bytes(uint64_t count);
  /// A string in any of its forms, and of so many bytes at most.
  std::string_view string(uint64_t most = kMostRdbStringBytes);

  // Passing over.
  void skip(uint64_t count);
  void skip_string();

 private:
  template <class Number>
  Number little() {
    Number number = 0;
    if (!has(sizeof(Number))) return number;
    std::memcpy(&number, next_, sizeof(Number));
    next_ += sizeof(Number);
    return number;
  }
  static uint64_t big64(const char* at) {
    uint64_t number = 0;
    std::memcpy(&number, at, sizeof(number));
    return __builtin_bswap64(number);
  }
  uint64_t big(size_t bytes);

  size_t left() const { return static_cast<size_t>(end_ - next_); }
  bool has(size_t count) { return left() >= count || fill(count); }
  bool fill(size_t count);
  bool refill();
  void sum_up();
  uint64_t length_behind(uint8_t first);
  std::string_view number_text(size_t bytes);
  std::string_view unpacked(uint64_t most);
  std::string_view gathered(uint64_t count);

  RdbSource* source_ = nullptr;
  std::vector<char> buffer_;
  const char* next_ = nullptr;      // what is to be taken
  const char* end_ = nullptr;       // behind what has come
  const char* crc_from_ = nullptr;  // from here to next_ is not in crc_ yet
  uint64_t offset_of_end_ = 0;
  uint64_t crc_ = 0;
  bool sums_ = true;
  bool is_over_ = false;  // the source has no more
  std::string gathered_;  // a string that is longer than the buffer
  std::string unpacked_;
  char number_[24] = {};
  std::optional<RdbError> error_;
};

}  // namespace weir
