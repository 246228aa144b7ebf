// XINFO GROUPS, XINFO CONSUMERS and the groups of XINFO STREAM FULL.
#include "server/commands/group_info.h"

#include <algorithm>
#include <utility>

#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/commands/reply_pairs.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// last-delivered-id, entries-read, lag.
void write_progress(resp::ReplyWriter& reply, const Stream& stream, const ConsumerGroup& group) {
  reply.bulk("last-delivered-id");
  bulk_id(reply, group.last_id);
  std::optional<uint64_t> entries_read;
  if (group.entries_read >= 0) entries_read = static_cast<uint64_t>(group.entries_read);
  number_or_null_pair(reply, "entries-read", entries_read);
  number_or_null_pair(reply, "lag", stream.lag(group));
}

/// How long ago, in ms; never negative, even if the clock was set back.  A file may say any time.
uint64_t time_since(int64_t now_ms, int64_t then_ms) {
  const uint64_t since = static_cast<uint64_t>(now_ms) - static_cast<uint64_t>(then_ms);
  return static_cast<uint64_t>(std::max<int64_t>(static_cast<int64_t>(since), 0));
}

void write_consumer(const Call& call, const Consumer& consumer) {
  call.reply.map(4);
  text_pair(call.reply, "name", consumer.name());
  number_pair(call.reply, "pending", consumer.pending_count());
  number_pair(call.reply, "idle", time_since(call.now_ms, consumer.seen_ms()));
  if (consumer.active_ms() < 0) {
    number_pair(call.reply, "inactive", -1);
  } else {
    number_pair(call.reply, "inactive", time_since(call.now_ms, consumer.active_ms()));
  }
}

// --- XINFO STREAM FULL ---------------------------------------------------------------------------

void write_times(resp::ReplyWriter& reply, const Nack& nack) {
  reply.integer(static_cast<int64_t>(nack.delivered_ms));
  reply.integer(static_cast<int64_t>(nack.deliveries));
}

/// What a group has pending: ID, owner, time and number of deliveries.
void write_pending(resp::ReplyWriter& reply, ConsumerGroup& group, uint64_t count) {
  reply.bulk("pending");
  reply.array(std::min(count, group.pending_count()));
  if (group.pending_count() == 0) return;
  PendingList::Query query;
  query.count = count;
  group.pending().for_each(query, [&](const Nack& nack) {
    reply.array(4);
    bulk_id(reply, nack.id);
    reply.bulk(nack.is_released() ? std::string_view() : group.consumer(nack.consumer)->name());
    write_times(reply, nack);
  });
}

/// What a consumer has pending: the same without the owner.
void write_owned(resp::ReplyWriter& reply, ConsumerGroup& group, const Consumer& consumer,
                 uint64_t count) {
  reply.bulk("pending");
  reply.array(std::min(count, consumer.pending_count()));
  PendingList::Query query;
  query.count = count;
  query.consumer = &consumer;
  group.pending().for_each(query, [&](const Nack& nack) {
    reply.array(3);
    bulk_id(reply, nack.id);
    write_times(reply, nack);
  });
}

void write_consumers(resp::ReplyWriter& reply, ConsumerGroup& group, uint64_t count) {
  reply.bulk("consumers");
  reply.array(group.consumer_count());
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    const Consumer& consumer = group.consumer_at(i);
    reply.map(5);
    text_pair(reply, "name", consumer.name());
    number_pair(reply, "seen-time", consumer.seen_ms());
    number_pair(reply, "active-time", consumer.active_ms());
    number_pair(reply, "pel-count", consumer.pending_count());
    write_owned(reply, group, consumer, count);
  }
}

}  // namespace

void write_groups(resp::ReplyWriter& reply, Stream& stream, uint64_t count) {
  const size_t groups = std::as_const(stream).groups().size();
  reply.array(groups);
  for (size_t i = 0; i < groups; ++i) {
    ConsumerGroup& group = stream.groups().at(i);
    reply.map(8);
    text_pair(reply, "name", group.name());
    write_progress(reply, stream, group);
    number_pair(reply, "pel-count", group.pending_count());
    number_pair(reply, "nacked-count", group.released_count());
    write_pending(reply, group, count);
    write_consumers(reply, group, count);
  }
}

Outcome xinfo_groups(Call& call) {
  const Stream* const stream = call.db.find(call.args[2]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  const ConsumerGroups& groups = stream->groups();
  call.reply.array(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    const ConsumerGroup& group = groups.at(i);
    call.reply.map(6);
    text_pair(call.reply, "name", group.name());
    number_pair(call.reply, "consumers", group.consumer_count());
    number_pair(call.reply, "pending", group.pending_count());
    write_progress(call.reply, *stream, group);
  }
  return Outcome::done();
}

Outcome xinfo_consumers(Call& call) {
  const Stream* const stream = call.db.find(call.args[2]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  const ConsumerGroup* const group = stream->groups().find(call.args[3]);
  if (group == nullptr) return errors::no_such_group(call.args[3], call.args[2]);
  call.reply.array(group->consumer_count());
  for (size_t i = 0; i < group->consumer_count(); ++i)
    write_consumer(call, group->consumer_at(i));
  return Outcome::done();
}

}  // namespace weir
