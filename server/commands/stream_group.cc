// XGROUP and XACK.
#include <algorithm>
#include <string>
#include <utility>

#include "server/commands/args.h"
#include "server/commands/group_lookup.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/commands/id_args.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// [MKSTREAM] [ENTRIESREAD n] of CREATE and SETID.
struct GroupArgs {
  bool make_stream = false;
  int64_t entries_read = -1;     // not known
  size_t entries_read_word = 0;  // where it stands, if it was given
};

/// How many entries the group is to have read: of what a client says, no more than were ever added.
/// A group may come to have read more, and a replay takes over what is so; hence the form says what
/// became of the client's number.
int64_t settle_entries_read(Call& call, const GroupArgs& args, const Stream& stream) {
  const auto added = static_cast<int64_t>(std::min<uint64_t>(stream.entries_added(), INT64_MAX));
  if (call.is_replay || args.entries_read <= added) return args.entries_read;
  if (call.is_told()) {
    const WordEdit edit{args.entries_read_word, std::to_string(added)};
    call.propagate_edited({&edit, 1});
  }
  return added;
}

ReplyError misused(const Call& call) {
  return errors::unknown_subcommand_or_arguments("xgroup", call.args[1]);
}

Parsed<GroupArgs> read_group_args(const Call& call, bool may_make_stream) {
  GroupArgs parsed;
  ArgCursor args(call.args, 5);
  while (args.left() > 0) {
    if (may_make_stream && args.take("MKSTREAM")) {
      parsed.make_stream = true;
    } else if (args.take("ENTRIESREAD", 1)) {
      Parsed<int64_t> read = args.next_integer(errors::kNotAnInteger);
      if (!read) return tl::make_unexpected(std::move(read.error()));
      if (*read < -1 && !call.is_replay) return refused(errors::kEntriesReadNegative);
      // Redis counts beyond the greatest number, and tells what came of it: nobody knows.
      parsed.entries_read = std::max<int64_t>(*read, -1);
      parsed.entries_read_word = args.position() - 1;
    } else {
      return tl::make_unexpected(misused(call));
    }
  }
  return parsed;
}

/// The stream and the group that a subcommand is about, or why there is none.
Parsed<FoundGroup> require_group(Call& call) {
  Stream* const stream = call.db.find_for_write(call.args[2]);
  if (stream == nullptr) return refused(errors::kXgroupNeedsKey);
  ConsumerGroup* const group = stream->find_group(call.args[3]);
  if (group == nullptr)
    return tl::make_unexpected(errors::no_such_group(call.args[3], call.args[2]));
  return FoundGroup{stream, group};
}

}  // namespace

Outcome xgroup_create(Call& call) {
  // More words than all options have: some were given twice.
  constexpr size_t kMostWords = 8;
  Parsed<GroupArgs> args = read_group_args(call, true);
  if (!args) return std::move(args.error());
  const std::string_view key = call.args[2];
  Stream* stream = call.db.find_for_write(key);
  if (stream == nullptr && !args->make_stream) return ReplyError(errors::kXgroupNeedsKey);
  if (call.args.size() > kMostWords) return misused(call);
  StreamId id = stream != nullptr ? stream->last_id() : StreamId{};
  if (call.args[4] != "$") {
    Parsed<StreamId> given = read_stream_id(call.args[4]);
    if (!given) return std::move(given.error());
    id = *given;
  }
  if (stream != nullptr && stream->find_group(call.args[3]) != nullptr)
    return ReplyError(errors::kGroupExists);

  if (stream == nullptr) {
    stream = &call.db.find_or_create(key);
    call.notify(events::kNew, key);
  }
  stream->groups().add(call.args[3], id, settle_entries_read(call, *args, *stream));
  call.changed();
  call.notify(events::kXgroupCreate, key);
  call.reply.ok();
  return Outcome::done();
}

