// XREADGROUP.
//
// Per stream, in the order of the words: the consumer is found or made, then either its history is
// read again, or, with ">", entries of others that are idle long enough are taken over (CLAIM) and
// new ones delivered.
#include <algorithm>
#include <vector>

#include "server/clock.h"
#include "server/commands/claim_form.h"
#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/commands/read_args.h"
#include "server/commands/short_list.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

/// Elements of an entry's array under CLAIM: ID, fields, idle time, deliveries.
constexpr size_t kClaimElements = 4;

/// A longer idle time is as good as for ever.
constexpr int64_t kMostIdleMs = INT64_MAX / 4;

/// One stream to read for a group.
struct GroupSource {
  std::string_view key;
  Stream* stream = nullptr;
  ConsumerGroup* group = nullptr;
  bool is_new = false;  // ">"
  StreamId after;       // else: the history behind this ID
};

using GroupSources = ShortList<GroupSource, 12>;

/// Looks up streams and groups and reads the IDs; the error of the first bad one, if any.
std::optional<ReplyError> find_group_sources(Call& call, const ReadArgs& args,
                                             GroupSources& sources) {
  sources.reserve(args.keys.size());
  for (size_t i = 0; i < args.keys.size(); ++i) {
    GroupSource source;
    source.key = args.keys[i];
    source.stream = call.db.find_to_change(source.key);
    source.group = source.stream != nullptr ? source.stream->find_group(*args.group) : nullptr;
    if (source.group == nullptr)
      return errors::no_such_key_or_group_to_read(source.key, *args.group);
    const std::string_view id = args.ids[i];
    if (is_char(id, '$') || is_char(id, '+')) return errors::meaningless_id(id);
    if (!is_char(id, '>')) {
      Parsed<StreamId> after = read_stream_id(id);
      if (!after) return std::move(after.error());
      source.after = *after;
    }
    source.is_new = is_char(id, '>') || source.after == kMaxStreamId;
    sources.push_back(source);
  }
  return std::nullopt;
}

/// Serves one command.
class GroupReader {
 public:
  GroupReader(Call& call, const ReadArgs& args, const GroupSources& sources)
      : call_(call), args_(args), sources_(sources), budget_(args, call) {}

  /// Answers with the streams that have something; false if none has.
  bool serve() {
    for (const GroupSource& source : sources_)
      serve_source(source);
    if (served_ == 0) return false;
    call_.reply.patch_length(mark_, served_);
    return true;
  }

  /// When an entry will have been idle long enough to be taken over.
  std::optional<int64_t> look_again_ms() const;

 private:
  void serve_source(const GroupSource& source);
  void serve_history(const GroupSource& source, Consumer& consumer);
  void serve_new(const GroupSource& source, Consumer& consumer);
  std::vector<Nack> find_idle(const GroupSource& source, uint64_t most) const;
  size_t take_over(const GroupSource& source, Consumer& consumer, const std::vector<Nack>& idle,
                   ClaimForms& forms);
  uint64_t deliver(const GroupSource& source, Consumer& consumer, const std::vector<Nack>& taken,
                   uint64_t most, ClaimForms& forms);
  resp::LengthMark begin_stream(const GroupSource& source, size_t guess);

  Call& call_;
  const ReadArgs& args_;
  const GroupSources& sources_;
  ReadBudget budget_;
  resp::LengthMark mark_;
  size_t served_ = 0;  // streams
};

resp::LengthMark GroupReader::begin_stream(const GroupSource& source, size_t guess) {
  if (served_++ == 0) mark_ = call_.reply.begin_pairs(sources_.size());
  call_.reply.begin_pair();
  call_.reply.bulk(source.key);
  return call_.reply.begin_array(guess);
}

void GroupReader::serve_source(const GroupSource& source) {
  const FoundConsumer found =
      find_or_add_consumer(call_, source.key, *source.group, args_.consumer);
  if (!budget_.allows_one(call_.reply)) return;
  if (source.is_new) {
    serve_new(source, found.consumer);
  } else {
    serve_history(source, found.consumer);
  }
}

