#include "server/commands/client_describe.h"

#include <algorithm>

#include "server/access/user.h"
#include "server/clock.h"
#include "server/command.h"
#include "server/context.h"
#include "server/data/watches.h"
#include "server/net/client.h"
#include "server/net/transaction.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Redis keeps so much of a client's replies in a buffer and the rest in a list, whose memory is
/// what tools watch.  Here they are one buffer, of which that is said.
constexpr size_t kBufferBytes = size_t{16} * 1024;

size_t beyond_buffer(size_t bytes) {
  return bytes - std::min(bytes, kBufferBytes);
}

/// Appends " name=value" fields; the first one has no blank before it.
class Fields {
 public:
  Fields& add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += ' ';
    text_ += name;
    text_ += '=';
    text_ += value;
    return *this;
  }
  Fields& add(std::string_view name, uint64_t value) { return add(name, std::to_string(value)); }
  Fields& zero(std::string_view name) { return add(name, "0"); }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// What is queued, or runs.
const Transaction* transaction_of(const Client& client) {
  return client.transaction ? client.transaction.get() : client.running;
}

std::string flags_of(const Client& client, const Watches& watches) {
  std::string flags;
  if (client.is_primary) flags += 'M';
  if (client.shared) flags += 'S';
  if (client.monitoring) flags += 'O';
  if (client.subscriptions) flags += 'P';
  if (transaction_of(client) != nullptr) flags += 'x';
  if (client.blocked) flags += 'b';
  if (client.tracking) {
    flags += 't';
    if (client.tracking->is_redirect_broken) flags += 'R';
    if (client.tracking->is_broadcast) flags += 'B';
  }
  if (watches.was_touched(client.id)) flags += 'd';
  if (client.close_after_reply) flags += 'c';
  if (client.unblocked) flags += 'u';
  if (client.is_unix_socket) flags += 'U';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

uint64_t seconds_since(int64_t then_ms, int64_t now_ms) {
  return now_ms > then_ms ? static_cast<uint64_t>((now_ms - then_ms) / kMsPerSecond) : 0;
}

uint64_t subscriptions_of(const Client& client, TopicKind kind) {
  return client.subscriptions ? client.subscriptions->count(kind) : 0;
}

}  // namespace

std::string describe_client(const Client& client, const Context& context) {
  const int64_t now_ms = context.clock.monotonic_ms();
  const Client::Labels& labels = client.labels();
  const size_t shared = client.shared ? client.shared->pending_bytes() : 0;
  const size_t waiting = beyond_buffer(client.output.size());
  const Transaction* const transaction = transaction_of(client);
  Fields fields;
  fields.add("id", client.id)
      .add("addr", client.peer_address())
      .add("laddr", client.local_address())
      .add("fd", static_cast<uint64_t>(client.fd))
      .add("name", labels.name)
      .add("age", seconds_since(client.created_ms, now_ms))
      .add("idle", seconds_since(client.last_active_ms, now_ms))
      .add("flags", flags_of(client, context.watches))
      .add("db", client.db)
      .add("sub", subscriptions_of(client, TopicKind::kChannel))
      .add("psub", subscriptions_of(client, TopicKind::kPattern))
      .add("ssub", subscriptions_of(client, TopicKind::kShardChannel))
      .add("multi", transaction != nullptr ? std::to_string(transaction->commands().size()) : "-1")
      .add("watch", client.watched_keys)
      .add("qbuf", client.input.size())
      .add("qbuf-free", client.input.capacity() - client.input.size())
      .zero("argv-mem")
      .add("multi-mem", transaction != nullptr ? transaction->bytes() : 0)
      .add("rbs", std::min(client.output.capacity(), kBufferBytes))
      .zero("rbp")
      .add("obl", std::min(client.output.size(), kBufferBytes))
      .add("oll", waiting + shared > 0 ? 1U : 0U)
      // Redis frees its list of replies once they are sent: room that is kept for the next is none.
      .add("omem", (waiting > 0 ? beyond_buffer(client.output.capacity()) : 0) + shared)
      .add("tot-mem", client.memory_bytes())
      .add("events", client.writable.is_active() ? "rw" : "r")
      .add("cmd", client.last_command != nullptr ? client.last_command->name : "NULL")
      .add("user", client.user != nullptr ? std::string_view(client.user->name()) : "(superuser)")
      .add("redir", client.tracking ? std::to_string(client.tracking->redirect) : "-1")
      .add("resp", static_cast<uint64_t>(client.reply.version()))
      .add("lib-name", labels.lib_name)
      .add("lib-ver", labels.lib_version)
      .zero("io-thread")
      .add("tot-net-in", client.bytes_in)
      .add("tot-net-out", client.bytes_out)
      .add("tot-cmds", client.commands);
  return fields.take();
}

}  // namespace weir
