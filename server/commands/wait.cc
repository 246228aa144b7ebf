// WAIT and WAITAOF: until the writes of the connection are elsewhere, or on disk.
#include <optional>

#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/durability/append_log.h"
#include "server/errors.h"
#include "server/net/client.h"

namespace weir {
namespace {

/// Nothing can come that would end it early: there are no replicas.
std::unique_ptr<Wait> wait_until(const Call& call, std::optional<int64_t> deadline_ms) {
  auto wait = std::make_unique<Wait>();
  wait->deadline_ms = deadline_ms;
  wait->argv.assign(call.args.begin(), call.args.end());
  wait->asks_at_timeout = true;
  return wait;
}

}  // namespace

Outcome wait(Call& call) {
  const std::optional<int64_t> replicas = parse_canonical(call.args[1]);
  if (!replicas) return ReplyError(errors::kNotAnInteger);
  Parsed<std::optional<int64_t>> deadline_ms = read_deadline(call, call.args[2]);
  if (!deadline_ms) return std::move(deadline_ms.error());
  if (*replicas > 0 && call.may_wait) return wait_until(call, *deadline_ms);
  call.reply.integer(0);
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
  const AppendLog& log = call.context.append_log;
  if (*local > 0 && !log.is_on()) {
    return ReplyError(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  const bool is_durable = log.is_on() && log.durable_offset() >= call.client.written_offset;
  const int64_t on_disk = is_durable ? 1 : 0;
  if ((on_disk < *local || *replicas > 0) && call.may_wait) {
    std::unique_ptr<Wait> wait = wait_until(call, *deadline_ms);
    wait->keys.emplace_back(kDurableKey);
    return wait;
  }
  call.reply.array(2);
  call.reply.integer(on_disk);
  call.reply.integer(0);
  return Outcome::done();
}

}  // namespace weir
