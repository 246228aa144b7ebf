// Forgets messages whose time is over, about once a second as Redis does, without looking at all
// keys.
//
//   looked at long ago ──► … ──► looked at just now, or new ──► …
//   ▲ first                                                last ▲
//
// Streams with messages are in one ring; a stream that goes leaves it by itself, however it goes.
// A run takes streams from the front and puts them to the end, until it meets one that was looked
// at less than a second ago, or has done enough for one turn of the loop: the next run goes on.  A
// new stream counts as looked at: a message with an old ID (XIDMPRECORD) is known for a while, too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "streams/idempotence.h"

namespace weir {

class IidExpiry {
 public:
  /// Streams looked at and messages forgotten in one run, together: a millisecond or two.
  static constexpr size_t kMostPerRun = 2000;
  /// A second, less what the server's ticks may come early.
  static constexpr uint64_t kLeastPauseMs = 900;

  /// To be called when a message was recorded.  Cost: O(1).
  void watch(Idempotence& idempotence) {
    if (idempotence.is_in_ring()) return;
    idempotence.looked_at_ms = last_run_ms_;
    streams_.push_back(idempotence);
  }

  /// Whether no stream has messages to forget.
  bool is_empty() const { return streams_.is_empty(); }

  /// Called several times a second, and again soon when it returns true: there is more to do.
  /// now_ms: Unix time.
  bool run(uint64_t now_ms, size_t most = kMostPerRun);

 private:
  Ring<Idempotence, WithMessages> streams_;
  uint64_t last_run_ms_ = 0;
};

}  // namespace weir