void GroupReader::serve_history(const GroupSource& source, Consumer& consumer) {
  std::vector<Nack> pending;
  if (const std::optional<StreamId> from = successor(source.after)) {
    pending = source.group->pending().select(
        {.from = *from,
         .count = std::min(args_.most_per_stream(), budget_.entries()),
         .consumer = &consumer});
  }
  const resp::LengthMark mark = begin_stream(source, pending.size());
  EntryWriter writer(call_.reply, call_.context.ids);
  EntryFinder entries(*source.stream);
  PendingList::Edit edit(source.group->pending());
  ClaimForms forms(call_, source.key, *source.group, args_.consumer);
  size_t written = 0;
  for (Nack& nack : pending) {
    if (!budget_.allows_one(call_.reply)) break;
    budget_.take_one();
    ++written;
    if (const StreamCursor* const at = entries.find(nack.id)) {
      writer.write(*at);
      nack.deliveries = std::min(nack.deliveries + 1, kMaxDeliveries);
      nack.delivered_ms = static_cast<uint64_t>(call_.now_ms);
      edit.put(nack);
      forms.add(nack);
    } else {
      call_.reply.array(2);
      call_.reply.bulk(to_string(nack.id));
      call_.reply.null_array();
    }
  }
  call_.reply.patch_length(mark, written);
}

/// The oldest NACK whose entry is still there.  Where entries were removed while they were pending,
/// as by a trim, whole blocks of them are passed by.
std::optional<Nack> next_live(OldestFirst& oldest, EntryFinder& entries) {
  std::optional<Nack> nack = oldest.next();
  if (!nack || entries.find(nack->id) != nullptr) return nack;
  oldest.skip_unless(
      [&entries](const StreamId& from, const StreamId& to) { return entries.has_any(from, to); });
  while (nack && entries.find(nack->id) == nullptr)
    nack = oldest.next();
  return nack;
}

/// The entries that CLAIM takes over, oldest first.
std::vector<Nack> GroupReader::find_idle(const GroupSource& source, uint64_t most) const {
  std::vector<Nack> idle;
  if (!args_.claim_idle_ms || source.group->pending_count() == 0) return idle;
  const int64_t youngest_ms = call_.now_ms - *args_.claim_idle_ms;
  // Released entries are idle for ever.
  const uint64_t youngest = youngest_ms < 0
                                ? Nack::oldest_owned(0) - 1
                                : Nack::oldest_owned(static_cast<uint64_t>(youngest_ms));
  EntryFinder entries(*source.stream);
  OldestFirst oldest(source.group->pending(), youngest);
  while (idle.size() < most) {
    const std::optional<Nack> nack = next_live(oldest, entries);
    if (!nack) break;
    idle.push_back(*nack);
  }
  return idle;
}

/// Gives idle entries to the consumer, as many as the budget allows; returns how many.
size_t GroupReader::take_over(const GroupSource& source, Consumer& consumer,
                              const std::vector<Nack>& idle, ClaimForms& forms) {
  EntryWriter writer(call_.reply, call_.context.ids);
  EntryFinder entries(*source.stream);
  PendingList::Edit edit(source.group->pending());
  size_t taken = 0;
  for (; taken < idle.size() && budget_.allows_one(call_.reply); ++taken) {
    const Nack& nack = idle[taken];
    const int64_t idle_ms = call_.now_ms - static_cast<int64_t>(nack.delivered_ms);
    writer.write(*entries.find(nack.id), kClaimElements);
    call_.reply.integer(std::max<int64_t>(idle_ms, 0));
    call_.reply.integer(static_cast<int64_t>(nack.deliveries));
    const Nack now{.id = nack.id,
                   .consumer = consumer.number(),
                   .delivered_ms = static_cast<uint64_t>(call_.now_ms),
                   .deliveries = std::min(nack.deliveries + 1, kMaxDeliveries)};
    edit.put(now);
    forms.add(now);
    budget_.take_one();
  }
  return taken;
}

