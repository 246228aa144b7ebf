#include "server/data/iid_expiry.h"

#include <algorithm>

namespace weir {

bool IidExpiry::run(uint64_t now_ms, size_t most) {
  last_run_ms_ = now_ms;
  while (most > 0) {
    Idempotence* const stream = streams_.first();
    // The difference wraps when the clock was set back; then it is time, too.
    if (stream == nullptr || now_ms - stream->looked_at_ms < kLeastPauseMs) return false;
    most -= std::min(most, 1 + stream->expire(now_ms, most));
    if (stream->iid_count() == 0) {
      stream->leave();
    } else if (most > 0) {  // else there may be more to forget: it stays the first
      stream->looked_at_ms = now_ms;
      streams_.push_back(*stream);
    }
  }
  return true;
}

}  // namespace weir
