#include "server/replication_control.h"

#include <optional>

#include "server/clock.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/dispatcher.h"
#include "server/durability/append_log.h"
#include "server/durability/commit_gate.h"
#include "server/durability/loader.h"
#include "server/durability/snapshots.h"
#include "server/errors.h"
#include "server/insight/stats.h"
#include "server/propagation.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"

namespace weir {

ReplicationControl::ReplicationControl(Context& context) : context_(context) {
  Replicas& replicas = context.replicas;
  replicas.pass_on = [this] { pass_on(); };
  replicas.on_news = [this] { news_of_replicas(); };
  replicas.backlog_size_changed();
  context.snapshots.position = [&stream = context.replication] { return stream.position(); };
}

bool ReplicationControl::pass_on() {
  Propagation& propagation = context_.propagation;
  const bool is_news =
      propagation.has_listener(Propagation::Listener::kReplicas) && !propagation.pending().empty();
  context_.append_log.write();
  if (is_news && !propagation.pending().empty()) propagation.take();
  return is_news;
}

/// One of them has more than before, came or went: WAIT looks again, and replies may leave.
void ReplicationControl::news_of_replicas() {
  context_.waiters.signal_in_all(context_.keyspace.databases().size(), kAckKey);
  CommitGate& gate = context_.commit_gate;
  if (!gate.is_closed(CommitGate::Keeper::kReplicas)) return;
  const Settings& settings = context_.config.values();
  const int64_t acked =
      context_.replicas.acked_by(settings.min_replicas_to_ack, settings.min_replicas_ack_fsync);
  const int64_t told = acked - context_.replication.of_told(0);
  if (acked >= 0 && told > 0)
    gate.commit(static_cast<uint64_t>(told), CommitGate::Keeper::kReplicas);
}

// --- Replies that wait for replicas --------------------------------------------------------------

/// Whether they do.  While they do, the stream is kept, so that there are offsets to wait for: also
/// when no replica has come yet.
void ReplicationControl::update_gate() {
  CommitGate& gate = context_.commit_gate;
  const bool is_closed =
      context_.config->min_replicas_to_ack > 0 && context_.replication.is_primary();
  const bool is_kept = context_.replication.is_kept();
  if (is_closed == gate.is_closed(CommitGate::Keeper::kReplicas) && (is_kept || !is_closed)) return;
  if (is_closed && !is_kept) {
    if (context_.loader.progress().is_loading || context_.propagation.is_in_transaction())
      return;  // at the end of a later turn
    pass_on();
    context_.replication.begin();
  }
  // What was written before was not promised.
  gate.commit(context_.propagation.offset(), CommitGate::Keeper::kReplicas);
  gate.set_closed(is_closed, CommitGate::Keeper::kReplicas);
}

void ReplicationControl::role_changed() {
  if (!context_.replication.is_primary()) {
    constexpr std::string_view kError = errors::kUnconfirmedByReplica;
    count_unconfirmed(context_.commit_gate.take_back(kError), kError);
  }
  update_gate();
}

void ReplicationControl::promise_changed() {
  update_gate();
  const int64_t timeout_ms = context_.config->min_replicas_ack_timeout_ms;
  context_.commit_gate.set_deadlines(
      timeout_ms > 0 ? std::optional(Clock::monotonic_ms_now() + timeout_ms) : std::nullopt);
  news_of_replicas();
}

void ReplicationControl::count_unconfirmed(size_t replies, std::string_view error) {
  for (; replies > 0; --replies)
    context_.stats.count_error(error);
}

void ReplicationControl::look_at_replicas() {
  update_gate();
  CommitGate& gate = context_.commit_gate;
  if (gate.is_closed(CommitGate::Keeper::kReplicas)) {
    count_unconfirmed(gate.expire(Clock::monotonic_ms_now(), errors::kUnconfirmed),
                      errors::kUnconfirmed);
    if (gate.take_news()) context_.replicas.ask_for_acks();
  }
  context_.dispatcher.set_gate(kReplicasGate, context_.replicas.refuses_writes());
}

}  // namespace weir
