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
#include <vector>

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
  /// The same for one reply, which ends at `end`, and which may be taken back; nothing of it is if
  /// `end` is `place`.
  void hold_reply(uint64_t place, uint64_t end, uint64_t offset) {
    marks_.push_back({.place = place, .offset = offset, .end = end});
  }
  /// Where a reply lies that is to be taken back.
  struct Reply {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  /// What waits for offsets above `after`, up to `last`, waits no longer.  Gives the replies that
  /// are to be taken back; each will be `bytes` long instead.
  std::vector<Reply> take_back(uint64_t after, uint64_t last, uint64_t bytes) {
    const auto is_up_to = [](uint64_t offset, const Mark& mark) { return offset < mark.offset; };
    const auto first = std::upper_bound(marks_.begin(), marks_.end(), after, is_up_to);
    const auto behind = std::upper_bound(first, marks_.end(), last, is_up_to);
    std::vector<Reply> replies;
    uint64_t longer = 0;  // modulo 2^64, as all places
    for (auto mark = first; mark != behind; ++mark) {
      if (mark->end <= mark->place) continue;
      replies.push_back({.begin = mark->place, .end = mark->end});
      longer += bytes - (mark->end - mark->place);
    }
    for (auto mark = behind; mark != marks_.end(); ++mark) {
      mark->place += longer;
      if (mark->end > 0) mark->end += longer;
    }
    marks_.erase(first, behind);
    return replies;
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
