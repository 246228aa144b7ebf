// What XINFO STREAM FULL tells about the consumer groups of a stream.
#pragma once

#include "resp/reply_writer.h"
#include "streams/stream.h"

namespace weir {

/// An array of the groups with their consumers, and of each at most `count` pending entries.
void write_groups(resp::ReplyWriter& reply, Stream& stream, uint64_t count);

}  // namespace weir
