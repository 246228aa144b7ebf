// Commands on keys, whatever they hold: DEL EXISTS TYPE KEYS SCAN RANDOMKEY DBSIZE FLUSHDB FLUSHALL
// TOUCH OBJECT.
#include <random>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/durability/snapshots.h"
#include "server/errors.h"
#include "server/text.h"
#include "streams/random_bits.h"

namespace weir {
namespace {

constexpr int64_t kDefaultScanCount = 10;
/// A SCAN looks at this many homes per key wanted before it answers with what it has.
constexpr int64_t kScanEffort = 10;

struct ScanArgs {
  uint64_t cursor = 0;
  std::string_view pattern = "*";
  int64_t count = kDefaultScanCount;
  bool other_type = false;  // TYPE names one that no key can have
};

/// A plus sign is allowed, as strtoul allows it.
std::optional<uint64_t> read_cursor(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return parse_unsigned(text);
}

Parsed<ScanArgs> read_scan(const Call& call) {
  ScanArgs parsed;
  const std::optional<uint64_t> cursor = read_cursor(call.args[1]);
  if (!cursor) return refused(errors::kInvalidCursor);
  parsed.cursor = *cursor;
  ArgCursor args(call.args, 2);
  while (args.left() > 0) {
    if (args.take("MATCH", 1)) {
      parsed.pattern = args.next();
    } else if (args.take("COUNT", 1)) {
      const std::optional<int64_t> count = parse_canonical(args.next());
      if (!count) return refused(errors::kNotAnInteger);
      if (*count < 1) return refused(errors::kSyntax);
      parsed.count = *count;
    } else if (args.take("TYPE", 1)) {
      parsed.other_type = !equals_ignoring_case(args.next(), "stream");
    } else {
      return refused(errors::kSyntax);
    }
  }
  return parsed;
}

/// FLUSHDB and FLUSHALL take one word, which changes nothing here: what
/// takes long is freed by a helper, in either case.
std::optional<ReplyError> check_flush_args(const Call& call) {
  if (call.args.size() == 1) return std::nullopt;
  const bool known = call.args.size() == 2 && (equals_ignoring_case(call.args[1], "sync") ||
                                               equals_ignoring_case(call.args[1], "async"));
  if (known) return std::nullopt;
  return ReplyError(errors::kSyntax);
}

/// What OBJECT asks about; answers null without the key.
const KeyEntry* find_object(Call& call) {
  const KeyEntry* const entry = call.db.peek_unnoticed(call.args[2]);
  if (entry == nullptr) call.reply.null();
  return entry;
}

int64_t count_existing(Call& call, bool note_access) {
  int64_t existing = 0;
  for (const std::string_view key : call.args.subspan(1)) {
    existing += (note_access ? call.db.note_access(key) : call.db.peek(key) != nullptr) ? 1 : 0;
  }
  return existing;
}

}  // namespace

Outcome del(Call& call) {
  int64_t removed = 0;
  for (const std::string_view key : call.args.subspan(1)) {
    if (!call.db.erase(key)) continue;
    ++removed;
    call.notify(events::kDel, key);
    call.signal_gone(key);
  }
  call.changed(static_cast<uint64_t>(removed));
  call.reply.integer(removed);
  return Outcome::done();
}

Outcome exists(Call& call) {
  call.reply.integer(count_existing(call, false));
  return Outcome::done();
}

Outcome touch(Call& call) {
  call.reply.integer(count_existing(call, true));
  return Outcome::done();
}

Outcome type(Call& call) {
  call.reply.simple(call.db.peek(call.args[1]) != nullptr ? "stream" : "none");
  return Outcome::done();
}

Outcome keys(Call& call) {
  const std::string_view pattern = call.args[1];
  const resp::LengthMark mark = call.reply.begin_array(call.db.size());
  size_t matched = 0;
  call.db.keys().for_each([&](const KeyEntry& entry) {
    if (call.db.is_over(entry)) return;
    if (pattern != "*" && !glob_matches(pattern, entry.key())) return;
    call.reply.bulk(entry.key());
    ++matched;
  });
  call.reply.patch_length(mark, matched);
  return Outcome::done();
}

Outcome scan(Call& call) {
  Parsed<ScanArgs> args = read_scan(call);
  if (!args) return std::move(args.error());
  std::vector<std::string_view> found;
  std::vector<std::string> over;
  uint64_t cursor = args->cursor;
  const int64_t most_steps =
      args->count > INT64_MAX / kScanEffort ? INT64_MAX : args->count * kScanEffort;
  int64_t seen = 0;
  for (int64_t step = 0; step < most_steps; ++step) {
    cursor = call.db.keys().scan(cursor, [&](const KeyEntry& entry) {
      ++seen;
      if (args->other_type) return;
      if (args->pattern != "*" && !glob_matches(args->pattern, entry.key())) return;
      if (call.db.is_over(entry)) {
        over.emplace_back(entry.key());
      } else {
        found.push_back(entry.key());
      }
    });
    if (cursor == 0 || seen >= args->count) break;
  }
  char text[kMaxDecimalLength];
  call.reply.array(2);
  call.reply.bulk({text, static_cast<size_t>(write_decimal(text, cursor) - text)});
  call.reply.array(found.size());
  for (const std::string_view key : found)
    call.reply.bulk(key);
  // Looking for one lets it go.
  for (const std::string& key : over)
    static_cast<void>(call.db.locate(key));
  return Outcome::done();
}

Outcome randomkey(Call& call) {
  static std::mt19937_64 generator{random_bits()};
  const KeyEntry* const entry = call.db.random(generator);
  if (entry != nullptr) {
    call.reply.bulk(entry->key());
  } else {
    call.reply.null();
  }
  return Outcome::done();
}

Outcome dbsize(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.db.size()));
  return Outcome::done();
}

