// A stream as text, to compare two of them.
#pragma once

#include <string>

#include "streams/stream.h"

namespace weir::testing {

/// Everything that a stream holds and that is told to a replica, as text: entries, counters, groups
/// with their pending entries and consumers; no times of consumers.
std::string describe(const Stream& stream);

}  // namespace weir::testing
