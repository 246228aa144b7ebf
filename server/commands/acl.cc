// ACL: users and their rights.  What was refused, and what would be, is in acl_log.cc.
#include <string>

#include "server/clock.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/commands/reply_pairs.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/host/log.h"
#include "streams/random_bits.h"

namespace weir {
namespace {

constexpr int64_t kMostPasswordBits = 4096;
constexpr int64_t kDefaultPasswordBits = 256;
constexpr std::string_view kBadPasswordBits =
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
    "number up to 4096";

void write_selector(resp::ReplyWriter& reply, const Selector& selector) {
  text_pair(reply, "commands", selector.command_rules());
  text_pair(reply, "keys", selector.key_patterns());
  text_pair(reply, "channels", selector.channel_patterns());
}

}  // namespace

Outcome acl_whoami(Call& call) {
  const User* const user = call.client.user;
  if (user != nullptr) {
    call.reply.bulk(user->name());
  } else {
    call.reply.null();
  }
  return Outcome::done();
}

Outcome acl_users(Call& call) {
  const UserTable::Map& users = call.context.gatekeeper.users().users();
  call.reply.array(users.size());
  for (const auto& [name, user] : users)
    call.reply.bulk(name);
  return Outcome::done();
}

Outcome acl_list(Call& call) {
  const UserTable::Map& users = call.context.gatekeeper.users().users();
  call.reply.array(users.size());
  for (const auto& [name, user] : users)
    call.reply.bulk(user_line(*user));
  return Outcome::done();
}

Outcome acl_getuser(Call& call) {
  const User* const user = call.context.gatekeeper.users().find(call.args[2]);
  resp::ReplyWriter& reply = call.reply;
  if (user == nullptr) {
    reply.null();
    return Outcome::done();
  }
  reply.map(6);
  reply.bulk("flags");
  reply.set(user->flags().size());
  for (const std::string_view flag : user->flags())
    reply.bulk(flag);
  reply.bulk("passwords");
  reply.array(user->passwords().size());
  for (const std::string& hash : user->passwords())
    reply.bulk(hash);
  const std::span<const Selector> selectors = user->selectors();
  write_selector(reply, selectors[0]);
  reply.bulk("selectors");
  reply.array(selectors.size() - 1);
  for (const Selector& selector : selectors.subspan(1)) {
    reply.map(3);
    write_selector(reply, selector);
  }
  return Outcome::done();
}

Outcome acl_setuser(Call& call) {
  const std::string_view name = call.args[2];
  if (!is_valid_user_name(name))
    return ReplyError("ERR Usernames can't contain spaces or null characters");
  const auto rules = merge_selectors(call.args.subspan(3));
  if (!rules) {
    return errors::with_text("ERR Unmatched parenthesis in acl selector starting at '",
                             rules.error(), "'.");
  }
  if (const std::optional<BadRule> bad = call.context.gatekeeper.set_user(name, *rules)) {
    return errors::with_text("ERR Error in ACL SETUSER modifier '", bad->word,
                             "': " + std::string(bad->why));
  }
  call.reply.ok();
  return Outcome::done();
}

Outcome acl_deluser(Call& call) {
  const std::span<const std::string_view> names = call.args.subspan(2);
  for (const std::string_view name : names) {
    if (name == kDefaultUser) return ReplyError("ERR The 'default' user cannot be removed");
  }
  int64_t removed = 0;
  for (const std::string_view name : names)
    removed += call.context.gatekeeper.remove_user(name) ? 1 : 0;
  call.reply.integer(removed);
  return Outcome::done();
}

Outcome acl_cat(Call& call) {
  if (call.args.size() > 3) return errors::unknown_subcommand_or_arguments("acl", call.args[1]);
  if (call.args.size() == 2) {
    call.reply.array(category_names().size());
    for (const std::string_view name : category_names())
      call.reply.bulk(name);
    return Outcome::done();
  }
  const std::optional<CategoryMask> category = find_category(call.args[2]);
  if (!category)
    return errors::with_text("ERR Unknown category '", errors::echoed(call.args[2]), "'");
  const CommandCatalog& catalog = call.context.gatekeeper.book().commands;
  const CommandSet members = catalog.in(*category);
  call.reply.array(members.count());
  for (const CommandSpec& row : catalog.rows()) {
    if (members.test(catalog.number(row))) call.reply.bulk(row.name);
  }
  return Outcome::done();
}

Outcome acl_genpass(Call& call) {
  if (call.args.size() > 3) return errors::unknown_subcommand_or_arguments("acl", call.args[1]);
  int64_t bits = kDefaultPasswordBits;
  if (call.args.size() == 3) {
    const Parsed<int64_t> given = read_integer(call.args[2], errors::kNotAnInteger);
    if (!given) return ReplyError(errors::kNotAnInteger);
    bits = *given;
  }
  if (bits <= 0 || bits > kMostPasswordBits) return ReplyError(kBadPasswordBits);
  call.reply.bulk(random_hex(static_cast<size_t>(bits + 3) / 4));
  return Outcome::done();
}

Outcome acl_load(Call& call) {
  if (const std::optional<std::string> why = call.context.gatekeeper.load()) {
    call.context.log.warning("ACL LOAD: " + *why);
    return ReplyError("ERR " + *why);
  }
  call.reply.ok();
  return Outcome::done();
}

Outcome acl_save(Call& call) {
  if (const std::optional<std::string> why = call.context.gatekeeper.save())
    return ReplyError("ERR " + *why);
  call.reply.ok();
  return Outcome::done();
}

Outcome acl_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "CAT [<category>]",
      "    The categories of commands, or the commands of one.",
      "DELUSER <username> [<username> ...]",
      "    Remove users and end their connections.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Whether the user may run this command; it is not run.",
      "GETUSER <username>",
      "    The rules of a user.",
      "GENPASS [<bits>]",
      "    A password of 256 bits of chance, or of as many as given.",
      "LIST",
      "    All users with their rules, as the ACL file has them.",
      "LOAD",
      "    Take the users of the ACL file.",
      "LOG [<count> | RESET]",
      "    What was refused lately.",
      "SAVE",
      "    Write the users into the ACL file.",
      "SETUSER <username> <attribute> [<attribute> ...]",
      "    Make a user, or change its rules.",
      "USERS",
      "    The names of all users.",
      "WHOAMI",
      "    The user of this connection.",
  };
  write_help(call.reply, "acl", kLines);
  return Outcome::done();
}

}  // namespace weir
