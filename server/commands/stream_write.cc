// XADD, XTRIM, XSETID.
#include <algorithm>

#include "server/commands/args.h"
#include "server/commands/entry_reply.h"
#include "server/commands/handlers.h"
#include "server/commands/older_forms.h"
#include "server/commands/trim_args.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"
#include "streams/content_digest.h"

namespace weir {
namespace {

NodeLimits node_limits(const Settings& settings) {
  return {.max_bytes = settings.stream_node_max_bytes,
          .max_entries = settings.stream_node_max_entries};
}

/// The ID argument of XADD: "*", "ms-*", "ms-seq" or "ms".
struct NewId {
  enum class Kind : uint8_t { kAuto, kAutoSequence, kExplicit };
  Kind kind = Kind::kAuto;
  StreamId id;
};

/// False for a text that is none.
bool read_new_id(std::string_view text, NewId& id) {
  if (text == "*") return true;
  if (text.ends_with("-*")) {
    const std::optional<uint64_t> ms = parse_unsigned(text.substr(0, text.size() - 2));
    if (!ms || text.size() > kMaxStreamIdText) return false;
    id = {NewId::Kind::kAutoSequence, {*ms, 0}};
    return true;
  }
  const Parsed<StreamId> given = read_stream_id(text);
  if (!given) return false;
  id = {NewId::Kind::kExplicit, *given};
  return true;
}

/// The concrete ID for a stream (null: one that does not exist yet).
Parsed<StreamId> choose_id(const NewId& wanted, const Stream* stream, int64_t now_ms) {
  static const Stream empty;
  if (stream == nullptr) stream = &empty;
  const StreamId last = stream->last_id();
  if (last == kMaxStreamId) return refused(errors::kIdsExhausted);
  if (wanted.kind == NewId::Kind::kAuto) return *stream->next_id(static_cast<uint64_t>(now_ms));
  StreamId id = wanted.id;
  if (wanted.kind == NewId::Kind::kAutoSequence && id.ms == last.ms) {
    if (last.seq == UINT64_MAX) return refused(errors::kIdTooSmall);
    id.seq = last.seq + 1;
  }
  if (id <= last) return refused(errors::kIdTooSmall);
  return id;
}

/// IDMP pid iid, or IDMPAUTO pid: which message of which producer this is.
struct MessageArgs {
  std::string_view pid;  // empty: neither was given
  std::string_view iid;  // empty: its content names it
  ContentDigest digest{};
  size_t word = 0;  // its first