Outcome flushdb(Call& call) {
  if (auto error = check_flush_args(call)) return std::move(*error);
  call.context.keyspace.events.notify_flushing(call.db.index());
  call.changed(call.db.clear());
  if (call.told.changes == 0) call.relay();  // a replica may have keys of its own
  call.context.waiters.signal_all_gone(call.db.index());
  call.reply.ok();
  return Outcome::done();
}

Outcome flushall(Call& call) {
  if (auto error = check_flush_args(call)) return std::move(*error);
  for (Database& db : call.context.keyspace.databases()) {
    call.context.keyspace.events.notify_flushing(db.index());
    call.changed(db.clear());
    call.context.waiters.signal_all_gone(db.index());
  }
  if (call.told.changes == 0) call.relay();
  call.context.snapshots.flushed();
  call.reply.ok();
  return Outcome::done();
}

Outcome object_encoding(Call& call) {
  if (find_object(call) != nullptr) call.reply.bulk("stream");
  return Outcome::done();
}

Outcome object_refcount(Call& call) {
  if (find_object(call) != nullptr) call.reply.integer(1);
  return Outcome::done();
}

Outcome object_idletime(Call& call) {
  const KeyEntry* const entry = find_object(call);
  if (entry == nullptr) return Outcome::done();
  const Keyspace& keyspace = call.context.keyspace;
  if (keyspace.access_notes() == AccessNotes::kFrequency)
    return ReplyError(errors::kIdleTimeNotTracked);
  call.reply.integer(keyspace.idle_s(*entry));
  return Outcome::done();
}

Outcome object_freq(Call& call) {
  const KeyEntry* const entry = find_object(call);
  if (entry == nullptr) return Outcome::done();
  const Keyspace& keyspace = call.context.keyspace;
  if (keyspace.access_notes() != AccessNotes::kFrequency)
    return ReplyError(errors::kFrequencyNotTracked);
  call.reply.integer(keyspace.frequency(*entry));
  return Outcome::done();
}

Outcome object_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "ENCODING <key>", "    How the value of <key> is kept: always \"stream\".",
      "FREQ <key>",     "    How often <key> is used, if the policy of maxmemory is an LFU one.",
      "IDLETIME <key>", "    Seconds since <key> was last used.",
      "REFCOUNT <key>", "    1: a value belongs to one key.",
  };
  write_help(call.reply, "object", kLines);
  return Outcome::done();
}

}  // namespace weir
