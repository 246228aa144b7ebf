// The dispatcher's part of connections: their limits, their errors, their end.
#include <algorithm>

#include "resp/inline_words.h"
#include "server/commands/client_describe.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/gatekeeper.h"
#include "server/host/log.h"
#include "server/insight/monitors.h"
#include "server/insight/stats.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_table.h"
#include "server/net/tls_session.h"
#include "server/net/transaction.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/text.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Most unread bytes of a connection that still has to give a password.
constexpr size_t kUnauthenticatedQueryBytes = size_t{1024} * 1024;
/// Most replies that such a connection may leave unread: it is told the same again and again, and
/// client-output-buffer-limit has no bound for it.
constexpr size_t kUnauthenticatedOutputBytes = size_t{64} * 1024;
/// What a parser's text begins with, and the log does not say twice.
constexpr std::string_view kProtocolError = "Protocol error: ";
/// Most bytes of a request that could not be understood, and of one that was too long, in the
/// log.
constexpr size_t kLoggedProtocolBytes = 128;
constexpr size_t kLoggedQueryBytes = 64;

/// Between quotes, the middle of a long one left out, with dots for what cannot be printed.
std::string protocol_excerpt(std::string_view bytes) {
  if (bytes.size() <= kLoggedProtocolBytes) return quoted_for_log(bytes);
  constexpr size_t kHalf = kLoggedProtocolBytes / 2;
  return quoted_for_log(bytes.substr(0, kHalf)) + " (... more " +
         std::to_string(bytes.size() - kLoggedProtocolBytes) + " bytes ...) " +
         quoted_for_log(bytes.substr(bytes.size() - kHalf));
}

std::string last_command_of(const Client& client) {
  return client.last_command != nullptr ? std::string(client.last_command->name) : "<unknown>";
}

}  // namespace

void Dispatcher::protocol_error(Client& client, std::string_view text, std::string_view bytes) {
  if (context_.log.has_level(LogLevel::kVerbose)) {
    const std::string_view why = text.substr(std::min(text.size(), kProtocolError.size()));
    context_.log.verbose("Protocol error (" + std::string(why) +
                         ") from client: " + describe_client(client, context_) +
                         ". Query buffer during protocol error: " + protocol_excerpt(bytes));
  }
  if (client.shared) begin_reply(client);
  reply_error(client, "ERR " + std::string(text));
  if (client.shared) end_reply(client);
}

// A command's error or reply in the middle of the stream would be taken for a part of it.
void Dispatcher::log_error_of_replica(const Client& client, std::string_view text) {
  context_.log.warning("== CRITICAL == This master is sending an error to its replica: '" +
                       std::string(text) + "' after processing the command '" +
                       last_command_of(client) + "'");
}

void Dispatcher::close_answered_replica(Client& client) {
  context_.log.warning("Replica generated a reply to command '" + last_command_of(client) +
                       "', disconnecting it: " + describe_client(client, context_));
  io_->close(client);
}

void Dispatcher::transport_failed(Client& client, std::string_view why) {
  const bool in_handshake = !client.tls->is_established();
  context_.log.verbose(
      (in_handshake ? "Error accepting a client connection: " : "TLS of a client connection: ") +
      std::string(why) + " (addr=" + client.peer_address() + " laddr=" + client.local_address() +
      ")");
}

void Dispatcher::query_buffer_exceeded(Client& client, std::string_view bytes) {
  context_.log.warning(
      "Closing client that reached max query buffer length: " + describe_client(client, context_) +
      " (qbuf initial bytes: " + resp::quote_word(bytes.substr(0, kLoggedQueryBytes)) + ")");
}

bool Dispatcher::output_exceeded(Client& client) {
  const OutputLimits& limits = settings_.client_output_buffer_limit;
  OutputLimit limit = client.subscriptions ? limits.pubsub : limits.normal;
  size_t pending = client.output.size();
  if (client.shared) {
    limit = limits.replica;
    // One that could go on from the backlog need not be sent away.
    if (limit.hard_bytes > 0)
      limit.hard_bytes =
          std::max<decltype(limit.hard_bytes)>(limit.hard_bytes, settings_.repl_backlog_size);
    pending += client.shared->pending_bytes();
  }
  if (!context_.gatekeeper.knows(client)) limit.hard_bytes = kUnauthenticatedOutputBytes;
  bool exceeded = limit.hard_bytes > 0 && pending > limit.hard_bytes;
  if (limit.soft_bytes > 0 && pending > limit.soft_bytes) {
    if (client.output_soft_since_ms < 0) client.output_soft_since_ms = clock_.monotonic_ms();
    exceeded |= clock_.monotonic_ms() - client.output_soft_since_ms > limit.soft_s * kMsPerSecond;
  } else {
    client.output_soft_since_ms = -1;
  }
  if (exceeded) {
    context_.log.warning("Client " + describe_client(client, context_) +
                         " scheduled to be closed ASAP for overcoming of output buffer limits.");
  }
  return exceeded;
}

void Dispatcher::evicted(Client& client) {
  context_.log.notice("Evicting client: " + describe_client(client, context_));
}

Client* Dispatcher::find(uint64_t client_id) {
  return context_.clients.find(client_id);
}

resp::RequestLimits Dispatcher::limits_for(const Client& client) const {
  return {.max_bulk_bytes = static_cast<int64_t>(settings_.proto_max_bulk_len),
          .authenticated = context_.gatekeeper.knows(client)};
}

size_t Dispatcher::query_buffer_limit(const Client& client) const {
  const bool unknown = !context_.gatekeeper.knows(client);
  const size_t limit = unknown ? kUnauthenticatedQueryBytes : settings_.client_query_buffer_limit;
  // What is queued was sent and is not done with.
  const size_t queued = client.transaction ? client.transaction->bytes() : 0;
  return limit - std::min(limit, queued);
}

void Dispatcher::encrypted(Client& client) {
  if (settings_.tls_auth_clients_user == TlsUser::kOff) return;
  const std::string name = client.tls->peer_common_name();
  if (!name.empty()) context_.gatekeeper.greet_certified(client, name);
}

void Dispatcher::disconnected(Client& client) {
  context_.waiters.remove(client.id);
  unwatch(client);
  context_.monitors.remove(client);
  look_out();
  context_.pubsub.forget(client);
  context_.tracking.stop(client);
  context_.replicas.forget(client);
  if (client.is_primary) context_.upstream.closed(client);
}

void Dispatcher::closed(Client& client) {
  context_.clients.remove(client);
}

}  // namespace weir