  bool is_given() const { return !pid.empty(); }
  std::string_view name() const {
    return iid.empty() ? std::string_view(digest.data(), digest.size()) : iid;
  }
};

struct XaddArgs {
  TrimArgs trim;
  bool make_stream = true;
  MessageArgs message;
  NewId id;
  size_t id_word = 0;
  FieldValues fields;
};

/// Takes IDMP or IDMPAUTO at the cursor.  False if the next word is neither.
Parsed<bool> take_message(ArgCursor& args, MessageArgs& message) {
  const bool named = args.take("IDMP", 2);
  if (!named && !args.take("IDMPAUTO", 1)) return false;
  if (message.is_given()) return refused(errors::kIdmpTwice);
  message.word = args.position() - 1;
  message.pid = args.next();
  if (message.pid.empty())
    return refused(named ? errors::kIdmpEmptyPid : errors::kIdmpAutoEmptyPid);
  if (!named) return true;
  message.iid = args.next();
  if (message.iid.empty()) return refused(errors::kIdmpEmptyIid);
  return true;
}

/// Fills fresh arguments in place: they are a few hundred bytes.
std::optional<ReplyError> read_xadd(const Call& call, XaddArgs& parsed) {
  ArgCursor args(call.args, 2);
  while (args.left() > 0 && args.peek() != "*") {
    if (args.take("NOMKSTREAM")) {
      parsed.make_stream = false;
      continue;
    }
    Parsed<bool> taken = parsed.trim.take(args);
    if (taken && !*taken) taken = take_message(args, parsed.message);
    if (!taken) return std::move(taken.error());
    if (!*taken) break;
  }
  if (args.left() > 0) {
    parsed.id_word = args.position();
    if (!read_new_id(args.next(), parsed.id)) return ReplyError(errors::kInvalidStreamId);
    const bool is_auto = parsed.id.kind == NewId::Kind::kAuto;
    if (parsed.message.is_given() && !is_auto && !call.is_replay)
      return ReplyError(errors::kIdmpNeedsAutoId);
  }
  if (const auto conflict = parsed.trim.conflict(false, call.is_replay))
    return ReplyError(*conflict);
  parsed.fields = call.args.subspan(args.position());
  if (parsed.fields.size() < 2 || parsed.fields.size() % 2 != 0)
    return errors::wrong_number_of_arguments("xadd");
  if (parsed.id.kind == NewId::Kind::kExplicit && parsed.id.id.is_zero())
    return ReplyError(errors::kIdIsZero);
  if (parsed.message.is_given() && parsed.message.iid.empty())
    parsed.message.digest = content_digest(parsed.fields);
  return std::nullopt;
}

bool is_too_large(const XaddArgs& args) {
  uint64_t payload_bytes = 0;
  for (const std::string_view text : args.fields)
    payload_bytes += text.size();
  return !is_storable(args.fields.size(), payload_bytes) ||
         args.message.pid.size() > kMaxEntryBytes || args.message.iid.size() > kMaxEntryBytes;
}

/// Answers a message that its producer sent before; false if it is a new one.
bool answer_duplicate(Call& call, const XaddArgs& args, Stream& stream) {
  // In a replay it was decided before: an explicit ID was new then, "*" was a duplicate.  What is
  // remembered here may differ, because it is forgotten by another clock.
  if (call.is_replay && args.id.kind == NewId::Kind::kExplicit) return false;
  const Idempotence* const known = stream.idempotence();
  const std::optional<StreamId> id =
      known != nullptr ? known->find(args.message.pid, args.message.name()) : std::nullopt;
  if (!id && !call.is_replay) return false;
  stream.use_idempotence().count_duplicate();
  call.changed();
  if (is_below(call, PropagationLevel::k86)) call.propagate_nothing();
  id ? bulk_id(call.reply, *id) : call.reply.null();
  return true;
}

void record_message(Call& call, const MessageArgs& message, Stream& stream, const StreamId& id) {
  Idempotence& known = stream.use_idempotence();
  known.record(message.pid, message.name(), id);
  call.context.keyspace.iid_expiry.watch(known);
}

/// What trimming has removed, beyond what its words say to receivers that know no references.
struct Removed {
  Trimmed trimmed;
  std::vector<StreamId> noted;  // see Stream::trim_and_tell

