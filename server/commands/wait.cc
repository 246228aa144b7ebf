// WAIT and WAITAOF: until the writes of the connection are elsewhere, or on disk.
#include <optional>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/durability/append_log.h"
#include "server/errors.h"
#include "server/net/client.h"
#include "server/replication/replicas.h"

namespace weir {
namespace {

/// Replicas are asked how far they are, once.
std::unique_ptr<Wait> wait_until(const Call& call, std::optional<int64_t> deadline_ms) {
  if (!call.is_retry) call.context.replicas.ask_for_acks();
  auto wait = std::make_unique<Wait>();
  wait->deadline_ms = deadline_ms;
  wait->argv.assign(call.args.begin(), call.args.end());
  wait->asks_at_timeout = true;
  wait->keys.emplace_back(kAckKey);
  return wait;
}

/// Replicas that have the last write of the connection.
int replicas_with_writes(const Call& call, bool durable) {
  const int64_t offset = call.context.replication.of_told(call.client.written_offset);
  return call.context.replicas.count_acked(offset, durable);
}

}  // namespace

Outcome wait(Call& call) {
  if (!call.context.replication.is_primary()) {
    return ReplyError(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if "
        "a replica is configured to be writable (which is not the default) writes to replicas are "
        "just local and are not propagated.");
  }
  const std::optional<int64_t> replicas = parse_canonical(call.args[1]);
  if (!replicas) return ReplyError(errors::kNotAnInteger);
  Parsed<std::optional<int64_t>> deadline_ms = read_deadline(call, call.args[2]);
  if (!deadline_ms) return std::move(deadline_ms.error());
  const int count = replicas_with_writes(call, false);
  if (count < *replicas && call.may_wait) return wait_until(call, *deadline_ms);
  call.reply.integer(count);
  return Outcome::done();
}

Outcome waitaof(Call& call) {
  const std::optional<int64_t> local = parse_canonical(call.args[1]);
  if (!local) return ReplyError(errors::kNotAnInteger);
  if (*local < 0 || *local > 1)
    return ReplyError("ERR value is out of range, value must between 0 and 1");
  const std::optional<int64_t> replicas = parse_canonical(call.args[2]);
  if (!replicas || *replicas < 0) return ReplyError(errors::kNotPositive);
  Parsed<std::optional<int64_t>> deadline_ms = read_deadline(call, call.args[3]);
  if (!deadline_ms) return std::move(deadline_ms.error());
  if (!call.context.replication.is_primary()) {
    return ReplyError(
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to "
        "replicas are just local and are not propagated.");
  }
  const AppendLog& log = call.context.append_log;
  if (*local > 0 && !log.is_on()) {
    return ReplyError(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  // A log that a restart would not find yet holds nothing.
  const bool is_durable =
      log.is_on() && !log.is_aside() && log.durable_offset() >= call.client.written_offset;
  const int64_t on_disk = is_durable ? 1 : 0;
  const int count = replicas_with_writes(call, true);
  if ((on_disk < *local || count < *replicas) && call.may_wait) {
    std::unique_ptr<Wait> wait = wait_until(call, *deadline_ms);
    wait->keys.emplace_back(kDurableKey);
    return wait;
  }
  call.reply.array(2);
  call.reply.integer(on_disk);
  call.reply.integer(count);
  return Outcome::done();
}

}  // namespace weir
