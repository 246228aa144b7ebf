// KEEPREF, DELREF and ACKED: what becomes of an entry that consumer groups still refer to.
#pragma once

#include <optional>

#include "server/commands/args.h"
#include "streams/stream.h"

namespace weir {

/// Takes the next word if it is one of the three.
inline std::optional<References> take_references(ArgCursor& args) {
  if (args.take("KEEPREF")) return References::kKeep;
  if (args.take("DELREF")) return References::kDelete;
  if (args.take("ACKED")) return References::kAcked;
  return std::nullopt;
}

}  // namespace weir
