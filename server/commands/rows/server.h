// The rows of the command table: commands about the server.  Laid out by hand: it reads as a menu.
// The notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kServerRows[] = {
  {.name = "bgrewriteaof", .arity = 1, .flags = kAdmin | kNoScript | kNoAsyncLoading, .run = bgrewriteaof, .since = "1.0.0",
   .complexity = "O(1)", .summary = "Writes the log anew in the background, without what is over."},
  {.name = "bgsave", .arity = -1, .flags = kAdmin | kNoScript | kNoAsyncLoading, .run = bgsave, .since = "1.0.0",
   .complexity = "O(1)", .summary = "Writes a snapshot in the background.", .syntax = "[SCHEDULE:schedule@3.2.2]",
   .history = "3.2.2"},
  {.name = "command", .arity = -1, .flags = kAnytime | kContainer, .categories = kConnectionCategory, .run = command,
   .tips = kUnordered, .since = "2.8.13", .complexity = "O(N) for the N commands.", .summary = "Describes all commands."},
  {.name = "command|count", .arity = 2, .flags = kAnytime, .categories = kConnectionCategory, .run = command_count,
   .since = "2.8.13", .complexity = "O(1)", .summary = "Returns the number of commands."},
  {.name = "command|docs", .arity = -2, .flags = kAnytime, .categories = kConnectionCategory, .run = command_docs,
   .tips = kUnordered, .since = "7.0.0", .complexity = "O(N) for the N commands asked for.", .summary = "Documents commands.",
   .syntax = "[command-name:string+]"},
  {.name = "command|getkeys", .arity = -3, .flags = kAnytime, .categories = kConnectionCategory, .run = command_getkeys,
   .since = "2.8.13", .complexity = "O(N) for the N words.", .summary = "Returns the keys of a command line.",
   .syntax = "command:string [arg:string+]"},
  {.name = "command|getkeysandflags", .arity = -3, .flags = kAnytime, .categories = kConnectionCategory,
   .run = command_getkeysandflags, .since = "7.0.0", .complexity = "O(N) for the N words.",
   .summary = "Returns the keys of a command line and what is done to each.", .syntax = "command:string [arg:string+]"},
  {.name = "command|help", .arity = 2, .flags = kAnytime, .categories = kConnectionCategory, .run = command_help,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Explains the subcommands of COMMAND."},
  {.name = "command|info", .arity = -2, .flags = kAnytime, .categories = kConnectionCategory, .run = command_info,
   .tips = kUnordered, .since = "2.8.13", .complexity = "O(N) for the N commands asked for.", .summary = "Describes commands.",
   .syntax = "[command-name:string+]", .history = "7.0.0"},
  {.name = "command|list", .arity = -2, .flags = kAnytime, .categories = kConnectionCategory, .run = command_list,
   .tips = kUnordered, .since = "7.0.0", .complexity = "O(N) for the N commands.", .summary = "Names the commands.",
   .syntax = "[FILTERBY filterby:oneof{MODULE module-name:string|ACLCAT category:string|PATTERN pattern:pattern}]"},
  {.name = "config", .arity = -2, .flags = kContainer, .since = "2.0.0", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about the configuration."},
  {.name = "config|get", .arity = -3, .flags = kOperator, .run = config_get, .since = "2.0.0",
   .complexity = "O(N) for the N options.", .summary = "Returns options and their values.", .syntax = "parameter:string+",
   .history = "7.0.0"},
  {.name = "config|help", .arity = 2, .flags = kAnytime, .run = config_help, .since = "5.0.0", .complexity = "O(1)",
   .summary = "Explains the subcommands of CONFIG."},
  {.name = "config|resetstat", .arity = 2, .flags = kOperator, .run = config_resetstat,
   .tips = kToAllNodes, .since = "2.0.0", .complexity = "O(1)", .summary = "Sets the counters of INFO to zero."},
  {.name = "config|rewrite", .arity = 2, .flags = kOperator, .run = config_rewrite,
   .tips = kToAllNodes, .since = "2.8.0", .complexity = "O(N) for the N options.", .summary = "Writes the present values into the configuration file."},
  {.name = "config|set", .arity = -4, .flags = kOperator, .secrets = Secrets::kOptionValues, .run = config_set,
   .tips = kToAllNodes, .since = "2.0.0",
   .complexity = "O(N) for the N options.", .summary = "Changes options.",
   .syntax = "data:block{parameter:string value:string}+", .history = "7.0.0"},
  {.name = "debug", .arity = -2, .flags = kOperator | kNeedsDebug, .run = debug, .since = "1.0.0",
   .complexity = "Depends on subcommand.", .summary = "A container for what tests need.",
   .syntax = "subcommand:string [arg:string+]"},
  {.name = "info", .arity = -1, .flags = kAnytime, .categories = kDangerous, .run = info, .tips = kUnsureOfAllShards,
   .since = "1.0.0", .complexity = "O(1)", .summary = "Tells how the server is doing.",
   .syntax = "[section:string+]", .history = "7.0.0"},
  {.name = "lastsave", .arity = 1, .flags = kAnytime | kFast, .categories = kAdminCategory | kDangerous, .run = lastsave,
   .tips = kUnsure, .since = "1.0.0", .complexity = "O(1)", .summary = "Returns the time of the last good snapshot."},
  {.name = "lolwut", .arity = -1, .flags = kReadonly | kFast, .categories = kRead, .run = lolwut, .since = "5.0.0",
   .complexity = "O(1)", .summary = "Draws the river behind the weir.", .syntax = "[VERSION version:integer]"},
  {.name = "save", .arity = 1, .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti, .run = save, .since = "1.0.0",
   .complexity = "O(N) for the N entries of all keys.", .summary = "Writes a snapshot while everybody waits."},
  {.name = "shutdown", .arity = -1, .flags = kOperator | kNoMulti | kAllowBusy | kMaySayNothing | kNeedsConnection, .run = shutdown,
   .since = "1.0.0", .complexity = "O(N) for the N keys when saving.", .summary = "Stops the server.",
   .syntax = "[save-selector:oneof{NOSAVE:nosave|SAVE:save}] [NOW:now@7.0.0] [FORCE:force@7.0.0] [ABORT:abort@7.0.0]",
   .history = "7.0.0"},
  {.name = "time", .arity = 1, .flags = kAnytime | kFast, .run = time, .tips = kUnsure, .since = "2.6.0",
   .complexity = "O(1)", .summary = "Returns the server's time."},
};
// clang-format on

}  // namespace weir
