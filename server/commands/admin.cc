// For operators: CONFIG INFO TIME LOLWUT.
#include <vector>

#include "server/clock.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/insight/info.h"
#include "server/insight/stats.h"
#include "server/memory_limit.h"
#include "server/net/client_io.h"
#include "server/replication/replicas.h"
#include "server/text.h"
#include "server/time_units.h"
#include "server/version.h"

namespace weir {

Outcome config_get(Call& call) {
  const auto found = call.context.config.get(call.args.subspan(2));
  call.reply.map(found.size());
  for (const auto& [name, value] : found) {
    call.reply.bulk(name);
    call.reply.bulk(value);
  }
  return Outcome::done();
}

Outcome config_set(Call& call) {
  if (call.args.size() % 2 != 0) return ReplyError(errors::kSyntax);
  std::vector<Config::Assignment> assignments;
  for (size_t i = 2; i < call.args.size(); i += 2)
    assignments.emplace_back(call.args[i], call.args[i + 1]);
  const Caller caller = call.client.is_local() ? Caller::kLocal : Caller::kRemote;
  if (std::optional<std::string> error = call.context.config.set(assignments, caller)) {
    return ReplyError("ERR " + *error);
  }
  call.reply.ok();
  return Outcome::done();
}

Outcome config_rewrite(Call& call) {
  if (std::optional<std::string> error = call.context.config.rewrite()) {
    call.context.log.warning("CONFIG REWRITE failed: " + *error);
    return ReplyError("ERR " + *error);
  }
  call.context.log.notice("CONFIG REWRITE executed with success.");
  call.reply.ok();
  return Outcome::done();
}

Outcome config_resetstat(Call& call) {
  call.context.stats.reset(call.context.io.counts());
  call.context.keyspace.lookups() = LookupCounts();
  call.context.keyspace.lazy_free.reset_freed();
  call.context.memory.reset_exceeded();
  call.context.replicas.reset_counts();
  call.reply.ok();
  return Outcome::done();
}

Outcome config_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "GET <pattern> [<pattern> ...]",
      "    Options whose names match, with their values.",
      "SET <directive> <value> [<directive> <value> ...]",
      "    Change options, all or none.",
      "RESETSTAT",
      "    Set the counters of INFO to zero.",
      "REWRITE",
      "    Write the present values into the configuration file.",
  };
  write_help(call.reply, "config", kLines);
  return Outcome::done();
}

Outcome info(Call& call) {
  call.reply.verbatim("txt", info_text(call.context, call.args.subspan(1)));
  return Outcome::done();
}

Outcome time(Call& call) {
  Clock now;
  call.reply.array(2);
  call.reply.bulk(std::to_string(now.unix_us() / kUsPerSecond));
  call.reply.bulk(std::to_string(now.unix_us() % kUsPerSecond));
  return Outcome::done();
}

Outcome lolwut(Call& call) {
  static constexpr std::string_view kWeir =
      "                 ~  ~ ~~   ~  ~~ ~   ~ ~~  ~\n"
      "  producers    ~~ ~  ~~  ~ ~~  ~ ~~  ~  ~~ ~~\n"
      "               ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄\n"
      "               █  █  █  █  █  █  █  █  █  █ █\n"
      "                 ╲│  ╲│  ╲│  ╲│  ╲│  ╲│  ╲│\n"
      "  consumers   ─────~────~─────~────~────~─────\n\n";
  ArgCursor args(call.args, 1);
  if (args.take("VERSION", 1) && !parse_canonical(args.next()))
    return ReplyError(errors::kNotAnInteger);
  call.reply.verbatim("txt", std::string(kWeir) + "Weir " + std::string(weir_version()) +
                                 ", Redis ver. " + call.settings.compat_version + "\n");
  return Outcome::done();
}

}  // namespace weir
