// How long keys live: EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST.
#include <algorithm>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"
#include "server/time_units.h"

namespace weir {
namespace {

constexpr int64_t kNoSuchKeyReply = -2;
constexpr int64_t kNoTtlReply = -1;

/// Which deadlines may be replaced.
struct Condition {
  bool nx = false;  // none
  bool xx = false;  // any
  bool gt = false;  // an earlier one
  bool lt = false;  // a later one, or none

  bool allows(std::optional<int64_t> present_ms, int64_t wanted_ms) const {
    if (nx && present_ms) return false;
    if (xx && !present_ms) return false;
    if (gt && (!present_ms || wanted_ms <= *present_ms)) return false;
    return !lt || !present_ms || wanted_ms < *present_ms;
  }
};

Parsed<Condition> read_condition(ArgCursor args) {
  Condition condition;
  while (args.left() > 0) {
    if (args.take("NX")) {
      condition.nx = true;
    } else if (args.take("XX")) {
      condition.xx = true;
    } else if (args.take("GT")) {
      condition.gt = true;
    } else if (args.take("LT")) {
      condition.lt = true;
    } else {
      return tl::make_unexpected(errors::with_text("ERR Unsupported option ", args.peek(), ""));
    }
  }
  if (condition.nx && (condition.xx || condition.gt || condition.lt))
    return refused(errors::kNxWithOthers);
  if (condition.gt && condition.lt) return refused(errors::kGtWithLt);
  return condition;
}

/// What the number of a command means.
struct TimeUnit {
  int64_t ms;
  bool is_relative;
};

Parsed<int64_t> read_deadline_ms(const Call& call, std::string_view command, TimeUnit unit) {
  const std::optional<int64_t> number = parse_canonical(call.args[2]);
  if (!number) return refused(errors::kNotAnInteger);
  const int64_t base_ms = unit.is_relative ? call.now_ms : 0;
  if (*number > INT64_MAX / unit.ms || *number < INT64_MIN / unit.ms ||
      *number * unit.ms > INT64_MAX - base_ms) {
    return tl::make_unexpected(
        errors::with_text("ERR invalid expire time in '", command, "' command"));
  }
  return *number * unit.ms + base_ms;
}

/// A deadline that is past deletes the key, except where a log or a primary will say so itself.
void delete_or_set(Call& call, KeyEntry& entry, int64_t deadline_ms) {
  const std::string_view key = call.args[1];
  if (deadline_ms <= call.now_ms && !call.is_replay) {
    call.db.erase(key);
    call.propagate_as({call.settings.lazyfree_lazy_expire ? "UNLINK" : "DEL", key});
    call.notify(events::kDel, key);
    call.signal_gone(key);
  } else {
    call.db.set_deadline(entry, deadline_ms);
    call.propagate_as({"PEXPIREAT", key, std::to_string(deadline_ms)});
    call.notify(events::kExpire, key);
  }
  call.changed();
}

Outcome set_deadline(Call& call, std::string_view command, TimeUnit unit) {
  Parsed<Condition> condition = read_condition(ArgCursor(call.args, 3));
  if (!condition) return std::move(condition.error());
  Parsed<int64_t> deadline_ms = read_deadline_ms(call, command, unit);
  if (!deadline_ms) return std::move(deadline_ms.error());

  KeyEntry* const entry = call.db.locate(call.args[1]);
  call.db.use(entry);
  const bool is_set =
      entry != nullptr && condition->allows(call.db.deadline_ms(*entry), *deadline_ms);
  if (is_set) delete_or_set(call, *entry, *deadline_ms);
  call.reply.integer(is_set ? 1 : 0);
  return Outcome::done();
}

/// Half seconds count as whole ones, as Redis has it.
int64_t to_seconds(int64_t ms) {
  return ms / kMsPerSecond + (ms % kMsPerSecond >= kMsPerSecond / 2 ? 1 : 0);
}

/// Answers with the deadline of a key, less `from_ms`, in the unit of the command.
Outcome tell_deadline(Call& call, int64_t from_ms, bool in_seconds) {
  const KeyEntry* const entry = call.db.peek(call.args[1]);
  int64_t answer = kNoSuchKeyReply;
  if (entry != nullptr) {
    const std::optional<int64_t> deadline_ms = call.db.deadline_ms(*entry);
    answer = kNoTtlReply;
    if (deadline_ms) {
      const int64_t left_ms = std::max<int64_t>(0, *deadline_ms - from_ms);
      answer = in_seconds ? to_seconds(left_ms) : left_ms;
    }
  }
  call.reply.integer(answer);
  return Outcome::done();
}

}  // namespace

Outcome expire(Call& call) {
  return set_deadline(call, "expire", {.ms = kMsPerSecond, .is_relative = true});
}

Outcome pexpire(Call& call) {
  return set_deadline(call, "pexpire", {.ms = 1, .is_relative = true});
}

Outcome expireat(Call& call) {
  return set_deadline(call, "expireat", {.ms = kMsPerSecond, .is_relative = false});
}

Outcome pexpireat(Call& call) {
  return set_deadline(call, "pexpireat", {.ms = 1, .is_relative = false});
}

Outcome ttl(Call& call) {
  return tell_deadline(call, call.now_ms, true);
}

Outcome pttl(Call& call) {
  return tell_deadline(call, call.now_ms, false);
}

Outcome expiretime(Call& call) {
  return tell_deadline(call, 0, true);
}

Outcome pexpiretime(Call& call) {
  return tell_deadline(call, 0, false);
}

Outcome persist(Call& call) {
  const std::string_view key = call.args[1];
  KeyEntry* const entry = call.db.locate(key);
  call.db.use(entry);
  const bool had_ttl = entry != nullptr && call.db.persist(*entry);
  if (had_ttl) {
    call.changed();
    call.notify(events::kPersist, key);
  }
  call.reply.integer(had_ttl ? 1 : 0);
  return Outcome::done();
}

}  // namespace weir
