#include "server/replication/failover.h"

#include <utility>

#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/host/log.h"
#include "server/replication/replicas.h"
#include "server/text.h"

namespace weir {
namespace {

ServerAddress address_of(const Replica& replica) {
  return {replica.ip(), replica.traits.port};
}

}  // namespace

void Failover::begin(Request request, int64_t now_ms) {
  request_ = std::move(request);
  until_ms_ = std::nullopt;
  if (request_.timeout_ms) until_ms_ = now_ms + *request_.timeout_ms;
  state_ = State::kWaitingForSync;
  context_.dispatcher.pause().set(PauseCause::kFailover, true);
  context_.keyspace.expiry_paused = true;
  context_.replicas.set_quiet(true);
  context_.log.notice(request_.target ? "FAILOVER requested to " + request_.target->text() + "."
                                      : "FAILOVER requested.");
}

/// Writes go on: here, or they are refused.
void Failover::end() {
  state_ = State::kNone;
  context_.dispatcher.pause().set(PauseCause::kFailover, false);
  context_.dispatcher.end_pause_of_expiry();
  context_.replicas.set_quiet(false);
}

void Failover::abort(std::string_view why) {
  context_.log.notice("Aborting failover: " + std::string(why));
  if (state_ == State::kInProgress) context_.upstream.promote("a failover that was aborted");
  end();
}

void Failover::look(int64_t now_ms) {
  if (state_ != State::kWaitingForSync) return;
  if (const Replica* const replica = synced()) {
    const ServerAddress target = address_of(*replica);
    context_.log.notice("Failover target " + target.text() + " is synced, failing over.");
    return change_places(target);
  }
  if (!until_ms_ || now_ms < *until_ms_) return;
  if (!request_.is_forced) return abort("Replica never caught up before timeout");
  const ServerAddress target = *request_.target;
  context_.log.notice("Failover to " + target.text() + " time out exceeded, failing over.");
  change_places(target);
}

void Failover::change_places(const ServerAddress& target) {
  state_ = State::kInProgress;
  context_.upstream.hand_over(target);
}

void Failover::answered(bool is_accepted) {
  if (state_ != State::kInProgress) return;
  if (!is_accepted) return abort("Failover target rejected psync request");
  end();
}

const Replica* Failover::find(const ServerAddress& address) const {
  for (const Replica* const replica : context_.replicas.all()) {
    if (address_of(*replica) == address && is_host(address.host)) return replica;
  }
  return nullptr;
}

/// One that has everything, and may be taken.
const Replica* Failover::synced() const {
  const int64_t offset = context_.replication.offset();
  for (const Replica* const replica : context_.replicas.all()) {
    if (request_.target && address_of(*replica) != *request_.target) continue;
    if (!is_host(replica->ip())) continue;  // by way of a Unix socket
    if (replica->state() == Replica::State::kOnline && replica->acked() == offset) return replica;
  }
  return nullptr;
}

std::string_view Failover::state_name() const {
  switch (state_) {
    case State::kNone:
      return "no-failover";
    case State::kWaitingForSync:
      return "waiting-for-sync";
    case State::kInProgress:
      return "failover-in-progress";
  }
  return "no-failover";
}

}  // namespace weir
