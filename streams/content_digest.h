// The digest of an entry's content: names a message whose producer gives it no name of its own.
//
// Two entries with the same fields, values and pairs of both, in any order of the pairs, have the
// same digest; anything else gives another one.  It is written into logs and snapshots, so it is
// the same in every process and on every machine, now and later.
#pragma once

#include <array>

#include "streams/stream_node.h"

namespace weir {

/// 128 bits, as bytes in the same order everywhere.
using ContentDigest = std::array<char, 16>;

/// Cost: O(bytes of the fields and values).
ContentDigest content_digest(FieldValues fields);

}  // namespace weir
