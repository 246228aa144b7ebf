// The rows of the command table: transactions.  Laid out by hand: it reads as a menu.  The notation
// of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kTransactionRows[] = {
  {.name = "discard", .arity = 1, .flags = kTransaction | kFast | kLeavesMulti, .group = Group::kTransactions, .categories = kTransactionCategory,
   .run = discard, .since = "2.0.0", .complexity = "O(N) for the N queued commands.",
   .summary = "Forgets the queued commands and the watched keys."},
  {.name = "exec", .arity = 1, .flags = kSession | kSkipSlowlog | kNotQueued | kLeavesMulti | kRunsQueue, .group = Group::kTransactions,
   .categories = kTransactionCategory, .run = exec, .since = "1.2.0", .complexity = "Depends on the commands.",
   .summary = "Runs the queued commands, with nothing in between, unless a watched key changed."},
  {.name = "multi", .arity = 1, .flags = kTransaction | kFast, .group = Group::kTransactions, .categories = kTransactionCategory,
   .run = multi, .since = "1.2.0", .complexity = "O(1)", .summary = "Begins a transaction: the commands behind it are queued."},
  {.name = "unwatch", .arity = 1, .flags = kSession | kFast | kAllowBusy, .group = Group::kTransactions, .categories = kTransactionCategory,
   .run = unwatch, .since = "2.2.0", .complexity = "O(N) for the N watched keys.", .summary = "Forgets the watched keys."},
  {.name = "watch", .arity = -2, .flags = kTransaction | kFast, .group = Group::kTransactions, .categories = kTransactionCategory,
   .keys = keys_from(1, "RO"), .run = watch, .since = "2.2.0", .complexity = "O(1) for each key.",
   .summary = "Makes EXEC run nothing if one of these keys changes before it.", .syntax = "key:key+"},
};
// clang-format on

}  // namespace weir
