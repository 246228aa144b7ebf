// A stream as an RDB file or DUMP payload has it, read.  Nothing in it is believed: what comes out
// keeps all the rules of streams/, or nothing comes out.
//
//   nodes      key, listpack            each byte is looked at, then it is kept as it is
//   counters   length, IDs, …           must agree with the nodes
//   groups     pending entries, then the consumers and which of them are whose
//   messages   of producers, and how long they are kept      (from type 26 on)
#pragma once

#include <optional>

#include "persistence/rdb_format.h"
#include "persistence/rdb_input.h"
#include "streams/stream.h"

namespace weir {

/// The stream that begins here; nothing if the input has failed then.  limits: of remembered
/// messages, for forms that have none.  Messages whose time is over are still there.
std::optional<Stream> read_rdb_stream(RdbInput& in, rdb::StreamType type,
                                      const IdempotenceLimits& limits);

}  // namespace weir
