// Whose replica the server is: REPLICAOF SLAVEOF FAILOVER.
#include "server/clock.h"
#include "server/commands/args.h"
#include "server/commands/client_describe.h"
#include "server/commands/handlers.h"
#include "server/context.h"
#include "server/errors.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/text.h"

namespace weir {
namespace {

Parsed<Failover::Request> read_request(const Call& call) {
  Failover::Request request;
  ArgCursor args(call.args, 1);
  while (args.left() > 0) {
    if (!request.timeout_ms && args.take("TIMEOUT", 1)) {
      request.timeout_ms = parse_canonical(args.next());
      if (!request.timeout_ms) return refused(errors::kNotAnInteger);
      if (*request.timeout_ms <= 0) return refused("ERR FAILOVER timeout must be greater than 0");
    } else if (!request.target && args.take("TO", 2)) {
      const std::string host(args.next());
      const std::optional<int64_t> port = parse_canonical(args.next());
      if (!port) return refused(errors::kNotAnInteger);
      request.target = ServerAddress{host, static_cast<int>(*port)};
    } else if (!request.is_forced && args.take("FORCE")) {
      request.is_forced = true;
    } else {
      return refused(errors::kSyntax);
    }
  }
  return request;
}

/// Why there can be none.
std::optional<ReplyError> refusal(const Call& call, const Failover::Request& request) {
  const Context& context = call.context;
  if (context.failover.is_on()) return ReplyError("ERR FAILOVER already in progress.");
  if (context.upstream.is_on())
    return ReplyError("ERR FAILOVER is not valid when server is a replica.");
  if (context.replicas.empty()) return ReplyError("ERR FAILOVER requires connected replicas.");
  if (request.is_forced && !(request.timeout_ms && request.target))
    return ReplyError(
        "ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
  if (!request.target) return std::nullopt;
  const Replica* const replica = context.failover.find(*request.target);
  if (replica == nullptr) return ReplyError("ERR FAILOVER target HOST and PORT is not a replica.");
  if (!replica->is_online()) return ReplyError("ERR FAILOVER target replica is not online.");
  return std::nullopt;
}

}  // namespace

Outcome replicaof(Call& call) {
  Upstream& upstream = call.context.upstream;
  if (call.context.failover.is_on())
    return ReplyError("ERR REPLICAOF not allowed while failing over.");
  if (call.client.shared) return ReplyError("ERR Command is not valid when client is a replica.");
  if (equals_ignoring_case(call.args[1], "no") && equals_ignoring_case(call.args[2], "one")) {
    upstream.promote("user request from '" + describe_client(call.client, call.context) + "'");
    call.reply.ok();
    return Outcome::done();
  }
  const std::optional<int64_t> port = parse_canonical(call.args[2]);
  if (!port || *port < 0 || *port > kLargestPort) return ReplyError("ERR Invalid master port");
  if (!is_host(call.args[1])) return ReplyError("ERR Invalid master host");
  ServerAddress primary{std::string(call.args[1]), static_cast<int>(*port)};
  if (upstream.primary() == primary) {
    call.reply.simple("OK Already connected to specified master");
    return Outcome::done();
  }
  upstream.follow(std::move(primary), describe_client(call.client, call.context));
  call.reply.ok();
  return Outcome::done();
}

Outcome failover(Call& call) {
  Failover& failover = call.context.failover;
  if (call.args.size() == 2 && equals_ignoring_case(call.args[1], "abort")) {
    if (!failover.is_on()) return ReplyError("ERR No failover in progress.");
    failover.abort("Failover manually aborted");
    call.reply.ok();
    return Outcome::done();
  }
  Parsed<Failover::Request> request = read_request(call);
  if (!request) return std::move(request.error());
  if (std::optional<ReplyError> error = refusal(call, *request)) return std::move(*error);
  failover.begin(std::move(*request), call.monotonic_ms);
  call.reply.ok();
  return Outcome::done();
}

}  // namespace weir
