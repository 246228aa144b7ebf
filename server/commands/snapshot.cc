// Keeping the data: SAVE BGSAVE LASTSAVE, and the word that ends the server, SHUTDOWN.
#include <utility>

#include "server/command.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/config.h"
#include "server/context.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/durability/snapshots.h"
#include "server/ending.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/net/client_io.h"
#include "server/shutdown_control.h"

namespace weir {

Outcome save(Call& call) {
  Snapshots& snapshots = call.context.snapshots;
  if (snapshots.is_running()) return ReplyError(errors::kSaveInProgress);
  if (!snapshots.save()) return ReplyError("ERR");
  call.reply.ok();
  return Outcome::done();
}

// A transaction is one moment, so within it there is none to begin at.
Outcome bgsave(Call& call) {
  Snapshots& snapshots = call.context.snapshots;
  ArgCursor args(call.args, 1);
  const bool may_schedule = args.left() > 0 && args.take("SCHEDULE");
  if (args.left() > 0) return ReplyError(errors::kSyntax);
  if (snapshots.is_running()) return ReplyError(errors::kSaveInProgress);
  const SnapshotRunner& runner = call.context.snapshot_runner;
  const bool is_busy = runner.is_running() && !runner.is_cancelled();
  const bool in_transaction = !call.may_wait;
  if (is_busy && !may_schedule && !in_transaction) return ReplyError(errors::kOtherSnapshot);
  if (is_busy || in_transaction) {
    snapshots.schedule();
    call.reply.simple("Background saving scheduled");
  } else {
    snapshots.begin();
    call.reply.simple("Background saving started");
  }
  return Outcome::done();
}

// In a transaction, and while another snapshot runs, it waits.
Outcome bgrewriteaof(Call& call) {
  LogRewriter& rewriter = call.context.log_rewriter;
  if (rewriter.is_running())
    return ReplyError("ERR Background append only file rewriting already in progress");
  const SnapshotRunner& runner = call.context.snapshot_runner;
  if (!call.may_wait || (runner.is_running() && !runner.is_cancelled())) {
    rewriter.schedule();
    call.reply.simple("Background append only file rewriting scheduled");
  } else if (rewriter.begin()) {
    call.reply.simple("Background append only file rewriting started");
  } else {
    return ReplyError(
        "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
        "information.");
  }
  return Outcome::done();
}

Outcome lastsave(Call& call) {
  call.reply.integer(call.context.snapshots.record().last_save_unix_s);
  return Outcome::done();
}

namespace {

struct ShutdownArgs {
  FinalSave save = FinalSave::kWithSavePoints;
  bool force = false;
  bool abort = false;
  bool now = false;
};

Parsed<ShutdownArgs> read_shutdown_args(const Call& call) {
  ShutdownArgs parsed;
  bool saves = false;
  bool leaves = false;
  ArgCursor args(call.args, 1);
  while (args.left() > 0) {
    if (args.take("SAVE")) {
      saves = true;
    } else if (args.take("NOSAVE")) {
      leaves = true;
    } else if (args.take("ABORT")) {
      parsed.abort = true;
    } else if (args.take("FORCE")) {
      parsed.force = true;
    } else if (args.take("NOW")) {
      parsed.now = true;
    } else {
      return tl::make_unexpected(ReplyError(errors::kSyntax));
    }
  }
  if ((saves && leaves) || (parsed.abort && call.args.size() > 2))
    return tl::make_unexpected(ReplyError(errors::kSyntax));
  if (saves) parsed.save = FinalSave::kYes;
  if (leaves) parsed.save = FinalSave::kNo;
  return parsed;
}

}  // namespace

// While replicas get what they lack, it waits; another one ends that with ABORT.
Outcome shutdown(Call& call) {
  Parsed<ShutdownArgs> args = read_shutdown_args(call);
  if (!args) return std::move(args.error());
  Ending& ending = call.context.ending;
  if (args->abort && !ending.abort()) return ReplyError("ERR No shutdown in progress.");
  if (args->abort) {
    call.reply.ok();
    return Outcome::done();
  }
  call.context.log.warning("User requested shutdown...");
  // What is not loaded yet would be missing in the file.
  const FinalSave save = call.context.loader.progress().is_loading ? FinalSave::kNo : args->save;
  const Ending::Answer answer =
      ending.begin({.save = save, .force = args->force, .waits = !args->now});
  if (answer == Ending::Answer::kRefused) return ReplyError(errors::kCannotShutDown);
  if (answer == Ending::Answer::kWaits) {
    ending.add_waiting(call.client.id);
    auto wait = std::make_unique<Wait>();
    wait->argv.assign(call.args.begin(), call.args.end());
    return wait;
  }
  call.client.io->close_after_reply(call.client);  // what stands behind it does not run
  return Outcome::done();
}

}  // namespace weir
