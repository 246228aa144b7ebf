// Replies of a connection that must not leave yet: what stands behind a mark waits until the
// server's writes are safe up to the mark's offset.
//
//   output:  │ may leave │ waits for 700      │ waits for 912 │
//                        ▲ mark               ▲ mark
//
// Places are counted in bytes sent to the connection since it began, so sending moves no mark.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace weir {

class HeldReplies {
 public:
  /// What is written from `place` on waits for `offset`.  Neither is less than those before.
  /// batch: what was written from this offset on becomes safe together, so that one mark is enough
  /// for it.  Whether this is the batch's first.
  bool hold(uint64_t place, uint64_t offset, uint64_t batch) {
    if (!marks_.empty() && marks_.back().offset > batch) {
      marks_.back().offset = offset;
      return false;
    }
    marks_.push_back({.place = place, .offset = offset});
    return true;
  }
  /// The same for one reply, which ends at `end`, and which may be taken back.
  void hold_reply(uint64_t place, uint64_t end, uint64_t offset) {
    marks_.push_back({.place = place, .offset = offset, .end = end});
  }
  /// Places of a reply; none: nothing of it is to be taken back.
  struct Reply {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  /// The first reply that is held is not to wait any longer; nothing if it waits for more than
  /// `offset`, or has left.
  std::optional<Reply> take_late(uint64_t offset) {
    if (marks_.empty() || marks_.front().offset > offset) return std::nullopt;
    const Mark mark = marks_.front();
    marks_.pop_front();
    return Reply{.begin = mark.place, .end = mark.end};
  }
  /// What is behind the reply that was just taken lies so much further back.
  void moved(int64_t bytes) {
    for (Mark& mark : marks_) {
      mark.place = static_cast<uint64_t>(static_cast<int64_t>(mark.place) + bytes);
      mark.end = static_cast<uint64_t>(static_cast<int64_t>(mark.end) + bytes);
    }
  }
  bool is_empty() const { return marks_.empty(); }
  /// Everything up to `offset` is safe; whether nothing is held any more.
  bool release(uint64_t offset) {
    while (!marks_.empty() && marks_.front().offset <= offset)
      marks_.pop_front();
    return marks_.empty();
  }
  /// How many of `size` bytes may leave, when so many were sent before them.
  size_t sendable(uint64_t sent, size_t size) const {
    if (marks_.empty()) return size;
    const uint64_t place = marks_.front().place;
    return place <= sent ? 0 : static_cast<size_t>(std::min<uint64_t>(place - sent, size));
  }

 private:
  struct Mark {
    uint64_t place = 0;
    uint64_t offset = 0;
    uint64_t end = 0;  // of the reply, where that is known
  };
  std::deque<Mark> marks_;
};

}  // namespace weir
