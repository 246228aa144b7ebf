// MONITOR.
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/insight/monitors.h"

namespace weir {

Outcome monitor(Call& call) {
  // Where a command may not wait, as in a transaction, nobody could read what is shown.
  if (!call.may_wait) return ReplyError(errors::kMonitorMayNotWait);
  if (call.client.is_fed()) return Outcome::done();  // without an answer, as in Redis
  call.context.monitors.add(call.client);
  call.context.dispatcher.look_out();
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
