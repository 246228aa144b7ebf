// The rows of the command table: replication.  Laid out by hand: it reads as a menu.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/rows/words.h"

namespace weir {

inline constexpr uint32_t kFromReplica =
    kAdmin | kNoScript | kNoAsyncLoading | kNoMulti | kMaySayNothing;

// clang-format off
inline constexpr CommandSpec kReplicationRows[] = {
  {.name = "failover", .arity = -1, .flags = kAdmin | kNoScript | kStale, .run = failover, .since = "6.2.0",
   .complexity = "O(1)", .summary = "Changes places with one of the replicas.",
   .syntax = "[target:block{TO:to host:string port:integer [FORCE:force]}] [ABORT:abort] [TIMEOUT milliseconds:integer]"},
  {.name = "psync", .arity = -3, .flags = kFromReplica | kNeedsConnection, .run = psync, .since = "2.8.0", .complexity = "Depends on what is missing.",
   .summary = "Makes the connection a replica that goes on where it was, if that is possible.",
   .syntax = "replicationid:string offset:integer"},
  {.name = "replconf", .arity = -1, .flags = kOperator | kAllowBusy | kMaySayNothing, .run = replconf, .since = "3.0.0",
   .complexity = "O(1)", .summary = "What a replica says of itself, and how far it is."},
  {.name = "replicaof", .arity = 3, .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading, .run = replicaof, .since = "5.0.0",
   .complexity = "O(1)", .summary = "Makes the server a replica of another one, or a primary.",
   .syntax = "args:oneof{host-port:block{host:string port:integer}|no-one:block{NO:no ONE:one}}"},
  {.name = "slaveof", .arity = 3, .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading, .run = replicaof, .since = "1.0.0",
   .complexity = "O(1)", .summary = "The older name of REPLICAOF.",
   .syntax = "args:oneof{host-port:block{host:string port:integer}|no-one:block{NO:no ONE:one}}"},
  {.name = "sync", .arity = 1, .flags = kFromReplica | kNeedsConnection, .run = sync, .since = "1.0.0", .complexity = "Depends on the size of the data.",
   .summary = "Makes the connection a replica that begins with a snapshot."},
};
// clang-format on

}  // namespace weir
