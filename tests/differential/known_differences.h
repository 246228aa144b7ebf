// Where Redis 7.0.15, which the server is compared with, is known to differ from Redis 8.8, which
// it follows, or from the server itself.
//
// Each difference has a name, a reason and a function: either it changes a command before it is
// sent, so that the difference does not show, or it brings the replies of both servers to a form
// in which they must be equal.  What no difference names must agree byte by byte.
//
// Two are worth knowing beforehand.  Group counters (entries-read, lag) follow other rules once a
// stream has lost entries: so some keys never lose any, and there the counters are compared.  And
// times are cut to multiples of half of kLongIdleMs: "now" and "long ago" stay different.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "resp/reply.h"
#include "tests/support/random_commands.h"

namespace weir::testing {

/// What normalising a reply may need to know.
struct Asked {
  const Words& command;
  int64_t began_ms = 0;  // Unix time of the test's begin
};

struct KnownDifference {
  std::string_view name;
  std::string_view reason;
  /// Changes the command; what has to be sent before it goes into `first`.
  void (*avoid)(Words& command, std::vector<Words>& first) = nullptr;
  /// Applied to the replies of both servers.
  void (*normalise)(resp::Reply& reply, const Asked& asked) = nullptr;
};

std::span<const KnownDifference> known_differences();

}  // namespace weir::testing
