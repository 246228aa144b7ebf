// Keys that go elsewhere with all they have: RENAME RENAMENX COPY MOVE SWAPDB.
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/errors.h"

namespace weir {
namespace {

/// A number that may be one of a database.
Parsed<int32_t> read_int32(std::string_view text) {
  const std::optional<int64_t> number = parse_canonical(text);
  if (!number) return refused(errors::kNotAnInteger);
  if (*number < INT32_MIN || *number > INT32_MAX) return refused(errors::kNotAnInt32);
  return static_cast<int32_t>(*number);
}

Parsed<uint32_t> as_db(const Call& call, int32_t number) {
  if (number < 0 || static_cast<size_t>(number) >= call.context.keyspace.databases().size())
    return refused(errors::kDbIndexOutOfRange);
  return static_cast<uint32_t>(number);
}

Parsed<uint32_t> read_db(const Call& call, std::string_view text) {
  Parsed<int32_t> number = read_int32(text);
  if (!number) return tl::make_unexpected(std::move(number.error()));
  return as_db(call, *number);
}

/// Tells that a key of any database has something new.
void tell_arrival(Call& call, const KeyEvent& event, const Database& db, std::string_view key,
                  bool overwritten) {
  KeyEvents& events = call.context.keyspace.events;
  events.notify(db.index(), event, key);
  if (overwritten) events.notify(db.index(), events::kOverwritten, key);
  call.context.waiters.signal(db.index(), key);
}

/// A key that takes the place of another one is new, too.  That it has changed is told after what
/// befell the key it comes from.
void tell_new(Call& call, const Database& db, std::string_view key) {
  call.context.keyspace.events.notify(db.index(), events::kNewPlace, key);
}

// --- RENAME --------------------------------------------------------------------------------------

enum class Target : uint8_t { kMayExist, kMustBeNew };

/// What became of a renaming: nothing because the target exists, or all of it.
Parsed<bool> rename_key(Call& call, Target target) {
  const std::string_view from = call.args[1];
  const std::string_view to = call.args[2];
  KeyEntry* const entry = call.db.locate(from);
  if (entry == nullptr) return refused(errors::kNoSuchKey);
  if (from == to) return target == Target::kMayExist;
  const bool overwritten = call.db.locate(to) != nullptr;
  if (overwritten && target == Target::kMustBeNew) return false;

  call.db.use(entry);
  call.db.rename(*entry, to);
  call.changed();
  tell_new(call, call.db, to);
  call.notify(events::kRenameFrom, from);
  call.signal_gone(from);
  tell_arrival(call, events::kRenameTo, call.db, to, overwritten);
  return true;
}

// --- COPY ----------------------------------------------------------------------------------------

struct CopyArgs {
  uint32_t db = 0;
  bool replace = false;
};

Parsed<CopyArgs> read_copy(const Call& call) {
  CopyArgs parsed{.db = call.db.index(), .replace = false};
  ArgCursor args(call.args, 3);
  while (args.left() > 0) {
    if (args.take("REPLACE")) {
      parsed.replace = true;
    } else if (args.take("DB", 1)) {
      Parsed<uint32_t> db = read_db(call, args.next());
      if (!db) return tl::make_unexpected(std::move(db.error()));
      parsed.db = *db;
    } else {
      return refused(errors::kSyntax);
    }
  }
  if (parsed.db == call.db.index() && call.args[1] == call.args[2])
    return refused(errors::kSameObjects);
  return parsed;
}

}  // namespace

Outcome rename(Call& call) {
  Parsed<bool> renamed = rename_key(call, Target::kMayExist);
  if (!renamed) return std::move(renamed.error());
  call.reply.ok();
  return Outcome::done();
}

Outcome renamenx(Call& call) {
  Parsed<bool> renamed = rename_key(call, Target::kMustBeNew);
  if (!renamed) return std::move(renamed.error());
  call.reply.integer(*renamed ? 1 : 0);
  return Outcome::done();
}

Outcome copy(Call& call) {
  Parsed<CopyArgs> args = read_copy(call);
  if (!args) return std::move(args.error());
  const std::string_view to = call.args[2];
  Database& db = call.context.keyspace.database(args->db);
  const KeyEntry* const from = call.db.peek(call.args[1]);
  const bool overwrites = from != nullptr && db.locate(to) != nullptr;
  const bool copies = from != nullptr && (args->replace || !overwrites);

  if (copies) {
    call.db.copy(*from, db, to);
    call.changed();
    tell_new(call, db, to);
    tell_arrival(call, events::kCopyTo, db, to, overwrites);
  }
  call.reply.integer(copies ? 1 : 0);
  return Outcome::done();
}

Outcome move(Call& call) {
  const std::string_view key = call.args[1];
  Parsed<uint32_t> number = read_db(call, call.args[2]);
  if (!number) return std::move(number.error());
  if (*number == call.db.index()) return ReplyError(errors::kSameObjects);
  Database& db = call.context.keyspace.database(*number);
  KeyEntry* const entry = call.db.locate(key);
  const bool moves = entry != nullptr && db.locate(key) == nullptr;

  if (moves) {
    call.db.use(entry);
    call.db.move(*entry, db);
    call.changed();
    tell_new(call, db, key);
    call.notify(events::kMoveFrom, key);
    call.signal_gone(key);
    tell_arrival(call, events::kMoveTo, db, key, false);
  }
  call.reply.integer(moves ? 1 : 0);
  return Outcome::done();
}

Outcome swapdb(Call& call) {
  const Parsed<int32_t> first_number = read_int32(call.args[1]);
  if (!first_number) return ReplyError(errors::kInvalidFirstDb);
  const Parsed<int32_t> second_number = read_int32(call.args[2]);
  if (!second_number) return ReplyError(errors::kInvalidSecondDb);
  Parsed<uint32_t> first = as_db(call, *first_number);
  if (!first) return std::move(first.error());
  Parsed<uint32_t> second = as_db(call, *second_number);
  if (!second) return std::move(second.error());

  if (*first != *second) {
    Keyspace& keyspace = call.context.keyspace;
    keyspace.events.notify_swapping(*first, *second);
    keyspace.database(*first).swap(keyspace.database(*second));
    call.context.waiters.signal_all(*first);
    call.context.waiters.signal_all(*second);
  }
  call.changed();
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
