// The rows of the command table: commands that show what the server does and how long it takes.
// Laid out by hand: it reads as a menu.  The notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kInsightRows[] = {
  {.name = "latency", .arity = -2, .flags = kContainer, .since = "2.8.13", .complexity = "Depends on subcommand.",
   .summary = "A container for questions about how long things take."},
  {.name = "latency|doctor", .arity = 2, .flags = kOperator, .run = latency_doctor,
   .tips = kUnsureOfAllNodes, .since = "2.8.13",
   .complexity = "O(1)", .summary = "Says in sentences what took long, and what to do."},
  {.name = "latency|graph", .arity = 3, .flags = kOperator, .run = latency_graph_of,
   .tips = kUnsureOfAllNodes, .since = "2.8.13",
   .complexity = "O(1)", .summary = "Draws the samples of an event.", .syntax = "event:string"},
  {.name = "latency|help", .arity = 2, .flags = kAnytime, .run = latency_help, .since = "2.8.13", .complexity = "O(1)",
   .summary = "Explains the subcommands of LATENCY."},
  {.name = "latency|histogram", .arity = -2, .flags = kOperator, .run = latency_histogram,
   .tips = kUnsureOfAllNodes, .since = "7.0.0",
   .complexity = "O(N) for the N commands asked for.", .summary = "Returns how often commands took how long.",
   .syntax = "[command:string+]"},
  {.name = "latency|history", .arity = 3, .flags = kOperator, .run = latency_history,
   .tips = kUnsureOfAllNodes, .since = "2.8.13",
   .complexity = "O(1)", .summary = "Returns the samples of an event.", .syntax = "event:string"},
  {.name = "latency|latest", .arity = 2, .flags = kOperator, .run = latency_latest,
   .tips = kUnsureOfAllNodes, .since = "2.8.13",
   .complexity = "O(1)", .summary = "Returns the latest and the longest of each event."},
  {.name = "latency|reset", .arity = -2, .flags = kOperator, .run = latency_reset,
   .tips = kToAllNodes, .since = "2.8.13", .complexity = "O(1)",
   .summary = "Forgets the samples of events.", .syntax = "[event:string+]"},
  {.name = "memory", .arity = -2, .flags = kContainer, .since = "4.0.0", .complexity = "Depends on subcommand.",
   .summary = "A container for questions about memory."},
  {.name = "memory|doctor", .arity = 2, .run = memory_doctor,
   .tips = kUnsureOfAllShards, .since = "4.0.0", .complexity = "O(1)",
   .summary = "Says in sentences what is odd about the use of memory."},
  {.name = "memory|help", .arity = 2, .flags = kAnytime, .run = memory_help, .since = "4.0.0", .complexity = "O(1)",
   .summary = "Explains the subcommands of MEMORY."},
  {.name = "memory|malloc-stats", .arity = 2, .run = memory_malloc_stats, .tips = kUnsureOfAllShards, .since = "4.0.0",
   .complexity = "Depends on the allocator.", .summary = "Returns the report of the allocator."},
  {.name = "memory|purge", .arity = 2, .run = memory_purge,
   .tips = kToAllShards, .since = "4.0.0", .complexity = "Depends on the allocator.",
   .summary = "Asks the allocator to give memory back."},
  {.name = "memory|stats", .arity = 2, .run = memory_stats,
   .tips = kUnsureOfAllShards, .since = "4.0.0", .complexity = "O(1)",
   .summary = "Returns what memory is used for."},
  {.name = "memory|usage", .arity = -3, .flags = kReadonly, .keys = key_at(2, "RO"), .run = memory_usage,
   .since = "4.0.0", .complexity = "O(N) for the N nodes that are looked at.",
   .summary = "Returns the bytes that a key takes.", .syntax = "key:key [SAMPLES count:integer]"},
  {.name = "monitor", .arity = 1, .flags = kOperator | kMaySayNothing | kNeedsConnection, .run = monitor, .since = "1.0.0", .complexity = "O(1)",
   .summary = "Shows the connection every command."},
  {.name = "role", .arity = 1, .flags = kSession | kFast, .categories = kAdminCategory | kDangerous, .run = role,
   .since = "2.8.12", .complexity = "O(1)", .summary = "Returns the part that the server plays in replication."},
  {.name = "slowlog", .arity = -2, .flags = kContainer, .since = "2.2.12", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about the slow log."},
  {.name = "slowlog|get", .arity = -2, .flags = kAdmin | kAnytime, .run = slowlog_get,
   .tips = "request_policy:all_nodes nondeterministic_output", .since = "2.2.12",
   .complexity = "O(N) for the N entries returned.", .summary = "Returns the commands that took long.",
   .syntax = "[count:integer]", .history = "4.0.0"},
  {.name = "slowlog|help", .arity = 2, .flags = kAnytime, .run = slowlog_help, .since = "6.2.0", .complexity = "O(1)",
   .summary = "Explains the subcommands of SLOWLOG."},
  {.name = "slowlog|len", .arity = 2, .flags = kAdmin | kAnytime, .run = slowlog_len,
   .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output", .since = "2.2.12",
   .complexity = "O(1)", .summary = "Returns how many commands the slow log has."},
  {.name = "slowlog|reset", .arity = 2, .flags = kAdmin | kAnytime, .run = slowlog_reset,
   .tips = kToAllNodes, .since = "2.2.12",
   .complexity = "O(N) for the N entries.", .summary = "Empties the slow log."},
};
// clang-format on

}  // namespace weir
