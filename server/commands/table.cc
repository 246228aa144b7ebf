#include "server/commands/table.h"

#include <algorithm>
#include <cassert>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/commands/handlers.h"
#include "server/text.h"

namespace weir {
namespace {

// --- Words in which the rows are written
// ----------------------------------------------------------

/// One key, at word `first`.
constexpr KeySpec key_at(uint8_t first, std::string_view flags, std::string_view notes = {}) {
  return {.kind = KeySpec::Kind::kIndex, .first = first, .flags = flags, .notes = notes};
}
/// Keys from word `first` to the last.
constexpr KeySpec keys_from(uint8_t first, std::string_view flags) {
  return {.kind = KeySpec::Kind::kIndex, .first = first, .last = -1, .flags = flags};
}
/// The first half of the words behind STREAMS.
constexpr KeySpec keys_after_streams(uint8_t start_from, std::string_view flags) {
  return {.kind = KeySpec::Kind::kStreams, .first = start_from, .last = -1, .flags = flags};
}

constexpr uint32_t kAnytime = kLoading | kStale;  // also while loading, and as a stale replica
constexpr uint32_t kHandshake = kAnytime | kNoScript | kFast | kNoAuth | kAllowBusy;
constexpr uint32_t kSession = kAnytime | kNoScript;
constexpr uint32_t kOperator = kAdmin | kNoScript | kAnytime;
constexpr std::string_view kUnsure = "nondeterministic_output";
constexpr std::string_view kUnordered = "nondeterministic_output_order";

#define WEIR_CONDITION_SYNTAX "[condition:oneof{KEEPREF:keepref|DELREF:delref|ACKED:acked}]"
#define WEIR_TRIM_SYNTAX                                                                       \
  "strategy:oneof{MAXLEN:maxlen|MINID:minid@6.2.0} [operator:oneof{=:equal|~:approximately}] " \
  "threshold:string [LIMIT count:integer@6.2.0]"

// Laid out by hand: it reads as a menu.  The notation of `syntax` is told in command_docs.h.
// clang-format off
constexpr CommandSpec kCommands[] = {
  // --- Streams
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
   .keys = key_at(1, "RW update"), .run = xclaim, .tips = kUnsure,
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
   .since = "5.0.0", .complexity = "O(N) for the N pending entries of the group.",
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
   .keys = key_at(1, "RO access"), .run = xrange,
   .since = "5.0.0", .complexity = "O(N) for the N entries returned.",
   .summary = "Returns the entries between two IDs, oldest first.",
   .syntax = "key:key start:string end:string [COUNT count:integer]", .history = "6.2.0"},
  {.name = "xread", .arity = -4, .flags = kReadonly | kBlocking | kMovableKeys, .group = Group::kStream,
   .keys = keys_after_streams(1, "RO access"), .run = xread,
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
   .keys = key_at(1, "RO access"), .run = xrevrange,
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

  // --- Keys of any kind
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

  // --- The connection
  {.name = "auth", .arity = -2, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = auth, .since = "1.0.0", .complexity = "O(1)", .summary = "Gives the password of the connection.",
   .syntax = "[username:string@6.0.0] password:string", .history = "6.0.0"},
  {.name = "client", .arity = -2, .flags = kContainer, .group = Group::kConnection, .since = "2.4.0", .complexity = "Depends on subcommand.",
   .summary = "A container for commands about connections."},
  {.name = "client|getname", .arity = 2, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_getname, .since = "2.6.9", .complexity = "O(1)", .summary = "Returns the name of the connection."},
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
  {.name = "client|reply", .arity = 3, .flags = kSession | kMaySayNothing, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_reply, .since = "3.2.0", .complexity = "O(1)", .summary = "Says whether commands are answered.",
   .syntax = "action:oneof{ON:on|OFF:off|SKIP:skip}"},
  {.name = "client|setinfo", .arity = 4, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_setinfo, .since = "7.2.0", .complexity = "O(1)", .summary = "Notes the library behind the connection.",
   .syntax = "attr:oneof{LIB-NAME libname:string|LIB-VER libver:string}"},
  {.name = "client|setname", .arity = 3, .flags = kSession, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_setname, .since = "2.6.9", .complexity = "O(1)", .summary = "Names the connection.",
   .syntax = "connection-name:string"},
  {.name = "client|unblock", .arity = -3, .flags = kOperator, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = client_unblock, .since = "5.0.0", .complexity = "O(log N) for N waiting connections.",
   .summary = "Ends the wait of another connection's command.",
   .syntax = "client-id:integer [unblock-type:oneof{TIMEOUT:timeout|ERROR:error}]"},
  {.name = "echo", .arity = 2, .flags = kAnytime | kFast, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = echo, .since = "1.0.0", .complexity = "O(1)", .summary = "Returns its argument.", .syntax = "message:string"},
  {.name = "hello", .arity = -1, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = hello, .since = "6.0.0", .complexity = "O(1)", .summary = "Begins a session: protocol, password, name.",
   .syntax = "[arguments:block{protover:integer [AUTH auth:block{username:string password:string}] [SETNAME clientname:string]}]",
   .history = "6.2.0"},
  {.name = "ping", .arity = -1, .flags = kFast, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = ping, .since = "1.0.0", .complexity = "O(1)", .summary = "Answers, to show that the server lives.",
   .syntax = "[message:string]"},
  {.name = "quit", .arity = -1, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = quit, .since = "1.0.0", .complexity = "O(1)", .summary = "Ends the connection."},
  {.name = "reset", .arity = 1, .flags = kHandshake, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = reset, .since = "6.2.0", .complexity = "O(1)", .summary = "Makes the connection as it was at first."},
  {.name = "select", .arity = 2, .flags = kAnytime | kFast, .group = Group::kConnection, .categories = kConnectionCategory,
   .run = select, .since = "1.0.0", .complexity = "O(1)", .summary = "Chooses the database of the connection.",
   .syntax = "index:integer"},

  // --- The server
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
  {.name = "config|resetstat", .arity = 2, .flags = kOperator, .run = config_resetstat, .since = "2.0.0",
   .complexity = "O(1)", .summary = "Sets the counters of INFO to zero."},
  {.name = "config|rewrite", .arity = 2, .flags = kOperator, .run = config_rewrite, .since = "2.8.0",
   .complexity = "O(N) for the N options.", .summary = "Writes the present values into the configuration file."},
  {.name = "config|set", .arity = -4, .flags = kOperator, .run = config_set, .since = "2.0.0",
   .complexity = "O(N) for the N options.", .summary = "Changes options.",
   .syntax = "data:block{parameter:string value:string}+", .history = "7.0.0"},
  {.name = "debug", .arity = -2, .flags = kOperator | kNeedsDebug, .run = debug, .since = "1.0.0",
   .complexity = "Depends on subcommand.", .summary = "A container for what tests need.",
   .syntax = "subcommand:string [arg:string+]"},
  {.name = "info", .arity = -1, .flags = kAnytime, .categories = kDangerous, .run = info, .tips = kUnsure,
   .since = "1.0.0", .complexity = "O(1)", .summary = "Tells how the server is doing.",
   .syntax = "[section:string+]", .history = "7.0.0"},
  {.name = "lolwut", .arity = -1, .flags = kReadonly | kFast, .categories = kRead, .run = lolwut, .since = "5.0.0",
   .complexity = "O(1)", .summary = "Draws the river behind the weir.", .syntax = "[VERSION version:integer]"},
  {.name = "shutdown", .arity = -1, .flags = kOperator | kNoMulti | kAllowBusy | kMaySayNothing, .run = shutdown,
   .since = "1.0.0", .complexity = "O(N) for the N keys when saving.", .summary = "Stops the server.",
   .syntax = "[save-selector:oneof{NOSAVE:nosave|SAVE:save}] [NOW:now@7.0.0] [FORCE:force@7.0.0] [ABORT:abort@7.0.0]",
   .history = "7.0.0"},
  {.name = "time", .arity = 1, .flags = kAnytime | kFast, .run = time, .tips = kUnsure, .since = "2.6.0",
   .complexity = "O(1)", .summary = "Returns the server's time."},
};
// clang-format on
#undef WEIR_TRIM_SYNTAX
#undef WEIR_CONDITION_SYNTAX

// --- Lookup --------------------------------------------------------------------------------------

/// Longest name of a row; longer words are no command.
constexpr size_t kMaxNameLength = 32;

/// Names to rows, by hash: open addressing, at most a quarter full.
class Lookup {
 public:
  Lookup() : slots_(kSlots, nullptr) {
    static_assert(kSlots >= 4 * std::size(kCommands));
    for (const CommandSpec& command : kCommands) {
      size_t slot = hash(command.name);
      while (slots_[slot] != nullptr)
        slot = (slot + 1) % kSlots;
      slots_[slot] = &command;
    }
  }