/// Delivers new entries, `most` of them at most; returns how many were written.
uint64_t GroupReader::deliver(const GroupSource& source, Consumer& consumer,
                              const std::vector<Nack>& taken, uint64_t most, ClaimForms& forms) {
  const std::optional<StreamId> from = successor(source.group->last_id);
  if (!from) return 0;
  const bool with_claims = args_.claim_idle_ms.has_value();
  // Released entries may lie ahead of what the group has read; one just taken over is not new.
  std::vector<StreamId> ahead;
  for (const Nack& nack : taken) {
    if (nack.id >= *from) ahead.push_back(nack.id);
  }
  std::sort(ahead.begin(), ahead.end());
  EntryWriter writer(call_.reply, call_.context.ids);
  PendingList::Edit edit(source.group->pending());
  Nack nack;
  nack.consumer = consumer.number();
  nack.delivered_ms = static_cast<uint64_t>(call_.now_ms);
  nack.deliveries = 1;
  uint64_t written = 0;
  bool is_next = false;
  StreamCursor at(*source.stream, *from, kMaxStreamId, Direction::kUp);
  while (written < most && at.is_valid() && budget_.allows_one(call_.reply)) {
    nack.id = at.entry().id;
    source.stream->note_delivery(*source.group, nack.id, is_next);
    is_next = true;
    if (!ahead.empty() && std::binary_search(ahead.begin(), ahead.end(), nack.id)) {
      at.next();
      continue;
    }
    const uint8_t* const end = writer.write(at, with_claims ? kClaimElements : 2);
    if (with_claims) {
      call_.reply.integer(0);
      call_.reply.integer(0);
    }
    if (!args_.no_ack) {
      edit.put(nack);
      forms.add(nack);
    }
    budget_.take_one();
    if (++written < most) at.next(end);
  }
  return written;
}

void GroupReader::serve_new(const GroupSource& source, Consumer& consumer) {
  ConsumerGroup& group = *source.group;
  const uint64_t most = std::min(args_.most_per_stream(), budget_.entries());
  std::vector<Nack> idle = find_idle(source, most);
  const bool has_new = source.stream->has_entries_after(group.last_id);
  if (idle.empty() && !has_new) return;

  const resp::LengthMark mark = begin_stream(source, std::min(most, source.stream->length()));
  ClaimForms forms(call_, source.key, group, args_.consumer);
  idle.resize(take_over(source, consumer, idle, forms));
  uint64_t delivered = 0;
  if (has_new) {
    delivered = deliver(source, consumer, idle, args_.most_per_stream() - idle.size(), forms);
    forms.end_run();
    propagate_group_position(call_, source.key, group);
  }
  call_.reply.patch_length(mark, idle.size() + delivered);
  if (forms.has_any()) consumer.set_active_ms(call_.now_ms);
  call_.changed();
}

std::optional<int64_t> GroupReader::look_again_ms() const {
  if (!args_.claim_idle_ms) return std::nullopt;
  int64_t first_ms = call_.now_ms;
  bool is_set = false;
  for (const GroupSource& source : sources_) {
    if (!source.is_new || source.group->pending_count() == 0) continue;
    EntryFinder entries(*source.stream);
    OldestFirst oldest(source.group->pending(), UINT64_MAX);
    const std::optional<Nack> nack = next_live(oldest, entries);
    if (!nack) continue;
    const auto delivered_ms = static_cast<int64_t>(nack->delivered_ms);
    first_ms = is_set ? std::min(first_ms, delivered_ms) : delivered_ms;
    is_set = true;
  }
  // Strictly later, and never at once: a clock that was set back must not make the server spin.
  const int64_t wait_ms =
      std::max<int64_t>(first_ms - call_.now_ms + std::min(*args_.claim_idle_ms, kMostIdleMs), 0);
  return Clock::monotonic_ms_now() + wait_ms + 2;
}

std::unique_ptr<Wait> wait_for_group(const Call& call, const ReadArgs& args,
                                     const GroupReader& reader) {
  auto wait = std::make_unique<Wait>();
  wait->look_again_ms = reader.look_again_ms();
  if (call.is_retry) return wait;  // what is registered goes on waiting
  wait->keys.assign(args.keys.begin(), args.keys.end());
  wait->deadline_ms = args.deadline_ms;
  wait->argv.assign(call.args.begin(), call.args.end());
  wait->group = std::string(*args.group);
  return wait;
}

}  // namespace

Outcome xreadgroup(Call& call) {
  Parsed<ReadArgs> args = read_read_args(call, ReadKind::kGroup);
  if (!args) return std::move(args.error());
  GroupSources sources;
  if (std::optional<ReplyError> error = find_group_sources(call, *args, sources))
    return std::move(*error);
  for (const GroupSource& source : sources)
    call.db.count_lookup(source.key, true);  // as XREAD does

  call.propagate_nothing();  // its effects are told by other commands
  GroupReader reader(call, *args, sources);
  if (reader.serve()) return Outcome::done();
  if (args->block && call.may_wait) return wait_for_group(call, *args, reader);
  call.reply.null_array();
  return Outcome::done();
}

}  // namespace weir
