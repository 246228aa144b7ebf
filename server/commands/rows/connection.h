// The rows of the command table: commands on the connection and about connections.  Laid out by
// hand: it reads as a menu.  The notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kConnectionRows[] = {
  {.name = "auth", .arity = -2, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .secrets = Secrets::kAllWords, .run = auth, .since = "1.0.0", .complexity = "O(1)", .summary = "Gives the password of the connection.",
   .syntax = "[username:string@6.0.0] password:string", .history = "6.0.0"},
  {.name = "client", .arity = -2, .flags = kContainer, .group = Group::kConnection, .since = "2.4.0", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about connections."},
  {.name = "client|caching", .arity = 3, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_caching, .since = "6.0.0", .complexity = "O(1)",
   .summary = "Makes the next command an exception from what is tracked.", .syntax = "mode:oneof{YES:yes|NO:no}"},
  {.name = "client|getname", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_getname, .since = "2.6.9", .complexity = "O(1)", .summary = "Returns the name of the connection."},
  {.name = "client|getredir", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_getredir, .since = "6.0.0", .complexity = "O(1)",
   .summary = "Returns the number of the connection that is told of changed keys instead."},
  {.name = "client|help", .arity = 2, .flags = kAnytime, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_help, .since = "5.0.0", .complexity = "O(1)", .summary = "Explains the subcommands of CLIENT."},
  {.name = "client|id", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_id, .since = "5.0.0", .complexity = "O(1)", .summary = "Returns the number of the connection."},
  {.name = "client|info", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_info, .tips = kUnsure, .since = "6.2.0", .complexity = "O(1)", .summary = "Describes the connection."},
  {.name = "client|kill", .arity = -3, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_kill, .since = "2.4.0", .complexity = "O(N) for the N connections.", .summary = "Ends connections.",
   .syntax = "filter:oneof{old-format(ip:port):string|new-format:oneof{ID client-id:integer@2.8.12|"
             "TYPE client-type:oneof{NORMAL:normal@2.8.12|MASTER:master@3.2.0|SLAVE:slave@2.8.12|REPLICA:replica@5.0.0|PUBSUB:pubsub@2.8.12}|"
             "USER username:string|ADDR addr:string|LADDR laddr:string@6.2.0|SKIPME skipme:oneof{YES:yes|NO:no}|MAXAGE maxage:integer@7.4.0}+}",
   .history = "2.8.12 3.2.0 5.0.0 6.2.0 8.0.0"},
  {.name = "client|list", .arity = -2, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_list, .tips = kUnsure, .since = "2.4.0", .complexity = "O(N) for the N connections.",
   .summary = "Describes all connections.",
   .syntax = "[TYPE client-type:oneof{NORMAL:normal|MASTER:master|REPLICA:replica|PUBSUB:pubsub}] [ID client-id:integer+]",
   .history = "2.8.12 5.0.0 6.2.0 7.0.0"},
  {.name = "client|no-evict", .arity = 3, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_no_evict, .since = "7.0.0", .complexity = "O(1)", .summary = "Keeps the connection from being evicted.",
   .syntax = "enabled:oneof{ON:on|OFF:off}"},
  {.name = "client|no-touch", .arity = 3, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_no_touch, .since = "7.2.0", .complexity = "O(1)", .summary = "Keeps commands from noting a use of their keys.",
   .syntax = "enabled:oneof{ON:on|OFF:off}"},
  {.name = "client|pause", .arity = -3, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_pause, .since = "3.0.0", .complexity = "O(1)", .summary = "Puts commands off for a while.",
   .syntax = "timeout:integer [mode:oneof{WRITE:write|ALL:all}@6.2.0]", .history = "6.2.0"},
  {.name = "client|reply", .arity = 3, .flags = kSession | kMaySayNothing | kNotInMulti, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_reply, .since = "3.2.0", .complexity = "O(1)", .summary = "Says whether commands are answered.",
   .syntax = "action:oneof{ON:on|OFF:off|SKIP:skip}"},
  {.name = "client|setinfo", .arity = 4, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_setinfo, .since = "7.2.0", .complexity = "O(1)", .summary = "Notes the library behind the connection.",
   .syntax = "attr:oneof{LIB-NAME libname:string|LIB-VER libver:string}"},
  {.name = "client|setname", .arity = 3, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_setname, .since = "2.6.9", .complexity = "O(1)", .summary = "Names the connection.",
   .syntax = "connection-name:string"},
  {.name = "client|tracking", .arity = -3, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_tracking, .since = "6.0.0", .complexity = "O(1), and O(N) for N prefixes.",
   .summary = "Says whether the connection is told when keys that it read change.",
   .syntax = "status:oneof{ON:on|OFF:off} [REDIRECT client-id:integer] [PREFIX prefix:string++] [BCAST:bcast] [OPTIN:optin] "
             "[OPTOUT:optout] [NOLOOP:noloop]"},
  {.name = "client|trackinginfo", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_trackinginfo, .since = "6.2.0", .complexity = "O(1)", .summary = "Tells what is tracked for the connection."},
  {.name = "client|unblock", .arity = -3, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_unblock, .since = "5.0.0", .complexity = "O(log N) for N waiting connections.",
   .summary = "Ends the wait of another connection's command.",
   .syntax = "client-id:integer [unblock-type:oneof{TIMEOUT:timeout|ERROR:error}]"},
  {.name = "client|unpause", .arity = 2, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_unpause, .since = "6.2.0", .complexity = "O(N) for the N connections put off.",
   .summary = "Ends a pause: what was put off runs."},
  {.name = "echo", .arity = 2, .flags = kAnytime | kFast, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = echo, .since = "1.0.0", .complexity = "O(1)", .summary = "Returns its argument.", .syntax = "message:string"},
  {.name = "hello", .arity = -1, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .secrets = Secrets::kBehindAuth, .run = hello, .since = "6.0.0", .complexity = "O(1)", .summary = "Begins a session: protocol, password, name.",
   .syntax = "[arguments:block{protover:integer [AUTH auth:block{username:string password:string}] [SETNAME clientname:string]}]",
   .history = "6.2.0"},
  {.name = "ping", .arity = -1, .flags = kFast | kForListeners | kTellsHealth, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = ping,
   .tips = kToAllShards, .since = "1.0.0", .complexity = "O(1)", .summary = "Answers, to show that the server lives.",
   .syntax = "[message:string]"},
  {.name = "quit", .arity = -1, .flags = kHandshake | kNotQueued | kLeavesMulti | kForListeners | kNeedsConnection, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = quit, .since = "1.0.0", .complexity = "O(1)", .summary = "Ends the connection."},
  {.name = "reset", .arity = 1, .flags = kHandshake | kNotQueued | kLeavesMulti | kForListeners | kNeedsConnection, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = reset, .since = "6.2.0", .complexity = "O(1)", .summary = "Makes the connection as it was at first."},
  {.name = "select", .arity = 2, .flags = kAnytime | kFast, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = select, .since = "1.0.0", .complexity = "O(1)", .summary = "Chooses the database of the connection.",
   .syntax = "index:integer"},
};
// clang-format on

}  // namespace weir
