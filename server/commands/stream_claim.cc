// XCLAIM and XAUTOCLAIM: pending entries change their consumer.
#include <algorithm>
#include <vector>

#include "persistence/aof_marks.h"
#include "server/commands/args.h"
#include "server/commands/claim_form.h"
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

/// What both commands do to one entry.
struct ClaimMode {
  int64_t min_idle_ms = 0;
  bool just_id = false;
  bool force = false;
  uint64_t delivered_ms = 0;           // the time the entry gets
  std::optional<uint64_t> deliveries;  // the count it gets; none: one more unless just_id
};

/// One command at work on a group.
class Claimer {
 public:
  Claimer(Call& call, std::string_view key, Stream& stream, ConsumerGroup& group,
          std::string_view consumer, const ClaimMode& mode)
      : call_(call),
        key_(key),
        group_(group),
        consumer_(find_or_add_consumer(call, key, group, consumer).consumer),
        mode_(mode),
        writer_(call.reply, call.context.ids),
        entries_(stream),
        edit_(group.pending()),
        forms_(call, key, group, consumer) {}

  enum class Result : uint8_t { kSkipped, kClaimed, kCleaned };

  /// Claims the entry, if it is there and idle long enough, and writes it to the reply.  A pending
  /// entry whose message is gone is removed.
  Result claim(const StreamId& id) {
    entries_.prefetch(id);  // while the PEL is searched
    return claim(id, edit_.find(id));
  }
  Result claim(const StreamId& id, std::optional<Nack> nack);

  /// After the last one: what was done is counted and told.
  void finish() {
    if (forms_.has_any()) consumer_.set_active_ms(call_.now_ms);
    call_.changed(claimed_ + cleaned_);
  }
  uint64_t claimed() const { return claimed_; }

 private:
  bool is_too_young(const Nack& nack) const {
    if (nack.is_released() || mode_.min_idle_ms <= 0) return false;
    return call_.now_ms - static_cast<int64_t>(nack.delivered_ms) < mode_.min_idle_ms;
  }
  Result clean(const StreamId& id);

  Call& call_;
  std::string_view key_;
  ConsumerGroup& group_;
  Consumer& consumer_;
  const ClaimMode& mode_;
  EntryWriter writer_;
  EntryFinder entries_;
  PendingList::Edit edit_;
  ClaimForms forms_;
  uint64_t claimed_ = 0;
  uint64_t cleaned_ = 0;
};

Claimer::Result Claimer::clean(const StreamId& id) {
  edit_.erase(id);
  ++cleaned_;
  forms_.end_run();
  if (call_.is_told()) call_.propagate_as({"XACK", key_, group_.name(), to_string(id)});
  return Result::kCleaned;
}

Claimer::Result Claimer::claim(const StreamId& id, std::optional<Nack> nack) {
  if (!nack && !mode_.force) return Result::kSkipped;
  const StreamCursor* const entry = entries_.find(id);
  if (entry == nullptr) return nack ? clean(id) : Result::kSkipped;
  if (nack && is_too_young(*nack)) return Result::kSkipped;

  const uint64_t before = nack ? nack->deliveries : 1;
  const uint64_t after = mode_.just_id ? before : std::min(before + 1, kMaxDeliveries);
  const Nack claimed{.id = id,
                     .consumer = consumer_.number(),
                     .delivered_ms = mode_.delivered_ms,
                     .deliveries = mode_.deliveries.value_or(after)};
  edit_.put(claimed);
  forms_.add(claimed);
  ++claimed_;
  if (mode_.just_id) {
    call_.context.ids.write(call_.reply, id);
  } else {
    writer_.write(*entry);
  }
  return Result::kClaimed;
}

// --- XCLAIM --------------------------------------------------------------------------------------

struct XclaimArgs {
  ClaimMode mode;
  std::optional<StreamId> last_id;
};

/// TIME and IDLE: the time an entry was delivered; one that cannot be is now.  That of a primary,
/// or of the log, may lie ahead of the clock here: copies have it as it was given.
uint64_t delivery_time(int64_t time_ms, const Call& call) {
  const bool is_later = time_ms > call.now_ms && !call.is_replay;
  return static_cast<uint64_t>(time_ms < 0 || is_later ? call.now_ms : time_ms);
}

