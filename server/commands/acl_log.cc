// ACL LOG and ACL DRYRUN: what was refused, and what would be.
#include "server/access/acl_log.h"

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/reply_pairs.h"
#include "server/commands/table.h"
#include "server/context.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/time_units.h"

namespace weir {
namespace {

constexpr size_t kShownEntries = 10;  // without a count

void write_entry(const Call& call, const AclLogEntry& entry) {
  resp::ReplyWriter& reply = call.reply;
  reply.map(10);
  number_pair(reply, "count", entry.count);
  text_pair(reply, "reason", reason_name(entry.reason));
  text_pair(reply, "context", entry.in_transaction ? "multi" : "toplevel");
  text_pair(reply, "object", entry.object);
  text_pair(reply, "username", entry.username);
  reply.bulk("age-seconds");
  reply.real(static_cast<double>(call.now_ms - entry.created_ms) / kMsPerSecond);
  text_pair(reply, "client-info", entry.client);
  number_pair(reply, "entry-id", entry.id);
  number_pair(reply, "timestamp-created", entry.created_ms);
  number_pair(reply, "timestamp-last-updated", entry.updated_ms);
}

/// The row that a client means by these words; null for none, and for a container alone unless its
/// arity is what is wrong.
const CommandSpec* find_row(const Call& call, std::span<const std::string_view> argv) {
  const CommandSpec* const row = call.context.dispatcher.find_named(argv[0]);
  if (row == nullptr || row->is_subcommand()) return nullptr;
  return row->has(kContainer) && argv.size() > 1 ? find_subcommand(*row, argv[1]) : row;
}

}  // namespace

Outcome acl_log(Call& call) {
  if (call.args.size() > 3) return errors::unknown_subcommand_or_arguments("acl", call.args[1]);
  AclLog& log = call.context.gatekeeper.acl_log();
  size_t count = kShownEntries;
  if (call.args.size() == 3) {
    if (equals_ignoring_case(call.args[2], "reset")) {
      log.clear();
      call.reply.ok();
      return Outcome::done();
    }
    const Parsed<int64_t> given = read_integer(call.args[2], errors::kNotAnInteger);
    if (!given) return ReplyError(errors::kNotAnInteger);
    count = static_cast<size_t>(std::max<int64_t>(*given, 0));
  }
  count = std::min(count, log.entries().size());
  call.reply.array(count);
  for (size_t i = 0; i < count; ++i)
    write_entry(call, log.entries()[i]);
  return Outcome::done();
}

Outcome acl_dryrun(Call& call) {
  const User* const user = call.context.gatekeeper.users().find(call.args[2]);
  if (user == nullptr) return errors::with_text("ERR User '", call.args[2], "' not found");
  const std::span<const std::string_view> argv = call.args.subspan(3);
  const CommandSpec* const command = find_row(call, argv);
  if (command == nullptr) return errors::with_text("ERR Command '", argv[0], "' not found");
  if (command->run == nullptr || !command->accepts(argv.size()))
    return errors::wrong_number_of_arguments(command->name);
  const Verdict verdict = Gatekeeper::verdict(*user, *command, argv);
  const std::string begin = "User " + user->name() + " has no permissions to ";
  switch (verdict.denial) {
    case Denial::kNone:
      call.reply.ok();
      break;
    case Denial::kCommand:
      call.reply.bulk(begin + "run the '" + std::string(command->name) + "' command");
      break;
    case Denial::kKey:
    case Denial::kChannel:
      call.reply.bulk(begin + "access the '" + std::string(argv[verdict.position]) + "' " +
                      (verdict.denial == Denial::kKey ? "key" : "channel"));
      break;
  }
  return Outcome::done();
}

}  // namespace weir
