// A stream, as an RDB file or DUMP payload has it, written from a view of it: nodes as they lie,
// pending entries in the order of their IDs.  It touches nothing but the view and the output.
#pragma once

#include "persistence/node_packing.h"
#include "persistence/rdb_format.h"
#include "persistence/rdb_output.h"
#include "streams/frozen_stream.h"

namespace weir {

void write_rdb_stream(RdbOutput& out, rdb::StreamType type, const StreamView& stream,
                      NodePacking& packing);

/// The least form that holds all of a stream but the times when consumers were active.  limits: of
/// remembered messages, where nothing else is said.
rdb::StreamType least_sufficient_type(const StreamView& stream, const IdempotenceLimits& limits);

}  // namespace weir
