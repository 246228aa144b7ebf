// How much a command may answer before what it goes on writing is written for nobody: the output
// limit of its connection, which is closed above it.  Commands whose reply can be much longer than
// what asked for it (ranges, reads of many streams, transactions) stop there, or one small request
// could take all memory before the limit is looked at.
//
// The reply that was stopped is valid, only shorter: should the socket take it at once, the
// connection lives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "server/command.h"
#include "server/net/client.h"
#include "server/net/client_io.h"
#include "server/settings.h"

namespace weir {

/// In bytes of the connection's output; SIZE_MAX: no limit.
inline size_t output_ceiling(const Call& call) {
  // What is told must not hang on how much was answered.
  if (call.is_replay || call.client.shared != nullptr) return SIZE_MAX;
  const OutputLimits& limits = call.settings.client_output_buffer_limit;
  const uint64_t hard = (call.client.subscriptions ? limits.pubsub : limits.normal).hard_bytes;
  return hard == 0 ? SIZE_MAX : std::max<uint64_t>(hard, ClientIo::kOutputBytes);
}

}  // namespace weir
