// The rows of the command table: commands about users and their rights.  Laid out by hand: it reads
// as a menu.  The notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kAccessRows[] = {
  {.name = "acl", .arity = -2, .flags = kContainer, .since = "6.0.0", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about users and their rights."},
  {.name = "acl|cat", .arity = -2, .flags = kSession, .run = acl_cat, .since = "6.0.0", .complexity = "O(N) for the N commands.",
   .summary = "Names the categories of commands, or the commands of one.", .syntax = "[category:string]"},
  {.name = "acl|deluser", .arity = -3, .flags = kOperator, .run = acl_deluser, .since = "6.0.0",
   .complexity = "O(N) for the N connections.", .summary = "Removes users and ends their connections.",
   .syntax = "username:string+"},
  {.name = "acl|dryrun", .arity = -4, .flags = kOperator, .run = acl_dryrun, .since = "7.0.0", .complexity = "O(1)",
   .summary = "Tells whether a user may run a command.", .syntax = "username:string command:string [arg:string+]"},
  {.name = "acl|genpass", .arity = -2, .flags = kSession, .run = acl_genpass, .since = "6.0.0", .complexity = "O(1)",
   .summary = "Makes up a password.", .syntax = "[bits:integer]"},
  {.name = "acl|getuser", .arity = 3, .flags = kOperator, .run = acl_getuser, .since = "6.0.0",
   .complexity = "O(N) for the N rules of the user.", .summary = "Describes a user.", .syntax = "username:string",
   .history = "6.2.0 7.0.0"},
  {.name = "acl|help", .arity = 2, .flags = kAnytime, .run = acl_help, .since = "6.0.0", .complexity = "O(1)",
   .summary = "Explains the subcommands of ACL."},
  {.name = "acl|list", .arity = 2, .flags = kOperator, .run = acl_list, .since = "6.0.0", .complexity = "O(N) for the N users.",
   .summary = "Describes all users, as a file has them."},
  {.name = "acl|load", .arity = 2, .flags = kOperator, .run = acl_load, .since = "6.0.0", .complexity = "O(N) for the N users.",
   .summary = "Takes the users of the ACL file."},
  {.name = "acl|log", .arity = -2, .flags = kOperator, .run = acl_log, .since = "6.0.0",
   .complexity = "O(N) for the N entries shown.", .summary = "Tells what was refused lately.",
   .syntax = "[operation:oneof{count:integer|RESET:reset}]", .history = "7.2.0"},
  {.name = "acl|save", .arity = 2, .flags = kOperator, .run = acl_save, .since = "6.0.0", .complexity = "O(N) for the N users.",
   .summary = "Writes the users into the ACL file."},
  {.name = "acl|setuser", .arity = -3, .flags = kOperator, .secrets = Secrets::kBehindSubcommand, .run = acl_setuser, .since = "6.0.0",
   .complexity = "O(N) for the N rules given.", .summary = "Makes a user or changes its rules.",
   .syntax = "username:string [rule:string+]", .history = "6.2.0 7.0.0"},
  {.name = "acl|users", .arity = 2, .flags = kOperator, .run = acl_users, .since = "6.0.0", .complexity = "O(N) for the N users.",
   .summary = "Names all users."},
  {.name = "acl|whoami", .arity = 2, .flags = kSession, .run = acl_whoami, .since = "6.0.0", .complexity = "O(1)",
   .summary = "Names the user of the connection."},
};
// clang-format on

}  // namespace weir
