// What replicas say: PSYNC SYNC REPLCONF; and ROLE.
#include <optional>
#include <span>

#include "resp/inline_words.h"
#include "server/commands/args.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/text.h"

namespace weir {
namespace {

/// The longest address or host name that is believed.
constexpr size_t kMostAddressBytes = 255;

std::optional<ReplyError> read_filter(std::string_view text, ReplicaTraits& traits) {
  const auto words = resp::split_words(text);
  if (!words) return ReplyError("ERR Missing rdb-filter-only values");
  for (const std::string& word : *words) {
    if (!equals_ignoring_case(word, "functions"))
      return errors::with_text("ERR Unsupported rdb-filter-only option: ", word, "");
  }
  traits.is_without_data = true;
  return std::nullopt;
}

std::optional<ReplyError> read_flag(std::string_view text, bool& flag) {
  const std::optional<int64_t> value = parse_canonical(text);
  if (!value) return ReplyError(errors::kNotAnInteger);
  if (*value != 0 && *value != 1)
    return ReplyError("ERR value is out of range, value must between 0 and 1");
  flag = *value == 1;
  return std::nullopt;
}

/// One pair of REPLCONF.  A replica that knows more than this server goes on without what is
/// refused.
std::optional<ReplyError> read_option(std::string_view name, std::string_view value,
                                      ReplicaTraits& traits) {
  if (equals_ignoring_case(name, "listening-port")) {
    const std::optional<int64_t> port = parse_canonical(value);
    if (!port || *port < 0 || *port > kLargestPort) return ReplyError(errors::kNotAnInteger);
    traits.port = static_cast<int>(*port);
  } else if (equals_ignoring_case(name, "ip-address")) {
    if (value.size() > kMostAddressBytes)
      return ReplyError("ERR REPLCONF ip-address provided by replica instance is too long: " +
                        std::to_string(value.size()) + " bytes");
    if (!value.empty() && !is_host(value))
      return ReplyError("ERR REPLCONF ip-address provided by replica instance is no host");
    traits.ip = value;
  } else if (equals_ignoring_case(name, "capa")) {
    traits.knows_eof |= equals_ignoring_case(value, "eof");
    traits.knows_psync2 |= equals_ignoring_case(value, "psync2");
  } else if (equals_ignoring_case(name, "rdb-only")) {
    return read_flag(value, traits.is_rdb_only);
  } else if (equals_ignoring_case(name, "rdb-filter-only")) {
    return read_filter(value, traits);
  } else if (equals_ignoring_case(name, "rdb-no-compress")) {
    return read_flag(value, traits.is_unpacked);
  } else if (equals_ignoring_case(name, "rdb-no-checksum")) {
    return read_flag(value, traits.is_unsummed);
  } else {
    return errors::with_text("ERR Unrecognized REPLCONF option: ", name, "");
  }
  return std::nullopt;
}

/// ACK offset [FACK offset], the words of a command from ACK on: nothing answers it.
Outcome acknowledge(Call& call, std::span<const std::string_view> words) {
  const std::optional<int64_t> offset = parse_canonical(words[1]);
  std::optional<int64_t> durable;
  if (words.size() > 3 && equals_ignoring_case(words[2], "fack"))
    durable = parse_canonical(words[3]);
  if (offset) call.context.replicas.acknowledge(call.client, *offset, durable.value_or(0));
  return Outcome::done();
}

/// why: of PSYNC or SYNC, it is refused; empty: it is a replica now, and hears nothing but the
/// stream.
Outcome begun(Call& call, const std::string& why) {
  if (!why.empty()) return ReplyError(why);
  call.context.pubsub.forget(call.client);
  call.context.tracking.stop(call.client);
  return Outcome::done();
}

}  // namespace

Outcome replconf(Call& call) {
  if (call.args.size() % 2 == 0) return ReplyError(errors::kSyntax);
  for (size_t i = 1; i + 1 < call.args.size(); i += 2) {
    const std::string_view name = call.args[i];
    if (equals_ignoring_case(name, "ack")) return acknowledge(call, call.args.subspan(i));
    if (equals_ignoring_case(name, "getack")) return Outcome::done();
    std::optional<ReplyError> error =
        read_option(name, call.args[i + 1], call.context.replicas.traits_of(call.client));
    if (error) return std::move(*error);
  }
  call.reply.ok();
  return Outcome::done();
}

Outcome psync(Call& call) {
  if (call.client.is_fed()) return Outcome::done();  // without an answer, as in Redis
  const bool is_takeover = call.args.size() > 3 && equals_ignoring_case(call.args[3], "failover");
  return begun(call,
               call.context.replicas.psync(call.client, {.id = call.args[1],
                                                         .next = parse_canonical(call.args[2]),
                                                         .is_takeover = is_takeover}));
}

Outcome sync(Call& call) {
  if (call.client.is_fed()) return Outcome::done();
  return begun(call, call.context.replicas.sync(call.client));
}

namespace {

Outcome role_of_replica(Call& call) {
  const Upstream& upstream = call.context.upstream;
  call.reply.array(5);
  call.reply.bulk("slave");
  call.reply.bulk(upstream.primary()->host);
  call.reply.integer(upstream.primary()->port);
  call.reply.bulk(upstream.link().state_name());
  call.reply.integer(upstream.link().is_streaming() ? call.context.replication.offset() : -1);
  return Outcome::done();
}

}  // namespace

Outcome role(Call& call) {
  if (call.context.upstream.is_on()) return role_of_replica(call);
  const Replicas& replicas = call.context.replicas;
  call.reply.array(3);
  call.reply.bulk("master");
  call.reply.integer(call.context.replication.offset());
  size_t online = 0;
  for (const Replica* const replica : replicas.all())
    online += replica->is_online() ? 1 : 0;
  call.reply.array(online);
  for (const Replica* const replica : replicas.all()) {
    if (!replica->is_online()) continue;
    call.reply.array(3);
    call.reply.bulk(replica->ip());
    call.reply.bulk(std::to_string(replica->traits.port));
    call.reply.bulk(std::to_string(replica->acked()));
  }
  return Outcome::done();
}

}  // namespace weir