Parsed<bool> take_xclaim_option(ArgCursor& args, const Call& call, XclaimArgs& parsed) {
  ClaimMode& mode = parsed.mode;
  const int64_t now_ms = call.now_ms;
  if (args.take("FORCE")) {
    mode.force = true;
  } else if (args.take("JUSTID")) {
    mode.just_id = true;
  } else if (args.take("IDLE", 1)) {
    const std::optional<int64_t> idle = parse_canonical(args.next());
    if (!idle) return refused(errors::kInvalidXclaimIdle);
    const int64_t time = *idle < 0 ? now_ms : now_ms - *idle;
    mode.delivered_ms = delivery_time(time, call);
  } else if (args.take("TIME", 1)) {
    const std::optional<int64_t> time = parse_canonical(args.next());
    if (!time) return refused(errors::kInvalidXclaimTime);
    mode.delivered_ms = delivery_time(*time, call);
  } else if (args.take("RETRYCOUNT", 1)) {
    const std::optional<int64_t> count = parse_canonical(args.next());
    if (!count) return refused(errors::kInvalidXclaimRetryCount);
    mode.deliveries.reset();
    if (*count >= 0) mode.deliveries = static_cast<uint64_t>(*count);
  } else if (args.take("LASTID", 1)) {
    Parsed<StreamId> id = read_stream_id(args.next());
    if (!id) return tl::make_unexpected(std::move(id.error()));
    parsed.last_id = *id;
  } else {
    return tl::make_unexpected(errors::unrecognized_xclaim_option(args.peek()));
  }
  return true;
}

/// Everything but the IDs, which it adds to `ids`: whatever reads as one.
Parsed<XclaimArgs> read_xclaim(const Call& call, IdList& ids) {
  XclaimArgs parsed;
  parsed.mode.delivered_ms = static_cast<uint64_t>(call.now_ms);
  Parsed<int64_t> min_idle = read_integer(call.args[4], errors::kInvalidMinIdleXclaim);
  if (!min_idle) return tl::make_unexpected(std::move(min_idle.error()));
  parsed.mode.min_idle_ms = std::max<int64_t>(*min_idle, 0);
  ArgCursor args(call.args, 5);
  while (args.left() > 0) {
    const std::optional<StreamId> id = parse_stream_id(args.peek(), 0);
    if (!id) break;
    ids.add(*id);
    args.next();
  }
  while (args.left() > 0) {
    Parsed<bool> taken = take_xclaim_option(args, call, parsed);
    if (!taken) return tl::make_unexpected(std::move(taken.error()));
  }
  return parsed;
}

/// What propagate_release() has told: the entries are nobody's.
void release_again(const FoundGroup& found, const XclaimArgs& args, const IdList& ids) {
  PendingList& list = found.group->pending();
  PendingList::Edit pending(list);
  EntryFinder entries(*found.stream);
  for (const StreamId& id : ids) {
    if (entries.find(id) == nullptr && !pending.find(id)) continue;
    pending.put(
        {.id = id, .deliveries = args.mode.deliveries.value_or(0), .release = list.next_release()});
  }
}

// --- XAUTOCLAIM ----------------------------------------------------------------------------------

/// Entries looked at for each one wanted.
constexpr uint64_t kAutoclaimEffort = 10;
/// COUNT beyond it is refused.
constexpr int64_t kMostAutoclaimCount = INT64_MAX / 16;
constexpr int64_t kDefaultAutoclaimCount = 100;
/// Pending entries taken out at a time: about a block of the PEL.
constexpr uint64_t kScanChunk = 128;

struct XautoclaimArgs {
  ClaimMode mode;
  StreamId start;
  uint64_t count = kDefaultAutoclaimCount;
};

Parsed<XautoclaimArgs> read_xautoclaim(const Call& call) {
  XautoclaimArgs parsed;
  parsed.mode.delivered_ms = static_cast<uint64_t>(call.now_ms);
  Parsed<int64_t> min_idle = read_integer(call.args[4], errors::kInvalidMinIdleXautoclaim);
  if (!min_idle) return tl::make_unexpected(std::move(min_idle.error()));
  parsed.mode.min_idle_ms = std::max<int64_t>(*min_idle, 0);
  Parsed<IdRange> range = read_id_range(call.args[5], "+");
  if (!range) return tl::make_unexpected(std::move(range.error()));
  parsed.start = range->from;
  ArgCursor args(call.args, 6);
  while (args.left() > 0) {
    if (args.take("COUNT", 1)) {
      const std::optional<int64_t> count = parse_canonical(args.next());
      if (!count || *count < 1 || *count > kMostAutoclaimCount)
        return refused(errors::kXautoclaimCount);
      parsed.count = static_cast<uint64_t>(*count);
    } else if (args.take("JUSTID")) {
      parsed.mode.just_id = true;
    } else {
      return refused(errors::kSyntax);
    }
  }
  return parsed;
}

