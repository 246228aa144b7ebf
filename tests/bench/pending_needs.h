// What commands need of a PEL, and how each need is measured.
//
// A value is CPU time of this thread (or bytes), the median of some rounds of which the first does
// not count.  Everything random comes from a fixed seed and is drawn anew for each round, outside
// of the time: a great list shall not be measured in a cache that is warm for a few of its entries.
#pragma once

#include <cstdint>
#include <span>

#include "tests/bench/pending_queue.h"

namespace weir::bench {

/// What the header of pending_list.h says.
enum class Promise : uint8_t { kConstant, kLogarithmic, kLogarithmicAndFound };

struct Need {
  const char* name;
  const char* unit;
  Promise promise;
  /// In bytes or ns.
  double (*measure)(PendingQueue&);
};

/// In the order in which they are to be measured: the last ones disturb who owns what.
std::span<const Need> pending_needs();

}  // namespace weir::bench
