// A stream as text, to compare two of them.
#pragma once

#include <string>

#include "streams/frozen_stream.h"
#include "streams/stream.h"

namespace weir::testing {

/// Everything that a stream holds and that is told to a replica, as text: entries, counters, what
/// is remembered of its producers' messages and for how long, groups with their consumers and
/// pending entries, released ones also in the order of release.
///
/// Not told to anybody, and not here: when consumers were seen and active.  That a message's time
/// is over is not told either, everybody forgets it by a clock of his own: streams that are
/// compared are given no time for that.
std::string describe(const Stream& stream);
/// The same text of a view, from what the view alone has, and then what is not told: when consumers
/// were seen and active.
std::string describe(const StreamView& view);
/// What describe(StreamView) adds.
std::string describe_times(const Stream& stream);

}  // namespace weir::testing
