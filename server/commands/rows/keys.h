// The rows of the command table: commands on keys, whatever they hold.  Laid out by hand: it reads
// as a menu.  The notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

// clang-format off
inline constexpr CommandSpec kKeyRows[] = {
  {.name = "dbsize", .arity = 1, .flags = kReadonly | kFast, .group = Group::kServer, .categories = kKeyspace,
   .run = dbsize, .since = "1.0.0", .complexity = "O(1)", .summary = "Returns the number of keys of the database."},
  {.name = "del", .arity = -2, .flags = kWrite, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = keys_from(1, "RM delete"), .run = del,
   .since = "1.0.0", .complexity = "O(N) for the N nodes of the streams.", .summary = "Deletes keys.",
   .syntax = "key:key+"},
  {.name = "exists", .arity = -2, .flags = kReadonly | kFast, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = keys_from(1, "RO"), .run = exists, .since = "1.0.0", .complexity = "O(1) for each key.",
   .summary = "Counts those of the given keys that exist.", .syntax = "key:key+", .history = "3.0.3"},
  {.name = "flushall", .arity = -1, .flags = kWrite, .group = Group::kServer, .categories = kKeyspace | kDangerous,
   .run = flushall, .since = "1.0.0", .complexity = "O(N) for the N keys.", .summary = "Deletes all keys of all databases.",
   .syntax = "[flush-type:oneof{ASYNC:async@4.0.0|SYNC:sync@6.2.0}]", .history = "4.0.0 6.2.0"},
  {.name = "flushdb", .arity = -1, .flags = kWrite, .group = Group::kServer, .categories = kKeyspace | kDangerous,
   .run = flushdb, .since = "1.0.0", .complexity = "O(N) for the N keys.", .summary = "Deletes all keys of the database.",
   .syntax = "[flush-type:oneof{ASYNC:async@4.0.0|SYNC:sync@6.2.0}]", .history = "4.0.0 6.2.0"},
  {.name = "keys", .arity = 2, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace | kDangerous,
   .run = keys, .tips = kUnordered, .since = "1.0.0", .complexity = "O(N) for the N keys of the database.",
   .summary = "Returns the keys that match a pattern.", .syntax = "pattern:pattern"},
  {.name = "object", .arity = -2, .flags = kContainer, .group = Group::kGeneric, .since = "2.2.3", .complexity = "Depends on subcommand.",
   .summary = "A container for questions about keys."},
  {.name = "object|encoding", .arity = 3, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = key_at(2, "RO"), .run = object_encoding, .tips = kUnsure, .since = "2.2.3", .complexity = "O(1)",
   .summary = "Returns how a key's value is kept.", .syntax = "key:key"},
  {.name = "object|help", .arity = 2, .flags = kAnytime, .group = Group::kGeneric, .categories = kKeyspace,
   .run = object_help, .since = "6.2.0", .complexity = "O(1)", .summary = "Explains the subcommands of OBJECT."},
  {.name = "object|idletime", .arity = 3, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = key_at(2, "RO"), .run = object_idletime, .tips = kUnsure, .since = "2.2.3", .complexity = "O(1)",
   .summary = "Returns how many seconds ago a key was last used.", .syntax = "key:key"},
  {.name = "object|refcount", .arity = 3, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = key_at(2, "RO"), .run = object_refcount, .tips = kUnsure, .since = "2.2.3", .complexity = "O(1)",
   .summary = "Returns 1: a value belongs to one key.", .syntax = "key:key"},
  {.name = "randomkey", .arity = 1, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace,
   .run = randomkey, .tips = kUnsure, .since = "1.0.0", .complexity = "O(1)", .summary = "Returns some key of the database."},
  {.name = "scan", .arity = -2, .flags = kReadonly, .group = Group::kGeneric, .categories = kKeyspace,
   .run = scan, .tips = kUnsure, .since = "2.8.0", .complexity = "O(1) for each call, O(N) for all N keys.",
   .summary = "Returns the keys of the database step by step.",
   .syntax = "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string@6.0.0]", .history = "6.0.0"},
  {.name = "touch", .arity = -2, .flags = kReadonly | kFast, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = keys_from(1, "RO"), .run = touch, .since = "3.2.1", .complexity = "O(1) for each key.",
   .summary = "Notes a use of keys and counts those that exist.", .syntax = "key:key+"},
  {.name = "type", .arity = 2, .flags = kReadonly | kFast, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = key_at(1, "RO"), .run = type, .since = "1.0.0", .complexity = "O(1)",
   .summary = "Returns what a key holds: stream, or none without the key.", .syntax = "key:key"},
  {.name = "unlink", .arity = -2, .flags = kWrite | kFast, .group = Group::kGeneric, .categories = kKeyspace,
   .keys = keys_from(1, "RM delete"), .run = del,
   .since = "4.0.0", .complexity = "O(N) for the N nodes of the streams.", .summary = "Deletes keys.", .syntax = "key:key+"},
  {.name = "wait", .arity = 3, .flags = kNoScript | kBlocking, .group = Group::kGeneric, .categories = kConnectionCategory,
   .run = wait, .tips = "request_policy:all_shards response_policy:agg_min", .since = "3.0.0", .complexity = "O(1)",
   .summary = "Waits until replicas have the writes of the connection, and returns how many.",
   .syntax = "numreplicas:integer timeout:integer"},
  {.name = "waitaof", .arity = 4, .flags = kNoScript | kBlocking, .group = Group::kGeneric, .categories = kConnectionCategory,
   .run = waitaof, .tips = "request_policy:all_shards response_policy:agg_min", .since = "7.2.0", .complexity = "O(1)",
   .summary = "Waits until the writes of the connection are on disk, here and at replicas, and returns where.",
   .syntax = "numlocal:integer numreplicas:integer timeout:integer"},
};
// clang-format on

}  // namespace weir
