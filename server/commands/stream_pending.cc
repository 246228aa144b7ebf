// XPENDING and XNACK.
#include <algorithm>
#include <utility>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/group_lookup.h"
#include "server/commands/handlers.h"
#include "server/commands/id_args.h"
#include "server/commands/older_forms.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"
#include "streams/stream_cursor.h"

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

/// Writes what is asked about each of many entries.
class NackWriter {
 public:
  NackWriter(const Call& call, const ConsumerGroup& group) : call_(call), group_(group) {}

  void write(const Nack& nack) {
    using resp::ReplyWriter;
    const bool is_owned = !nack.is_released();
    const std::string_view owner = is_owned ? group_.consumer(nack.consumer)->name() : "";
    const auto delivered_ms = static_cast<int64_t>(nack.delivered_ms);
    const int64_t idle_ms = is_owned ? std::max<int64_t>(call_.now_ms - delivered_ms, 0) : -1;
    resp::Buffer& out = call_.reply.buffer();
    char* const begin =
        out.reserve(4 * ReplyWriter::kHeaderBytes + IdWriter::kMostBytes + owner.size());
    char* at = ReplyWriter::write_header(begin, '*', 4);
    at = call_.context.ids.write(at, nack.id);
    at = ReplyWriter::write_bulk(at, owner);
    at = ReplyWriter::write_number(at, ':', idle_ms);
    at = ReplyWriter::write_number(at, ':', static_cast<int64_t>(nack.deliveries));
    out.commit(static_cast<size_t>(at - begin));
  }

 private:
  const Call& call_;
  const ConsumerGroup& group_;
};

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
  NackWriter writer(call, group);
  const uint64_t written =
      group.pending().for_each(query, [&](const Nack& nack) { writer.write(nack); });
  call.reply.patch_length(mark, written);
}

// --- XNACK ---------------------------------------------------------------------------------------

/// What becomes of the number of deliveries.
enum class NackMode : uint8_t {
  kSilent,  // the last delivery does not count
  kFail,    // it does
  kFatal,   // there is no use in another one
};

struct NackArgs {
  NackMode mode = NackMode::kSilent;
  std::span<const std::string_view> ids;
  std::optional<uint64_t> deliveries;  // RETRYCOUNT, whatever the mode
  bool force = false;                  // also what is not pending

  uint64_t deliveries_after(uint64_t before) const {
    if (deliveries) return *deliveries;
    if (mode == NackMode::kFatal) return kMaxDeliveries;
    return mode == NackMode::kSilent && before > 0 ? before - 1 : before;
  }
};

constexpr IdsRules kNackIds{.most = INT32_MAX,
                            .bad_number = errors::kNackBadNumber,
                            .too_few_words = errors::kNackTooFewIds};

std::optional<NackMode> read_nack_mode(std::string_view word) {
  if (equals_ignoring_case(word, "SILENT")) return NackMode::kSilent;
  if (equals_ignoring_case(word, "FAIL")) return NackMode::kFail;
  if (equals_ignoring_case(word, "FATAL")) return NackMode::kFatal;
  return std::nullopt;
}

Parsed<NackArgs> read_nack_args(const Call& call) {
  NackArgs parsed;
  const std::optional<NackMode> mode = read_nack_mode(call.args[3]);
  if (!mode) return refused(errors::kNackMode);
  parsed.mode = *mode;
  ArgCursor args(call.args, 4);
  while (args.left() > 0) {
    if (args.take("IDS", 1)) {
      auto ids = take_ids(args, kNackIds);
      if (!ids) return tl::make_unexpected(std::move(ids.error()));
      parsed.ids = *ids;
    } else if (args.take("RETRYCOUNT", 1)) {
      Parsed<int64_t> deliveries = args.next_integer(errors::kNotAnInteger);
      if (!deliveries) return tl::make_unexpected(std::move(deliveries.error()));
      if (*deliveries < 0) return refused(errors::kNackRetryCount);
      parsed.deliveries = static_cast<uint64_t>(*deliveries);
    } else if (args.take("FORCE")) {
      parsed.force = true;
    } else {
      return tl::make_unexpected(errors::unrecognized_xnack_option(args.peek()));
    }
  }
  if (parsed.ids.empty()) return refused(errors::kNackNeedsIds);
  return parsed;
}

/// Takes entries away from their consumers and returns how many; the same one again counts again.
uint64_t release(Call& call, const FoundGroup& found, const NackArgs& args, const IdList& ids) {
  const bool is_told_otherwise = call.is_told() && is_below(call, PropagationLevel::k88);
  if (found.group->pending_count() == 0 && !args.force) return 0;
  PendingList& list = found.group->pending();
  PendingList::Edit pending(list);
  EntryFinder entries(*found.stream);
  uint64_t released = 0;
  for (const StreamId& id : ids) {
    const std::optional<Nack> before = pending.find(id);
    if (!before && (!args.force || entries.find(id) == nullptr)) continue;
    const Nack nack{.id = id,
                    .deliveries = args.deliveries_after(before ? before->deliveries : 0),
                    .release = list.next_release()};
    pending.put(nack);
    if (is_told_otherwise) propagate_release(call, call.args[1], found.group->name(), nack);
    ++released;
  }
  return released;
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

Outcome xnack(Call& call) {
  const FoundGroup found = find_group(call, call.args[1], call.args[2]);
  if (!found) return errors::no_such_key_or_group(call.args[1], call.args[2]);
  Parsed<NackArgs> args = read_nack_args(call);
  if (!args) return std::move(args.error());
  IdList ids;
  if (!ids.read(args->ids)) return ReplyError(errors::kInvalidStreamId);

  const uint64_t released = release(call, found, *args, ids);
  call.changed(released);
  if (released > 0) call.signal(call.args[1]);  // who reads with CLAIM may have them at once
  call.reply.integer(static_cast<int64_t>(released));
  return Outcome::done();
}

}  // namespace weir