  const CommandSpec* find(std::string_view lower_name) const {
    size_t slot = hash(lower_name);
    while (slots_[slot] != nullptr && slots_[slot]->name != lower_name)
      slot = (slot + 1) % kSlots;
    return slots_[slot];
  }

 private:
  static constexpr size_t kSlots = 512;

  static size_t hash(std::string_view name) {
    return XXH3_64bits(name.data(), name.size()) % kSlots;
  }

  std::vector<const CommandSpec*> slots_;
};

}  // namespace

std::span<const CommandSpec> command_table() {
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  static const Lookup lookup;
  if (name.size() > kMaxNameLength) return nullptr;
  char lower[kMaxNameLength];
  std::transform(name.begin(), name.end(), lower, [](char c) { return to_lower(c); });
  return lookup.find({lower, name.size()});
}

const CommandSpec* find_subcommand(const CommandSpec& container, std::string_view subcommand) {
  if (container.name.size() + 1 + subcommand.size() > kMaxNameLength) return nullptr;
  std::string name(container.name);
  name += '|';
  name += subcommand;
  return find_command(name);
}

std::span<const CommandSpec> subcommands_of(const CommandSpec& container) {
  const size_t first = row_number(container) + 1;
  size_t end = first;
  while (end < std::size(kCommands) && kCommands[end].name.size() > container.name.size() &&
         kCommands[end].name.starts_with(container.name) &&
         kCommands[end].name[container.name.size()] == '|') {
    ++end;
  }
  return std::span(kCommands).subspan(first, end - first);
}

size_t row_number(const CommandSpec& command) {
  const size_t number = static_cast<size_t>(&command - kCommands);
  assert(number < std::size(kCommands));
  return number;
}

}  // namespace weir
