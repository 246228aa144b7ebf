// Which history of the data this server is in, and how far: what PSYNC compares.
//
//   former:  ─────────────────────┤ former_end                 what it was called up to there
//   present:                      └──────────────────● offset  the bytes of the stream so far
//
// A history is named by 40 characters that are drawn when it begins.  It has a new name whenever
// others could have gone on differently: a replica that is made a primary keeps the old name for
// what lies before that moment, so that those who have not seen more than that can go on with it.
//
// Always: the byte behind offset N has the number N + 1; offsets of one history only grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weir {

/// 40 lower-case hexadecimal characters that name one history of the data.
inline constexpr size_t kReplicationIdBytes = 40;

/// A place in the stream of a history: what was applied of it.
struct StreamPosition {
  std::string id;
  int64_t offset = 0;

  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

class History {
 public:
  /// draw: a name that nothing had before.
  explicit History(std::function<std::string()> draw);

  const std::string& id() const { return id_; }
  /// Zeros if there was none.
  const std::string& former_id() const { return former_id_; }
  /// The first offset that is not part of it any more; -1 if there was none.
  int64_t former_end() const { return former_end_; }
  /// Bytes of the stream up to now.
  int64_t offset() const { return offset_; }
  StreamPosition position() const { return {id_, offset_}; }

  /// The stream got longer.
  void advance(size_t bytes) { offset_ += static_cast<int64_t>(bytes); }

  /// Whether the stream from byte number `next` on of the history `id` is the one of this server,
  /// as far as names can say.
  bool covers(std::string_view id, int64_t next) const;

  // --- What happens to it (spec: IDs and offsets over time)
  /// A stream that nobody can go on with begins: of the first replica, or since nobody kept the old
  /// one.
  void begin_new();
  /// The data were found in a file, and others may be where it was written.
  void resumed_as_primary(const StreamPosition& saved);
  void resumed_as_replica(const StreamPosition& saved) { adopted(saved); }
  /// The data are those of a primary now.
  void adopted(const StreamPosition& announced);
  /// The primary goes on, under this name.  Whether it is another one than before.
  bool continued_as(const std::string& id);
  /// It was a replica, and is none any more.
  void promoted() { fork(draw_()); }

 private:
  void fork(std::string id);
  void forget_former();

  std::function<std::string()> draw_;
  std::string id_;
  std::string former_id_;
  int64_t former_end_ = -1;
  int64_t offset_ = 0;
};

}  // namespace weir