  /// Entries that stay lie before some that went.
  bool has_holes(const TrimArgs& trim, const Stream& stream) const {
    return trim.references() == References::kAcked && !noted.empty() && stream.length() > 0 &&
           (!trimmed.below || stream.first_id() < *trimmed.below);
  }
};

/// The rest of what propagates a trimming without its references.
void propagate_removed(Call& call, const TrimArgs& trim, const Stream& stream,
                       const Removed& removed) {
  const std::string_view key = call.args[1];
  if (trim.references() == References::kDelete) propagate_acks(call, key, stream, removed.noted);
  if (!removed.has_holes(trim, stream)) return;
  propagate_deletion(call, key, removed.noted);
  propagate_counters(call, key, stream);
}

void propagate_in_order(Call& call, std::vector<WordEdit> edits) {
  std::sort(edits.begin(), edits.end(),
            [](const WordEdit& a, const WordEdit& b) { return a.word < b.word; });
  call.propagate_edited(edits);
}

/// As propagate_xadd, without the words that an older receiver does not know.
void propagate_older_xadd(Call& call, const XaddArgs& args, const StreamId& id,
                          const Stream& stream, const Removed& removed) {
  std::vector<WordEdit> edits;
  const bool omits_references =
      args.trim.names_references() && is_below(call, PropagationLevel::k82);
  if (omits_references) {
    edits = args.trim.settle_without_references(stream, removed.has_holes(args.trim, stream));
  } else if (args.trim.is_unsettled()) {
    edits = args.trim.settle(stream, removed.trimmed);
  }
  if (args.message.is_given()) {
    const size_t words = args.message.iid.empty() ? 2 : 3;
    for (size_t i = 0; i < words; ++i)
      edits.push_back({.word = args.message.word + i, .is_left_out = true});
  }
  edits.push_back({.word = args.id_word, .text = to_string(id)});
  propagate_in_order(call, std::move(edits));
  if (omits_references) propagate_removed(call, args.trim, stream, removed);
}

/// Names the form with the ID that the entry got and the length or ID that was trimmed to, where
/// the words leave one of them open.
void propagate_xadd(Call& call, const XaddArgs& args, const StreamId& id, const Stream& stream,
                    const Removed& removed) {
  if (!call.is_told()) return;
  const bool has_newer = (args.message.is_given() && is_below(call, PropagationLevel::k86)) ||
                         (args.trim.names_references() && is_below(call, PropagationLevel::k82));
  if (has_newer) return propagate_older_xadd(call, args, id, stream, removed);
  const bool is_open = args.id.kind != NewId::Kind::kExplicit || args.trim.is_unsettled();
  if (!is_open) return;
  if (!args.trim.is_unsettled()) {
    const WordEdit edit{.word = args.id_word, .text = to_string(id)};
    return call.propagate_edited({&edit, 1});
  }
  std::vector<WordEdit> edits = args.trim.settle(stream, removed.trimmed);
  edits.push_back({.word = args.id_word, .text = to_string(id)});  // behind all options
  call.propagate_edited(edits);
}

/// With holes all of it is told by what propagate_removed says.
void propagate_older_xtrim(Call& call, const TrimArgs& trim, const Stream& stream,
                           const Removed& removed) {
  if (removed.has_holes(trim, stream)) {
    call.propagate_nothing();
  } else {
    propagate_in_order(call, trim.settle_without_references(stream, false));
  }
  propagate_removed(call, trim, stream, removed);
}

void propagate_xtrim(Call& call, const TrimArgs& trim, const Stream& stream,
                     const Removed& removed) {
  if (!call.is_told()) return;
  if (trim.names_references() && is_below(call, PropagationLevel::k82))
    return propagate_older_xtrim(call, trim, stream, removed);
  if (!trim.is_unsettled()) return;
  call.propagate_edited(trim.settle(stream, removed.trimmed));
}

/// The nodes that go are freed later if they are many.
Removed trim_lazily(Call& call, Stream& stream, const Trim& trim) {
  RadixCuttings<StreamNode> cuttings;
  const bool is_noted = trim.references != References::kKeep && call.is_told() &&
                        is_below(call, PropagationLevel::k82);
  Removed removed;
  removed.trimmed = stream.trim_and_tell(trim, &cuttings, is_noted ? &removed.noted : nullptr);
  if (cuttings.size() >= LazyFree::kLeastCost)
    call.context.keyspace.lazy_free.take(std::move(cuttings));
  return removed;
}

}  // namespace

Outcome xadd(Call& call) {
  const std::string_view key = call.args[1];
  KeyEntry* const entry = call.db.locate(key);  // its memory comes while the words are read
  XaddArgs args;
  if (std::optional<ReplyError> error = read_xadd(call, args)) return std::move(*error);
  Stream* stream = call.db.use(entry);
  if (stream != nullptr) stream->prefetch_end();
  if (stream == nullptr && !args.make_stream) {
    call.reply.null();
    return Outcome::done();
  }
  const bool is_message = args.message.is_given();
  if (is_message && stream != nullptr && answer_duplicate(call, args, *stream))
    return Outcome::done();
  Parsed<StreamId> id = choose_id(args.id, stream, call.now_ms);
  if (!id) return std::move(id.error());
  if (is_too_large(args)) return ReplyError(errors::kElementsTooLarge);

  const bool is_new = stream == nullptr;
  if (is_new) stream = &call.db.find_or_create(key);
  stream->append(*id, args.fields, node_limits(call.settings));
  if (is_message) record_message(call, args.message, *stream, *id);
  Removed removed;
  if (args.trim.is_given()) removed = trim_lazily(call, *stream, args.trim.trim(call.settings));
  call.changed();
  propagate_xadd(call, args, *id, *stream, removed);
  if (is_new) call.notify(events::kNew, key);
  call.notify(events::kXadd, key);
  if (removed.trimmed.entries > 0) call.notify(events::kXtrim, key);
  call.signal(key);
  call.context.ids.write(call.reply, *id);
  return Outcome::done();
}

Outcome xtrim(Call& call) {
  TrimArgs trim;
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    Parsed<bool> taken = trim.take(args);
    if (!taken) return std::move(taken.error());
    if (!*taken) return ReplyError(errors::kSyntax);
  }
  if (const auto conflict = trim.conflict(true, call.is_replay)) return ReplyError(*conflict);

