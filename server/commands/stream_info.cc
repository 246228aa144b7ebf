// XINFO STREAM.
#include <algorithm>
#include <utility>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/group_info.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/commands/reply_pairs.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// Entries that FULL shows unless COUNT says otherwise.
constexpr uint64_t kDefaultFullCount = 10;

/// FULL [COUNT n]: how many entries to show.
struct XinfoArgs {
  bool full = false;
  uint64_t count = kDefaultFullCount;
};

Parsed<XinfoArgs> read_xinfo(const Call& call) {
  XinfoArgs parsed;
  ArgCursor args(call.args, 3);
  if (args.left() == 0) return parsed;
  parsed.full = args.take("FULL");
  const bool has_count = parsed.full && args.left() == 2 && args.take("COUNT", 1);
  if (!parsed.full || args.left() != (has_count ? 1 : 0)) {
    return tl::make_unexpected(errors::unknown_subcommand_or_arguments("xinfo", call.args[1]));
  }
  if (!has_count) return parsed;
  const std::optional<int64_t> count = parse_canonical(args.next());
  if (!count) return refused(errors::kNotAnInteger);
  if (*count == 0) parsed.count = UINT64_MAX;
  if (*count > 0) parsed.count = static_cast<uint64_t>(*count);
  return parsed;
}

void id_pair(resp::ReplyWriter& reply, std::string_view name, const StreamId& id) {
  reply.bulk(name);
  bulk_id(reply, id);
}

void write_idempotence(resp::ReplyWriter& reply, const Stream& stream) {
  const IdempotenceLimits limits = stream.idempotence_limits();
  const Idempotence* const known = stream.idempotence();
  number_pair(reply, "idmp-duration", limits.duration_s);
  number_pair(reply, "idmp-maxsize", limits.maxsize);
  number_pair(reply, "pids-tracked", known != nullptr ? known->pid_count() : 0);
  number_pair(reply, "iids-tracked", known != nullptr ? known->iid_count() : 0);
  number_pair(reply, "iids-added", known != nullptr ? known->iids_added() : 0);
  number_pair(reply, "iids-duplicates", known != nullptr ? known->iids_duplicates() : 0);
}

/// The pairs that both forms begin with.
void write_counters(resp::ReplyWriter& reply, const Stream& stream) {
  number_pair(reply, "length", stream.length());
  number_pair(reply, "radix-tree-keys", stream.node_count());
  number_pair(reply, "radix-tree-nodes", stream.node_count() + 1);
  id_pair(reply, "last-generated-id", stream.last_id());
  id_pair(reply, "max-deleted-entry-id", stream.max_deleted_id());
  number_pair(reply, "entries-added", stream.entries_added());
  id_pair(reply, "recorded-first-entry-id", stream.first_id());
  write_idempotence(reply, stream);
}

void write_one_entry(resp::ReplyWriter& reply, std::string_view name, const Stream& stream,
                     Direction direction) {
  reply.bulk(name);
  StreamCursor at(stream, kMinStreamId, kMaxStreamId, direction);
  if (at.is_valid()) {
    IdWriter ids;
    EntryWriter(reply, ids).write(at);
  } else {
    reply.null();
  }
}

void write_entries(resp::ReplyWriter& reply, const Stream& stream, uint64_t count) {
  const uint64_t shown = std::min(count, stream.length());
  reply.bulk("entries");
  reply.array(shown);
  StreamCursor at(stream, kMinStreamId, kMaxStreamId, Direction::kUp);
  IdWriter ids;
  EntryWriter(reply, ids).write_all(at, shown);
}

}  // namespace

Outcome xinfo_stream(Call& call) {
  Stream* const stream = call.db.find(call.args[2]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  Parsed<XinfoArgs> args = read_xinfo(call);
  if (!args) return std::move(args.error());
  resp::ReplyWriter& reply = call.reply;
  if (args->full) {
    reply.map(15);
    write_counters(reply, *stream);
    write_entries(reply, *stream, args->count);
    reply.bulk("groups");
    write_groups(reply, *stream, args->count);
  } else {
    reply.map(16);
    write_counters(reply, *stream);
    number_pair(reply, "groups", std::as_const(*stream).groups().size());
    write_one_entry(reply, "first-entry", *stream, Direction::kUp);
    write_one_entry(reply, "last-entry", *stream, Direction::kDown);
  }
  return Outcome::done();
}

Outcome xinfo_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "CONSUMERS <key> <groupname>",
      "    List the consumers of a group.",
      "GROUPS <key>",
      "    List the consumer groups of a stream.",
      "STREAM <key> [FULL [COUNT <count>]",
      "    Describe a stream: counters, first and last entry; with FULL its first entries, its",
      "    groups and their first pending entries.",
  };
  write_help(call.reply, "xinfo", kLines);
  return Outcome::done();
}

}  // namespace weir
