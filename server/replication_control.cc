#include "server/replication_control.h"

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

void ReplicationControl::look_at_replicas() {
  CommitGate& gate = context_.commit_gate;
  const bool has_to_ack = context_.config->min_replicas_to_ack > 0 &&
                          context_.replication.is_primary() &&
                          !context_.loader.progress().is_loading;
  if (has_to_ack != gate.is_closed(CommitGate::Keeper::kReplicas)) {
    // What was written before was not promised.
    gate.commit(context_.propagation.offset(), CommitGate::Keeper::kReplicas);
    gate.set_closed(has_to_ack, CommitGate::Keeper::kReplicas);
  }
  if (has_to_ack) {
    gate.expire(Clock::monotonic_us() / 1000, errors::kUnconfirmed);
    if (gate.take_news()) context_.replicas.ask_for_acks();
  }
  context_.dispatcher.set_gate(kReplicasGate, context_.replicas.refuses_writes());
}

}  // namespace weir
