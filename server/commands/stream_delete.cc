// XDEL, XDELEX, XACKDEL.
#include <cassert>
#include <vector>

#include "server/commands/args.h"
#include "server/commands/group_lookup.h"
#include "server/commands/handlers.h"
#include "server/commands/id_args.h"
#include "server/commands/older_forms.h"
#include "server/commands/reference_args.h"
#include "server/data/keyspace.h"
#include "server/errors.h"

namespace weir {
namespace {

constexpr IdsRules kIdsRules{
    .most = INT64_MAX, .bad_number = errors::kIdsBadNumber, .too_few_words = errors::kIdsTooFew};

/// [KEEPREF | DELREF | ACKED] IDS numids id [id ...], in any order.
struct DeleteArgs {
  References references = References::kKeep;
  std::span<const std::string_view> ids;
};

Parsed<DeleteArgs> read_delete_args(const Call& call, size_t first) {
  DeleteArgs parsed;
  std::optional<References> references;
  ArgCursor args(call.args, first);
  while (args.left() > 0) {
    if (args.take("IDS", 1)) {
      auto ids = take_ids(args, kIdsRules);
      if (!ids) return tl::make_unexpected(std::move(ids.error()));
      parsed.ids = *ids;
      continue;
    }
    if (references) return refused(errors::kSyntax);
    references = take_references(args);
    if (!references) return refused(errors::kSyntax);
  }
  // The arity asks for three words, and one of them at most is something else.
  assert(!parsed.ids.empty());
  parsed.references = references.value_or(References::kKeep);
  return parsed;
}

/// What is answered for an ID.
enum class Fate : int8_t { kMissing = -1, kDeleted = 1, kReferenced = 2 };

/// Deletes the entries of one command, as far as their references allow it.
class Remover {
 public:
  /// is_noting: which entries it were is asked for afterwards.
  Remover(Stream& stream, References references, bool is_noting)
      : stream_(stream), references_(references), is_noting_(is_noting) {}

  Fate remove(const StreamId& id) {
    if (references_ == References::kAcked && stream_.is_referenced(id)) return Fate::kReferenced;
    // Also of an entry that is gone: nothing else would ever clean that up.
    const bool dropped = references_ == References::kDelete && stream_.drop_references(id);
    const bool deleted = stream_.erase(id);
    deleted_ += deleted ? 1 : 0;
    changed_ += deleted || dropped ? 1 : 0;
    if (is_noting_ && deleted) deleted_ids_.push_back(id);
    if (is_noting_ && dropped) dropped_ids_.push_back(id);
    return deleted ? Fate::kDeleted : Fate::kMissing;
  }

  uint64_t deleted() const { return deleted_; }
  const std::vector<StreamId>& deleted_ids() const { return deleted_ids_; }
  /// Of those that were pending in some group.
  const std::vector<StreamId>& dropped_ids() const { return dropped_ids_; }
  /// How many IDs made a difference.
  uint64_t changed() const { return changed_; }

 private:
  Stream& stream_;
  References references_;
  bool is_noting_;
  uint64_t deleted_ = 0;
  uint64_t changed_ = 0;
  std::vector<StreamId> deleted_ids_;
  std::vector<StreamId> dropped_ids_;
};

void answer(Call& call, Fate fate) {
  call.reply.integer(static_cast<int64_t>(fate));
}

Outcome answer_all_missing(Call& call, size_t count) {
  call.reply.array(count);
  for (size_t i = 0; i < count; ++i)
    answer(call, Fate::kMissing);
  return Outcome::done();
}

/// For each ID whether it was pending; afterwards it is not.
std::vector<bool> acknowledge(ConsumerGroup& group, const IdList& ids) {
  std::vector<bool> was_pending;
  was_pending.reserve(ids.size());
  PendingList::Edit pending(group.pending());
  for (const StreamId& id : ids)
    was_pending.push_back(pending.erase(id));
  return was_pending;
}

void tell(Call& call, uint64_t changed, uint64_t deleted) {
  call.changed(changed);
  if (deleted > 0) call.notify(events::kXdel, call.args[1]);
}

/// Whether it is told as commands that every receiver knows: some do not know this one.
bool is_told_by_parts(const Call& call) {
  return call.is_told() && is_below(call, PropagationLevel::k82);
}

void propagate_removal(Call& call, const Stream& stream, const Remover& remover) {
  propagate_acks(call, call.args[1], stream, remover.dropped_ids());
  propagate_deletion(call, call.args[1], remover.deleted_ids());
}

}  // namespace

Outcome xdel(Call& call) {
  Stream* const stream = call.db.find_for_write(call.args[1]);
  if (stream == nullptr) {
    call.reply.integer(0);
    return Outcome::done();
  }
  IdList ids;
  if (!ids.read(call.args.subspan(2))) return ReplyError(errors::kInvalidStreamId);
  const uint64_t removed = stream->erase(ids.all());
  tell(call, removed, removed);
  call.reply.integer(static_cast<int64_t>(removed));
  return Outcome::done();
}

Outcome xdelex(Call& call) {
  Parsed<DeleteArgs> args = read_delete_args(call, 2);
  if (!args) return std::move(args.error());
  Stream* const stream = call.db.find_for_write(call.args[1]);
  if (stream == nullptr) return answer_all_missing(call, args->ids.size());
  IdList ids;
  if (!ids.read(args->ids)) return ReplyError(errors::kInvalidStreamId);

  const bool by_parts = is_told_by_parts(call);
  Remover remover(*stream, args->references, by_parts);
  call.reply.array(args->ids.size());
  for (const StreamId& id : ids)
    answer(call, remover.remove(id));
  tell(call, remover.changed(), remover.deleted());
  if (by_parts) propagate_removal(call, *stream, remover);
  return Outcome::done();
}

Outcome xackdel(Call& call) {
  Parsed<DeleteArgs> args = read_delete_args(call, 3);
  if (!args) return std::move(args.error());
  const FoundGroup found = find_group(call, call.args[1], call.args[2]);
  if (!found) return answer_all_missing(call, args->ids.size());
  IdList ids;
  if (!ids.read(args->ids)) return ReplyError(errors::kInvalidStreamId);

  // All are acknowledged first: deleting looks into the pending entries of every group.
  const std::vector<bool> acknowledged = acknowledge(*found.group, ids);
  const bool by_parts = is_told_by_parts(call);
  Remover remover(*found.stream, args->references, by_parts);
  uint64_t changed = 0;
  call.reply.array(args->ids.size());
  auto was_pending = acknowledged.begin();
  for (const StreamId& id : ids) {
    if (!*was_pending++) {
      answer(call, Fate::kMissing);
      continue;
    }
    ++changed;
    // An entry that was gone already counts as deleted: there is nothing left to do.
    const bool stays = remover.remove(id) == Fate::kReferenced;
    answer(call, stays ? Fate::kReferenced : Fate::kDeleted);
  }
  tell(call, changed, remover.deleted());
  if (by_parts && changed > 0) propagate_ack(call, call.args[1], call.args[2], ids.all());
  if (by_parts) propagate_removal(call, *found.stream, remover);
  return Outcome::done();
}

}  // namespace weir
