// What is not here and is asked for all the same: CLUSTER, SCRIPT, FUNCTION, MODULE, and READONLY
// READWRITE ASKING.  Clients and test suites want the answers of a server that has none.
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/errors.h"

namespace weir {
namespace {

/// FLUSH of nothing, with ASYNC, SYNC or neither.
Outcome flush_nothing(Call& call, std::string_view usage) {
  ArgCursor args(call.args, 2);
  if (args.left() > 0 && !args.take("ASYNC") && !args.take("SYNC")) return ReplyError(usage);
  if (args.left() > 0) return ReplyError(usage);
  call.reply.ok();
  return Outcome::done();
}

}  // namespace

Outcome cluster(Call&) {
  return ReplyError(errors::kNoCluster);
}

// --- SCRIPT, FUNCTION ----------------------------------------------------------------------------

Outcome script_exists(Call& call) {
  call.reply.array(call.args.size() - 2);
  for (size_t i = 2; i < call.args.size(); ++i)
    call.reply.integer(0);
  return Outcome::done();
}

Outcome script_flush(Call& call) {
  return flush_nothing(call, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
}

Outcome script_kill(Call&) {
  return ReplyError(errors::kNotBusy);
}

Outcome script_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "EXISTS <sha1> [<sha1> ...]",
      "    Which scripts are known: none, as this server runs no scripts.",
      "FLUSH [ASYNC|SYNC]",
      "    Forget all scripts.",
      "KILL",
      "    End the running script, which there never is.",
  };
  write_help(call.reply, "script", kLines);
  return Outcome::done();
}

Outcome function_flush(Call& call) {
  if (call.args.size() > 3)
    return errors::unknown_subcommand_or_arguments("function", call.args[1]);
  return flush_nothing(call, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
}

Outcome function_list(Call& call) {
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    if (args.take("WITHCODE")) continue;
    if (args.left() == 1 && args.take("LIBRARYNAME"))
      return ReplyError("ERR library name argument was not given");
    if (!args.take("LIBRARYNAME", 1)) {
      return errors::with_text("ERR Unknown argument ", args.peek(), "");
    }
    args.next();
  }
  call.reply.array(0);
  return Outcome::done();
}

Outcome function_stats(Call& call) {
  call.reply.map(2);
  call.reply.bulk("running_script");
  call.reply.null();
  call.reply.bulk("engines");
  call.reply.map(0);
  return Outcome::done();
}

Outcome function_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "FLUSH [ASYNC|SYNC]",
      "    Delete all functions.",
      "KILL",
      "    End the running function, which there never is.",
      "LIST [LIBRARYNAME <pattern>] [WITHCODE]",
      "    The functions: none, as this server runs no scripts.",
      "STATS",
      "    Which function runs, and what could run one: nothing.",
  };
  write_help(call.reply, "function", kLines);
  return Outcome::done();
}

// --- MODULE --------------------------------------------------------------------------------------

Outcome module_list(Call& call) {
  call.reply.array(0);
  return Outcome::done();
}

// Refused before it comes here, unless enable-module-command allows it.
Outcome module_load(Call&) {
  return ReplyError("ERR Error loading the extension. Please check the server logs.");
}

Outcome module_unload(Call&) {
  return ReplyError("ERR Error unloading module: no such module with that name");
}

Outcome module_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "LIST",
      "    The modules: none, as this server loads no modules.",
      "LOAD <path> [<arg> ...]",
      "LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]",
      "UNLOAD <name>",
      "    Answered with an error.",
  };
  write_help(call.reply, "module", kLines);
  return Outcome::done();
}

}  // namespace weir
