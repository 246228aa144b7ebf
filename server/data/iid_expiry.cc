#include "server/data/iid_expiry.h"

#include <algorithm>

namespace weir {

bool IidExpiry::run(uint64_t now_ms, size_t most) {
  const uint64_t round = now_ms / 1000;
  while (most > 0) {
    Idempotence* const stream = streams_.first();
    if (stream == nullptr || stream->expiry_round == round) return false;
    most -= std::min(most, 1 + stream->expire(now_ms, most));
    if (stream->iid_count() == 0) {
      stream->leave();
    } else if (most > 0) {  // else there may be more to forget: it stays the first
      stream->expiry_round = round;
      streams_.push_back(*stream);
    }
  }
  return true;
}

}  // namespace weir