  Stream* const stream = call.db.find_for_write(call.args[1]);
  Removed removed;
  if (stream != nullptr) removed = trim_lazily(call, *stream, trim.trim(call.settings));
  const uint64_t trimmed = removed.trimmed.entries;
  if (stream != nullptr && trimmed > 0) {
    call.changed(trimmed);
    propagate_xtrim(call, trim, *stream, removed);
    call.notify(events::kXtrim, call.args[1]);
  }
  call.reply.integer(static_cast<int64_t>(trimmed));
  return Outcome::done();
}

Outcome xsetid(Call& call) {
  const std::optional<StreamId> last_id = parse_stream_id(call.args[2], 0);
  if (!last_id) return ReplyError(errors::kInvalidStreamId);
  std::optional<uint64_t> entries_added;
  std::optional<StreamId> max_deleted_id;
  ArgCursor args(call.args, 3);
  while (args.left() > 0) {
    if (args.take("ENTRIESADDED", 1)) {
      Parsed<int64_t> added = args.next_integer(errors::kNotAnInteger);
      if (!added) return std::move(added.error());
      if (*added < 0) return ReplyError(errors::kEntriesAddedNegative);
      entries_added = static_cast<uint64_t>(*added);
    } else if (args.take("MAXDELETEDID", 1)) {
      max_deleted_id = parse_stream_id(args.next(), 0);
      if (!max_deleted_id) return ReplyError(errors::kInvalidStreamId);
      if (*last_id < *max_deleted_id && !call.is_replay)
        return ReplyError(errors::kSetIdBelowGivenMaxDeleted);
    } else {
      return ReplyError(errors::kSyntax);
    }
  }

  Stream* const stream = call.db.find_for_write(call.args[1]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  // Redis 7.0 takes an ID below one that was deleted, and tells its replicas and its log.
  if (*last_id < stream->max_deleted_id() && !call.is_replay)
    return ReplyError(errors::kSetIdBelowMaxDeleted);
  if (stream->length() > 0) {
    if (*last_id < stream->top_id()) return ReplyError(errors::kSetIdBelowTop);
    if (entries_added && *entries_added < stream->length()) {
      return ReplyError(errors::kEntriesAddedTooSmall);
    }
  }
  if (max_deleted_id && max_deleted_id->is_zero()) max_deleted_id.reset();  // "leave as it is"
  stream->set_id(*last_id, entries_added, max_deleted_id);
  call.changed();
  call.notify(events::kXsetid, call.args[1]);
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
