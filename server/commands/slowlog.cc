// SLOWLOG.
#include "server/insight/slowlog.h"

#include <algorithm>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/context.h"
#include "server/errors.h"

namespace weir {
namespace {

constexpr int64_t kDefaultCount = 10;

void write_entry(resp::ReplyWriter& reply, const SlowCommand& entry) {
  reply.array(6);
  reply.integer(static_cast<int64_t>(entry.id));
  reply.integer(entry.unix_s);
  reply.integer(static_cast<int64_t>(entry.us));
  reply.array(entry.argv.size());
  for (const std::string& word : entry.argv)
    reply.bulk(word);
  reply.bulk(entry.address);
  reply.bulk(entry.client_name);
}

}  // namespace

Outcome slowlog_get(Call& call) {
  if (call.args.size() > 3) return errors::unknown_subcommand_or_arguments("slowlog", call.args[1]);
  int64_t count = kDefaultCount;
  if (call.args.size() == 3) {
    Parsed<int64_t> given = read_integer(call.args[2], errors::kSlowlogCount);
    if (!given) return std::move(given.error());
    if (*given < -1) return ReplyError(errors::kSlowlogCount);
    count = *given;
  }
  const auto& entries = call.context.slowlog.entries();
  const size_t shown =
      count < 0 ? entries.size() : std::min(entries.size(), static_cast<size_t>(count));
  call.reply.array(shown);
  for (size_t i = 0; i < shown; ++i)
    write_entry(call.reply, entries[i]);
  return Outcome::done();
}

Outcome slowlog_len(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.context.slowlog.entries().size()));
  return Outcome::done();
}

Outcome slowlog_reset(Call& call) {
  call.context.slowlog.clear();
  call.reply.ok();
  return Outcome::done();
}

Outcome slowlog_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "GET [<count>]",
      "    The latest <count> commands that took long (10; -1: all). Each is:",
      "    number, Unix time, microseconds, words, address and name of the client.",
      "LEN",
      "    How many are remembered.",
      "RESET",
      "    Forget them.",
  };
  write_help(call.reply, "slowlog", kLines);
  return Outcome::done();
}

}  // namespace weir
