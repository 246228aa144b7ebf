#include "server/ending.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/clock.h"
#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/dispatcher.h"
#include "server/errors.h"
#include "server/host/log.h"
#include "server/net/client_table.h"
#include "server/replication/replicas.h"
#include "server/shutdown_control.h"
#include "server/time_units.h"

namespace weir {

Ending::Answer Ending::begin(const Wish& wish) {
  if (is_waiting()) return Answer::kWaits;
  const int64_t patience_ms = context_.config->shutdown_timeout_s * kMsPerSecond;
  target_ = context_.replication.offset();
  const bool lags = context_.replication.is_primary() && !context_.replicas.all_have(target_);
  if (!wish.waits || patience_ms == 0 || !lags) return finish(wish);
  waiting_ = wish;
  until_ms_ = Clock::monotonic_ms_now() + patience_ms;
  context_.log.notice("Waiting for replicas before shutting down.");
  context_.dispatcher.pause().set(PauseCause::kEnding, true);
  context_.keyspace.expiry_paused = true;
  context_.replicas.ask_for_acks();
  return Answer::kWaits;
}

void Ending::look() {
  const bool is_late = Clock::monotonic_ms_now() >= until_ms_;
  if (!is_late && !context_.replicas.all_have(target_)) return;
  if (is_late) log_lag();
  const Wish wish = *std::exchange(waiting_, std::nullopt);
  if (finish(wish) == Answer::kRefused) go_on();
}

Ending::Answer Ending::finish(const Wish& wish) {
  if (!context_.snapshots.prepare_end(wish.save, wish.force)) return Answer::kRefused;
  context_.shutdown.request_prepared();
  return Answer::kEnds;
}

int64_t Ending::ms_left() const {
  return std::max<int64_t>(0, until_ms_ - Clock::monotonic_ms_now());
}

void Ending::log_lag() const {
  for (const Replica* const replica : context_.replicas.all()) {
    if (replica->acked() >= target_) continue;
    context_.log.notice("Lagging replica " + replica->name() + " reported offset " +
                        std::to_string(target_ - replica->acked()) +
                        " behind master, lag=" + std::to_string(context_.replicas.lag_s(*replica)) +
                        ", state=" + std::string(replica->state_name()) + ".");
  }
}

bool Ending::abort() {
  if (!is_waiting()) return false;
  waiting_.reset();
  context_.log.notice("Shutdown manually cancelled via SHUTDOWN ABORT");
  go_on();
  return true;
}

void Ending::go_on() {
  context_.shutdown.forget_signal();
  context_.dispatcher.pause().set(PauseCause::kEnding, false);
  context_.dispatcher.end_pause_of_expiry();
  for (const uint64_t id : std::exchange(clients_, {})) {
    Client* const client = context_.clients.find(id);
    if (client != nullptr) context_.dispatcher.unblock(*client, errors::kCannotShutDown);
  }
}

}  // namespace weir
