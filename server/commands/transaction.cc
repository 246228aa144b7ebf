// MULTI EXEC DISCARD WATCH UNWATCH.  The dispatcher queues what comes between MULTI and EXEC.
#include "server/net/transaction.h"

#include "server/commands/handlers.h"
#include "server/commands/output_ceiling.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/watches.h"
#include "server/dispatcher.h"
#include "server/errors.h"

namespace weir {

Outcome multi(Call& call) {
  if (call.client.transaction) return ReplyError("ERR MULTI calls can not be nested");
  call.client.transaction = std::make_unique<Transaction>();
  call.reply.ok();
  return Outcome::done();
}

Outcome exec(Call& call) {
  if (!call.client.transaction) return ReplyError("ERR EXEC without MULTI");
  const bool has_changed = call.context.watches.has_changed(call.client.id);
  const std::unique_ptr<Transaction> transaction = std::move(call.client.transaction);
  call.context.dispatcher.unwatch(call.client);
  if (transaction->is_spoiled) return ReplyError(errors::kExecAborted);
  if (has_changed) {
    call.reply.null_array();
    return Outcome::done();
  }
  call.client.running = transaction.get();
  call.reply.array(transaction->commands().size());
  call.context.propagation.begin_transaction();
  const size_t ceiling = output_ceiling(call);
  for (const Transaction::Queued& queued : transaction->commands()) {
    const std::vector<std::string_view> argv(queued.argv.begin(), queued.argv.end());
    const size_t answered = call.reply.bytes();
    call.context.dispatcher.run_queued(call.client, *queued.command, argv);
    // The connection is about to be closed for what it has: it all happens, and nobody is told.
    if (answered > ceiling && call.reply.bytes() > answered) call.reply.buffer().truncate(answered);
  }
  call.context.propagation.end_transaction();
  call.client.running = nullptr;
  return Outcome::done();
}

Outcome discard(Call& call) {
  if (!call.client.transaction) return ReplyError("ERR DISCARD without MULTI");
  call.context.dispatcher.discard_transaction(call.client);
  call.reply.ok();
  return Outcome::done();
}

Outcome watch(Call& call) {
  if (call.client.transaction) return ReplyError("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : call.args.subspan(1)) {
    // Looking it up first: a key that has expired by now is as good as gone.
    static_cast<void>(call.db.entry(key));
    call.context.watches.watch(call.client.id, call.db.index(), key);
  }
  call.client.watched_keys = static_cast<uint32_t>(call.context.watches.key_count(call.client.id));
  call.reply.ok();
  return Outcome::done();
}

Outcome unwatch(Call& call) {
  call.context.dispatcher.unwatch(call.client);
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