/// Walks the PEL from an ID on and claims; collects the IDs of the messages that are gone, and says
/// from where on nothing was looked at; nothing if no ID is greater.
std::optional<StreamId> scan(ConsumerGroup& group, const XautoclaimArgs& args, Claimer& claimer,
                             std::vector<StreamId>& gone) {
  uint64_t left = args.count * kAutoclaimEffort;
  uint64_t results = 0;
  StreamId from = args.start;
  while (left > 0 && results < args.count) {
    const std::vector<Nack> nacks =
        group.pending().select({.from = from, .count = std::min(left, kScanChunk)});
    if (nacks.empty()) break;
    for (const Nack& nack : nacks) {
      from = nack.id;
      --left;
      const Claimer::Result result = claimer.claim(nack.id, nack);
      if (result == Claimer::Result::kCleaned) gone.push_back(nack.id);
      if (result != Claimer::Result::kSkipped && ++results == args.count) break;
    }
    const std::optional<StreamId> behind = successor(from);
    if (!behind) return std::nullopt;
    from = *behind;
  }
  return from;
}

}  // namespace

Outcome xclaim(Call& call) {
  const std::string_view key = call.args[1];
  const auto [stream, group] = find_group_as_reader(call, key, call.args[2]);
  if (group == nullptr) return errors::no_such_key_or_group(key, call.args[2]);
  IdList ids;
  Parsed<XclaimArgs> args = read_xclaim(call, ids);
  if (!args) return std::move(args.error());

  if (call.is_replay && call.args[3] == aof::kReleasedConsumer) {
    release_again({stream, group}, *args, ids);
    call.changed(ids.size());
    call.reply.array(0);
    return Outcome::done();
  }
  call.propagate_nothing();  // told by its effects
  const bool moves_last_id = args->last_id && *args->last_id > group->last_id;
  if (moves_last_id) group->last_id = *args->last_id;
  const resp::LengthMark mark = call.reply.begin_array(ids.size());
  uint64_t claimed = 0;
  {
    Claimer claimer(call, key, *stream, *group, call.args[3], args->mode);
    for (const StreamId& id : ids)
      claimer.claim(id);
    claimer.finish();
    claimed = claimer.claimed();
  }
  call.reply.patch_length(mark, claimed);
  if (moves_last_id && claimed == 0) {
    call.changed();
    propagate_group_position(call, key, *group);
  }
  return Outcome::done();
}

Outcome xautoclaim(Call& call) {
  Parsed<XautoclaimArgs> args = read_xautoclaim(call);
  if (!args) return std::move(args.error());
  const std::string_view key = call.args[1];
  const auto [stream, group] = find_group_as_reader(call, key, call.args[2]);
  if (group == nullptr) return errors::no_such_key_or_group(key, call.args[2]);

  call.propagate_nothing();  // told by its effects
  // The cursor comes first in the reply and is known last.
  resp::Buffer entries;
  resp::Buffer& out = call.reply.buffer();
  call.reply.set_buffer(entries);
  std::vector<StreamId> gone;
  std::optional<StreamId> behind;
  uint64_t claimed = 0;
  {
    Claimer claimer(call, key, *stream, *group, call.args[3], args->mode);
    behind = scan(*group, *args, claimer, gone);
    claimer.finish();
    claimed = claimer.claimed();
  }
  call.reply.set_buffer(out);
  const PendingCursor next(group->pending(), behind.value_or(kMaxStreamId));
  call.reply.array(3);
  call.reply.bulk(to_string(behind && next.is_valid() ? next.nack().id : StreamId{}));
  call.reply.array(claimed);
  out.append(entries.view());
  call.reply.array(gone.size());
  for (const StreamId& id : gone)
    call.reply.bulk(to_string(id));
  return Outcome::done();
}

}  // namespace weir
