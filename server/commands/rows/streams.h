// The rows of the command table: commands on streams.  Laid out by hand: it reads as a menu.  The
// notation of `syntax` is told in command_docs.h.
#pragma once

#include "server/commands/handlers.h"
#include "server/commands/lookahead.h"
#include "server/commands/rows/words.h"

namespace weir {

#define WEIR_CONDITION_SYNTAX "[condition:oneof{KEEPREF:keepref|DELREF:delref|ACKED:acked}]"
#define WEIR_TRIM_SYNTAX                                                                       \
  "strategy:oneof{MAXLEN:maxlen|MINID:minid@6.2.0} [operator:oneof{=:equal|~:approximately}] " \
  "threshold:string [LIMIT count:integer@6.2.0]"

// clang-format off
inline constexpr CommandSpec kStreamRows[] = {
  {.name = "xack", .arity = -4, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xack,
   .since = "5.0.0", .complexity = "O(1) for each ID.",
   .summary = "Acknowledges pending entries of a consumer group and returns how many there were.",
   .syntax = "key:key group:string id:string+"},
  {.name = "xackdel", .arity = -6, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update delete"), .run = xackdel,
   .since = "8.2.0", .complexity = "O(1) for each ID.",
   .summary = "Acknowledges pending entries and deletes them.",
   .syntax = "key:key group:string " WEIR_CONDITION_SYNTAX " IDS ids:block{numids:integer id:string+}"},
  {.name = "xadd", .arity = -5, .flags = kWrite | kDenyOom | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update", "Trimming makes it an update."), .run = xadd, .tips = kUnsure,
   .since = "5.0.0", .complexity = "O(1), and O(N) for the N entries that trimming evicts.",
   .summary = "Appends an entry to a stream, which is made if it does not exist.",
   .syntax = "key:key [NOMKSTREAM:nomkstream@6.2.0] " WEIR_CONDITION_SYNTAX
             " [idmp:oneof{IDMPAUTO pid:string|IDMP idmp:block{pid:string iid:string}}@8.6.0] "
             "[trim:block{" WEIR_TRIM_SYNTAX "}] "
             "id-selector:oneof{*:auto-id|id:string} data:block{field:string value:string}+",
   .history = "6.2.0 7.0.0 8.2.0"},
  {.name = "xautoclaim", .arity = -6, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW delete"), .run = xautoclaim, .tips = kUnsure,
   .since = "6.2.0", .complexity = "O(1) if COUNT is small.",
   .summary = "Gives pending entries that are idle for long to another consumer, page by page.",
   .syntax = "key:key group:string consumer:string min-idle-time:string start:string [COUNT count:integer] [JUSTID:justid]",
   .history = "7.0.0"},
  {.name = "xcfgset", .arity = -2, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xcfgset,
   .since = "8.6.0", .complexity = "O(1), and O(N) for the N messages that a change forgets.",
   .summary = "Sets for how long, and how many, messages of its producers a stream remembers.",
   .syntax = "key:key [IDMP-DURATION idmp-duration:integer] [IDMP-MAXSIZE idmp-maxsize:integer]"},
  {.name = "xclaim", .arity = -6, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xclaim, .expect = expect_claims, .tips = kUnsure,
   .since = "5.0.0", .complexity = "O(log N) for each ID, N being the pending entries of the group.",
   .summary = "Gives pending entries to another consumer.",
   .syntax = "key:key group:string consumer:string min-idle-time:string id:string+ [IDLE ms:integer] "
             "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE:force] [JUSTID:justid] "
             "[LASTID lastid:string]"},
  {.name = "xdel", .arity = -3, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW delete"), .run = xdel,
   .since = "5.0.0", .complexity = "O(1) for each ID.",
   .summary = "Removes entries by their IDs and returns how many there were.",
   .syntax = "key:key id:string+"},
  {.name = "xdelex", .arity = -5, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW delete"), .run = xdelex,
   .since = "8.2.0", .complexity = "O(1) for each ID.",
   .summary = "Removes entries by their IDs, as far as consumer groups are done with them if asked.",
   .syntax = "key:key " WEIR_CONDITION_SYNTAX " IDS ids:block{numids:integer id:string+}"},
  {.name = "xgroup", .arity = -2, .flags = kContainer, .group = Group::kStream, .since = "5.0.0", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about consumer groups."},
  {.name = "xgroup|create", .arity = -5, .flags = kWrite | kDenyOom, .group = Group::kStream,
   .keys = key_at(2, "RW insert"), .run = xgroup_create,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Creates a consumer group.",
   .syntax = "key:key group:string id-selector:oneof{id:string|$:new-id} [MKSTREAM:mkstream] "
             "[ENTRIESREAD entriesread(entries-read):integer]", .history = "7.0.0"},
  {.name = "xgroup|createconsumer", .arity = 5, .flags = kWrite | kDenyOom, .group = Group::kStream,
   .keys = key_at(2, "RW insert"), .run = xgroup_createconsumer,
   .since = "6.2.0", .complexity = "O(1)", .summary = "Creates a consumer in a group.",
   .syntax = "key:key group:string consumer:string"},
  {.name = "xgroup|delconsumer", .arity = 5, .flags = kWrite, .group = Group::kStream,
   .keys = key_at(2, "RW delete"), .run = xgroup_delconsumer,
   .since = "5.0.0", .complexity = "O(N) for the N pending entries of the consumer.",
   .summary = "Removes a consumer and returns how many entries it had pending.",
   .syntax = "key:key group:string consumer:string"},
  {.name = "xgroup|destroy", .arity = 4, .flags = kWrite, .group = Group::kStream,
   .keys = key_at(2, "RW delete"), .run = xgroup_destroy,
   .since = "5.0.0", .complexity = "O(1); what was pending is freed in the background.",
   .summary = "Removes a consumer group.", .syntax = "key:key group:string"},
  {.name = "xgroup|help", .arity = 2, .flags = kAnytime, .group = Group::kStream, .run = xgroup_help,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Explains the subcommands of XGROUP."},
  {.name = "xgroup|setid", .arity = -5, .flags = kWrite, .group = Group::kStream,
   .keys = key_at(2, "RW update"), .run = xgroup_setid,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Sets the last ID that a consumer group was given.",
   .syntax = "key:key group:string id-selector:oneof{id:string|$:new-id} [ENTRIESREAD entriesread(entries-read):integer]",
   .history = "7.0.0"},
  {.name = "xidmprecord", .arity = 5, .flags = kWrite | kDenyOom | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xidmprecord,
   .since = "8.6.2", .complexity = "O(1)",
   .summary = "Makes a stream remember that a producer's message became an entry: for restoring a stream.",
   .syntax = "key:key pid:string iid:string stream-id:string"},
  {.name = "xinfo", .arity = -2, .flags = kContainer, .group = Group::kStream, .since = "5.0.0", .complexity = "Depends on subcommand.",
   .summary = "A container for questions about streams."},
  {.name = "xinfo|consumers", .arity = 4, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(2, "RO access"), .run = xinfo_consumers, .tips = kUnsure,
   .since = "5.0.0", .complexity = "O(N) for the N consumers.", .summary = "Lists the consumers of a group.",
   .syntax = "key:key group:string", .history = "7.2.0"},
  {.name = "xinfo|groups", .arity = 3, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(2, "RO access"), .run = xinfo_groups,
   .since = "5.0.0", .complexity = "O(N) for the N groups.", .summary = "Lists the consumer groups of a stream.",
   .syntax = "key:key", .history = "7.0.0"},
  {.name = "xinfo|help", .arity = 2, .flags = kAnytime, .group = Group::kStream, .run = xinfo_help,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Explains the subcommands of XINFO."},
  {.name = "xinfo|stream", .arity = -3, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(2, "RO access"), .run = xinfo_stream,
   .since = "5.0.0", .complexity = "O(1); with FULL O(N) for the N entries shown.",
   .summary = "Describes a stream.",
   .syntax = "key:key [full-block:block{FULL:full [COUNT count:integer]}]",
   .history = "6.0.0 7.0.0 7.2.0 8.6.0 8.8.0"},
  {.name = "xlen", .arity = 2, .flags = kReadonly | kFast, .group = Group::kStream,
   .keys = key_at(1, "RO"), .run = xlen,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Returns the number of entries of a stream.",
   .syntax = "key:key"},
  {.name = "xnack", .arity = -7, .flags = kWrite | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xnack,
   .since = "8.8.0", .complexity = "O(1) for each ID.",
   .summary = "Gives pending entries back to their group, for others to claim.",
   .syntax = "key:key group:string mode:oneof{SILENT:silent|FAIL:fail|FATAL:fatal} "
             "IDS ids:block{numids:integer id:string+} [RETRYCOUNT count:integer] [FORCE:force]"},
  {.name = "xpending", .arity = -3, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(1, "RO access"), .run = xpending, .tips = kUnsure,
   .since = "5.0.0", .complexity = "O(N) for the N entries returned; with IDLE for the N looked at; without a range for the N consumers.",
   .summary = "Returns what a consumer group has pending, in sum or entry by entry.",
   .syntax = "key:key group:string [filters:block{[IDLE min-idle-time:integer@6.2.0] start:string end:string count:integer [consumer:string]}]",
   .history = "6.2.0"},
  {.name = "xrange", .arity = -4, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(1, "RO access"), .run = xrange, .expect = expect_ranges,
   .since = "5.0.0", .complexity = "O(N) for the N entries returned.",
   .summary = "Returns the entries between two IDs, oldest first.",
   .syntax = "key:key start:string end:string [COUNT count:integer]", .history = "6.2.0"},
  {.name = "xread", .arity = -4, .flags = kReadonly | kBlocking | kMovableKeys, .group = Group::kStream,
   .keys = keys_after_streams(1, "RO access"), .run = xread, .expect = expect_reads,
   .since = "5.0.0", .complexity = {},  // as in Redis; no history either
   .summary = "Returns the entries behind given IDs of several streams, and waits for some if asked.",
   .syntax = "[COUNT count:integer] [MAXCOUNT maxcount:integer@8.10.0] [MAXSIZE maxsize:integer@8.10.0] "
             "[BLOCK milliseconds:integer] STREAMS streams:block{key:key+ id:string+}"},
  {.name = "xreadgroup", .arity = -7, .flags = kWrite | kBlocking | kMovableKeys, .group = Group::kStream,
   .keys = keys_after_streams(4, "RO access"), .run = xreadgroup,
   .since = "5.0.0", .complexity = "O(M) for the M entries returned; O(1) for a group that has read all.",
   .summary = "Delivers new entries to a consumer of a group, or shows it again what it has pending.",
   .syntax = "GROUP group-block:block{group:string consumer:string} [COUNT count:integer] "
             "[MAXCOUNT maxcount:integer@8.10.0] [MAXSIZE maxsize:integer@8.10.0] [BLOCK milliseconds:integer] "
             "[CLAIM min-idle-time:integer@8.4.0] [NOACK:noack] STREAMS streams:block{key:key+ id:string+}"},
  {.name = "xrevrange", .arity = -4, .flags = kReadonly, .group = Group::kStream,
   .keys = key_at(1, "RO access"), .run = xrevrange, .expect = expect_ranges,
   .since = "5.0.0", .complexity = "O(N) for the N entries returned.",
   .summary = "Returns the entries between two IDs, newest first.",
   .syntax = "key:key end:string start:string [COUNT count:integer]", .history = "6.2.0"},
  {.name = "xsetid", .arity = -3, .flags = kWrite | kDenyOom | kFast, .group = Group::kStream,
   .keys = key_at(1, "RW update"), .run = xsetid,
   .since = "5.0.0", .complexity = "O(1)", .summary = "Sets the last ID of a stream: for replication.",
   .syntax = "key:key last-id:string [ENTRIESADDED entries-added:integer@7.0.0] [MAXDELETEDID max-deleted-id:string@7.0.0]",
   .history = "7.0.0"},
  {.name = "xtrim", .arity = -4, .flags = kWrite, .group = Group::kStream,
   .keys = key_at(1, "RW delete"), .run = xtrim, .tips = kUnsure,
   .since = "5.0.0", .complexity = "O(N) for the N entries evicted.",
   .summary = "Removes the oldest entries of a stream.",
   .syntax = "key:key trim:block{" WEIR_TRIM_SYNTAX " " WEIR_CONDITION_SYNTAX "}", .history = "6.2.0 8.2.0"},
};
// clang-format on

#undef WEIR_TRIM_SYNTAX
#undef WEIR_CONDITION_SYNTAX

}  // namespace weir