Outcome xgroup_setid(Call& call) {
  Parsed<GroupArgs> args = read_group_args(call, false);
  if (!args) return std::move(args.error());
  Parsed<FoundGroup> found = require_group(call);
  if (!found) return std::move(found.error());
  if (call.args.size() != 5 && call.args.size() != 7) return misused(call);
  const std::string_view text = call.args[4];
  StreamId id = text == "+" ? kMaxStreamId : kMinStreamId;
  if (text == "$") {
    id = found->stream->last_id();
  } else if (text != "-" && text != "+") {
    Parsed<StreamId> given = read_stream_id(text);
    if (!given) return std::move(given.error());
    id = *given;
  }

  found->group->last_id = id;
  found->group->entries_read = settle_entries_read(call, *args, *found->stream);
  call.changed();
  call.notify(events::kXgroupSetid, call.args[2]);
  call.reply.ok();
  return Outcome::done();
}

Outcome xgroup_destroy(Call& call) {
  const std::string_view key = call.args[2];
  Stream* const stream = call.db.find_for_write(key);
  if (stream == nullptr) return ReplyError(errors::kXgroupNeedsKey);
  std::unique_ptr<ConsumerGroup> group;
  if (stream->find_group(call.args[3]) != nullptr) group = stream->groups().take(call.args[3]);
  const bool existed = group != nullptr;
  if (existed) {
    call.context.keyspace.lazy_free.take(std::move(group));
    call.changed();
    call.notify(events::kXgroupDestroy, key);
    call.signal(key);  // who waits for the group's entries is told that it is gone
  }
  call.reply.integer(existed ? 1 : 0);
  return Outcome::done();
}

Outcome xgroup_createconsumer(Call& call) {
  Parsed<FoundGroup> found = require_group(call);
  if (!found) return std::move(found.error());
  const bool is_new = found->group->find_consumer(call.args[4]) == nullptr;
  if (is_new) {
    found->group->add_consumer(call.args[4], call.now_ms);
    call.changed();
    call.notify(events::kXgroupCreateconsumer, call.args[2]);
  }
  call.reply.integer(is_new ? 1 : 0);
  return Outcome::done();
}

Outcome xgroup_delconsumer(Call& call) {
  Parsed<FoundGroup> found = require_group(call);
  if (!found) return std::move(found.error());
  const std::optional<uint64_t> dropped = found->group->remove_consumer(call.args[4]);
  if (dropped) {
    call.changed();
    call.notify(events::kXgroupDelconsumer, call.args[2]);
  }
  call.reply.integer(static_cast<int64_t>(dropped.value_or(0)));
  return Outcome::done();
}

Outcome xgroup_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "CREATE <key> <groupname> <id|$> [option]",
      "    Create a consumer group that gets the entries behind the ID. Options are:",
      "    * MKSTREAM",
      "      Create an empty stream if the key does not exist.",
      "    * ENTRIESREAD entries_read",
      "      Say how many entries the group has read up to the ID, for its lag.",
      "CREATECONSUMER <key> <groupname> <consumer>",
      "    Create a consumer in the group.",
      "DELCONSUMER <key> <groupname> <consumer>",
      "    Remove a consumer together with its pending entries.",
      "DESTROY <key> <groupname>",
      "    Remove a group.",
      "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
      "    Set the last ID that the group was given, and how many entries it has read.",
  };
  write_help(call.reply, "xgroup", kLines);
  return Outcome::done();
}

Outcome xack(Call& call) {
  const FoundGroup found = find_group_as_reader(call, call.args[1], call.args[2]);
  int64_t acknowledged = 0;
  if (found) {
    IdList ids;
    if (!ids.read(call.args.subspan(3))) return ReplyError(errors::kInvalidStreamId);
    if (found.group->pending_count() > 0) {
      PendingList::Edit pending(found.group->pending());
      for (const StreamId& id : ids)
        acknowledged += pending.erase(id) ? 1 : 0;
    }
  }
  call.changed(static_cast<uint64_t>(acknowledged));
  call.reply.integer(acknowledged);
  return Outcome::done();
}

}  // namespace weir
