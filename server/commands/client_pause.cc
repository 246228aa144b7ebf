// CLIENT PAUSE and UNPAUSE.  What was put off runs at the end of the turn.
#include <optional>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/text.h"

namespace weir {

Outcome client_pause(Call& call) {
  PauseMode mode = PauseMode::kAll;
  if (call.args.size() > 4) return errors::unknown_subcommand_or_arguments("client", call.args[1]);
  if (call.args.size() == 4) {
    if (equals_ignoring_case(call.args[3], "write")) {
      mode = PauseMode::kWrites;
    } else if (!equals_ignoring_case(call.args[3], "all")) {
      return ReplyError("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const std::optional<int64_t> timeout_ms = parse_canonical(call.args[2]);
  if (!timeout_ms) return ReplyError(errors::kTimeoutNotAnInteger);
  if (*timeout_ms < 0) return ReplyError(errors::kTimeoutNegative);
  if (*timeout_ms > INT64_MAX - call.monotonic_ms) return ReplyError(errors::kTimeoutOutOfRange);
  call.context.dispatcher.pause().begin(mode, call.monotonic_ms + *timeout_ms);
  call.context.keyspace.expiry_paused = true;
  call.reply.ok();
  return Outcome::done();
}

Outcome client_unpause(Call& call) {
  call.context.dispatcher.end_pause();
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
