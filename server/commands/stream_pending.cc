// XPENDING.
#include <algorithm>
#include <utility>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// [IDLE ms] start end count [consumer]
struct PendingArgs {
  bool is_summary = true;
  int64_t min_idle_ms = 0;
  IdRange range{kMinStreamId, kMaxStreamId};
  int64_t count = 0;
  std::optional<std::string_view> consumer;
};

Parsed<PendingArgs> read_pending_args(const Call& call) {
  PendingArgs parsed;
  const size_t words = call.args.size();
  if (words == 3) return parsed;
  if (words < 6 || words > 9) return refused(errors::kSyntax);
  parsed.is_summary = false;
  size_t first = 3;
  if (equals_ignoring_case(call.args[3], "IDLE")) {
    Parsed<int64_t> idle_ms = read_integer(call.args[4], errors::kNotAnInteger);
    if (!idle_ms) return tl::make_unexpected(std::move(idle_ms.error()));
    if (words < 8) return refused(errors::kSyntax);
    parsed.min_idle_ms = *idle_ms;
    first = 5;
  }
  Parsed<int64_t> count = read_integer(call.args[first + 2], errors::kNotAnInteger);
  if (!count) return tl::make_unexpected(std::move(count.error()));
  parsed.count = std::max<int64_t>(*count, 0);
  Parsed<IdRange> range = read_id_range(call.args[first], call.args[first + 1]);
  if (!range) return tl::make_unexpected(std::move(range.error()));
  parsed.range = *range;
  // Words behind the consumer are ignored, as Redis does.
  if (first + 3 < words) parsed.consumer = call.args[first + 3];
  return parsed;
}

void write_summary(resp::ReplyWriter& reply, const ConsumerGroup& group) {
  reply.array(4);
  reply.integer(static_cast<int64_t>(group.pending_count()));
  if (group.pending_count() == 0) {
    reply.null();
    reply.null();
    reply.null_array();
    return;
  }
  bulk_id(reply, *group.pending_or_null()->first_id());
  bulk_id(reply, *group.pending_or_null()->last_id());
  const resp::LengthMark mark = reply.begin_array(group.consumer_count());
  size_t owners = 0;
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    const Consumer& consumer = group.consumer_at(i);
    if (consumer.pending_count() == 0) continue;
    reply.array(2);
    reply.bulk(consumer.name());
    reply.bulk(std::to_string(consumer.pending_count()));
    ++owners;
  }
  reply.patch_length(mark, owners);
}

void write_nack(const Call& call, const ConsumerGroup& group, const Nack& nack) {
  resp::ReplyWriter& reply = call.reply;
  reply.array(4);
  bulk_id(reply, nack.id);
  if (nack.is_released()) {
    reply.bulk({});
    reply.integer(-1);
  } else {
    reply.bulk(group.consumer(nack.consumer)->name());
    const auto delivered_ms = static_cast<int64_t>(nack.delivered_ms);
    reply.integer(std::max<int64_t>(call.now_ms - delivered_ms, 0));
  }
  reply.integer(static_cast<int64_t>(nack.deliveries));
}

/// The greatest order key of entries that were idle for that long; released ones always were.
uint64_t youngest_idle(int64_t now_ms, int64_t min_idle_ms) {
  if (min_idle_ms <= 0) return UINT64_MAX;
  if (min_idle_ms > now_ms) return Nack::oldest_owned(0) - 1;
  return Nack::oldest_owned(static_cast<uint64_t>(now_ms - min_idle_ms));
}

void write_entries(const Call& call, const PendingArgs& args, ConsumerGroup& group) {
  const Consumer* const consumer =
      args.consumer ? std::as_const(group).find_consumer(*args.consumer) : nullptr;
  const uint64_t owned = consumer != nullptr ? consumer->pending_count() : group.pending_count();
  if (owned == 0 || (args.consumer && consumer == nullptr)) {
    call.reply.array(0);
    return;
  }
  PendingList::Query query;
  query.from = args.range.from;
  query.to = args.range.to;
  query.youngest = youngest_idle(call.now_ms, args.min_idle_ms);
  query.count = static_cast<uint64_t>(args.count);
  query.consumer = consumer;
  const resp::LengthMark mark = call.reply.begin_array(std::min(query.count, owned));
  const uint64_t written =
      group.pending().for_each(query, [&](const Nack& nack) { write_nack(call, group, nack); });
  call.reply.patch_length(mark, written);
}

}  // namespace

Outcome xpending(Call& call) {
  Parsed<PendingArgs> args = read_pending_args(call);
  if (!args) return std::move(args.error());
  Stream* const stream = call.db.find(call.args[1]);
  ConsumerGroup* const group = stream != nullptr ? stream->find_group(call.args[2]) : nullptr;
  if (group == nullptr) return errors::no_such_key_or_group(call.args[1], call.args[2]);
  if (args->is_summary) {
    write_summary(call.reply, *group);
  } else {
    write_entries(call, *args, *group);
  }
  return Outcome::done();
}

}  // namespace weir
