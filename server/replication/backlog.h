// The last bytes of the stream of replication, by their offsets: what replicas are sent, and what
// one that was away for a moment goes on with.  However many replicas there are, it exists once.
//
//   first()                                                                   end()
//     ▼                                                                         ▼
//   ┌─┬───────────────┬───────────────────┬───────────────────┬────────────────┬─┐
//   │…│               │                   │                   │                │…│  blocks
//   └─┴───────────────┴───────────────────┴───────────────────┴────────────────┴─┘
//     └── what a replica still needs ──┘          └──── the size asked for ────┘
//
// It forgets byte by byte what lies further back than its size, except what somebody still needs:
// then it is longer than that, until who needs it has it, or is given up.  Bytes never move: a
// block goes when all of it is forgotten, and becomes the next one at the end.
//
// Always: it holds the bytes number first() to end() - 1, and no byte twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string_view>

namespace weir {

class Backlog {
 public:
  static constexpr size_t kBlockBytes = size_t{16} * 1024;
  static constexpr int64_t kNobody = std::numeric_limits<int64_t>::max();

  /// Empty; the next byte is number `offset` + 1.  size: bytes to be kept.
  Backlog(int64_t offset, size_t size) : base_(offset + 1), first_(base_), end_(base_) {
    size_ = size;
  }

  void append(std::string_view bytes);
  /// Forgets what is further back than the size.  needed: from this number on nothing may go.
  void trim(int64_t needed = kNobody);
  /// Keeps as much as fits; what is forgotten is not there again with a greater size.
  void resize(size_t size, int64_t needed = kNobody) {
    size_ = size;
    trim(needed);
  }

  size_t size() const { return size_; }
  /// Number of the oldest byte.
  int64_t first() const { return first_; }
  /// Number of the byte that comes next.
  int64_t end() const { return end_; }
  size_t length() const { return static_cast<size_t>(end_ - first_); }
  /// Whether the stream can be given from byte number `next` on; maybe nothing of it is there yet.
  bool can_continue(int64_t next) const { return next >= first_ && next <= end_; }

  /// The bytes from number `from` on, as many as lie together: empty at the end only.  They stay
  /// where they are until they are forgotten.
  std::string_view at(int64_t from) const;

  /// What it takes.
  size_t memory_bytes() const { return (blocks_.size() + (spare_ ? 1 : 0)) * kBlockBytes; }

 private:
  using Block = std::unique_ptr<char[]>;

  std::deque<Block> blocks_;
  Block spare_;
  int64_t base_;  // number of the first block's first byte
  int64_t first_;
  int64_t end_;
  size_t size_ = 0;
};

}  // namespace weir
