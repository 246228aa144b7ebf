// XCFGSET, XIDMPRECORD: what a stream remembers of its producers' messages.
#include <algorithm>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/commands/older_forms.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/errors.h"
#include "streams/stream_cursor.h"

namespace weir {
namespace {

/// One number of XCFGSET, of which each may be given once.
struct Parameter {
  std::string_view twice;
  std::string_view out_of_range;
  int64_t most = 0;
  std::optional<int64_t> value{};

  std::optional<ReplyError> take(ArgCursor& args) {
    if (value) return ReplyError(twice);
    Parsed<int64_t> number = args.next_integer(errors::kNotAnInteger);
    if (!number) return std::move(number.error());
    if (*number < 1 || *number > most) return ReplyError(out_of_range);
    value = *number;
    return std::nullopt;
  }
};

/// The limits that a stream is to have after XCFGSET.
Parsed<IdempotenceLimits> read_limits(const Call& call, IdempotenceLimits limits) {
  Parameter duration{errors::kIdmpDurationTwice, errors::kIdmpDurationRange,
                     IdempotenceLimits::kMostDurationS};
  Parameter maxsize{errors::kIdmpMaxsizeTwice, errors::kIdmpMaxsizeRange,
                    IdempotenceLimits::kMostMaxsize};
  ArgCursor args(call.args, 2);
  if (args.left() == 0) return refused(errors::kNoParameter);
  while (args.left() > 0) {
    std::optional<ReplyError> error;
    if (args.take("IDMP-DURATION", 1)) {
      error = duration.take(args);
    } else if (args.take("IDMP-MAXSIZE", 1)) {
      error = maxsize.take(args);
    } else {
      return refused(errors::kSyntax);
    }
    if (error) return tl::make_unexpected(std::move(*error));
  }
  if (duration.value) limits.duration_s = static_cast<uint32_t>(*duration.value);
  if (maxsize.value) limits.maxsize = static_cast<uint32_t>(*maxsize.value);
  return limits;
}

}  // namespace

Outcome xcfgset(Call& call) {
  Stream* const stream = call.db.find_for_write(call.args[1]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  Parsed<IdempotenceLimits> limits = read_limits(call, stream->idempotence_limits());
  if (!limits) return std::move(limits.error());

  if (stream->set_idempotence_limits(*limits)) call.changed();
  if (is_below(call, PropagationLevel::k86)) call.propagate_nothing();
  call.reply.ok();
  return Outcome::done();
}

Outcome xidmprecord(Call& call) {
  Parsed<StreamId> id = read_stream_id(call.args[4]);
  if (!id) return std::move(id.error());
  const std::string_view pid = call.args[2];
  const std::string_view iid = call.args[3];
  if (pid.empty()) return ReplyError(errors::kEmptyPid);
  if (iid.empty()) return ReplyError(errors::kEmptyIid);
  if (std::max(pid.size(), iid.size()) > kMaxEntryBytes)
    return ReplyError(errors::kElementsTooLarge);
  Stream* const stream = call.db.find_for_write(call.args[1]);
  if (stream == nullptr) return ReplyError(errors::kNoSuchKey);
  if (!StreamCursor(*stream, *id, *id, Direction::kUp).is_valid())
    return ReplyError(errors::kNoSuchMessage);

  Idempotence& known = stream->use_idempotence();
  const std::optional<StreamId> recorded = known.find(pid, iid);
  if (recorded && *recorded != *id) return ReplyError(errors::kIidHasAnotherId);
  if (!recorded) {
    known.record(pid, iid, *id);
    call.context.keyspace.iid_expiry.watch(known);
    call.changed();
    if (is_below(call, PropagationLevel::k86)) call.propagate_nothing();
  }
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
