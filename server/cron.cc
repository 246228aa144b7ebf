#include "server/cron.h"

#include <algorithm>

#include "server/config.h"
#include "server/data/keyspace.h"
#include "server/durability/append_log.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshots.h"
#include "server/host/log.h"
#include "server/host/memory.h"
#include "server/insight/latency.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/time_units.h"
#include "streams/node_memory.h"

namespace weir {
namespace {

/// After the first turn: whoever waits for the server has had an answer.
constexpr int64_t kStartIsOverMs = 10;
/// The rates of INFO are sampled at least this often a second.
constexpr int kMinHz = 10;
/// What moving the tables of keys may take of each run.
constexpr int64_t kTableMoveUs = 1000;
/// Keys that expire between two looks at the clock.
constexpr size_t kKeysPerLook = 16;
/// How long one run of expiry may take, and the share of all time, in per cent, that runs take
/// while there is more to do; active-expire-effort adds two for each step.
constexpr int64_t kKeyExpiryUs = 1000;
constexpr int64_t kLeastExpiryShare = 25;
/// How many slabs that the helper has freed in part are looked at in one go: some ten microseconds.
constexpr size_t kSlabsPerLook = 256;
/// From so much memory on a thread of its own gives the system back what is freed: of less, the
/// main thread has done so before a request feels it, and an idle server does without the thread.
constexpr size_t kMuchMemoryBytes = size_t{32} << 20;

}  // namespace

Cron::Cron(Context& context, Clock& clock, EventLoop& loop)
    : context_(context),
      clock_(clock),
      timer_(loop, [this] { run(); }),
      start_timer_(loop, [] { unmap_program(); }),
      iid_expiry_timer_(loop, [this] { expire_messages(); }),
      key_expiry_timer_(loop, [this] { expire_keys(); }),
      memory_timer_(loop, [this] { take_back_memory(); }) {}

void Cron::start() {
  run();
  start_timer_.set_ms(kStartIsOverMs);
}

void Cron::run() {
  clock_.refresh();
  context_.ticks.calibrate();
  sample_rates();
  move_tables();
  take_back_memory();
  expire_messages();
  expire_keys();
  close_idle_clients();
  context_.snapshots.cron(clock_.unix_s());
  context_.append_log.cron();
  context_.upstream.cron();
  context_.failover.look(clock_.last_monotonic_us() / kUsPerMs);
  context_.replicas.cron();
  context_.log_rewriter.cron(Clock::monotonic_us());
  for (const auto& [id, client] : context_.clients)
    context_.io.check_output(*client);
  note_memory();
  timer_.set_ms(kMsPerSecond / std::max(context_.config->hz, kMinHz));
}

void Cron::note_memory() {
  Stats& stats = context_.stats;
  stats.peak_memory_bytes = std::max(stats.peak_memory_bytes, used_memory());
  if (purger_ == Purger::kNobody && stats.peak_memory_bytes >= kMuchMemoryBytes)
    purger_ = purge_in_background() ? Purger::kThread : Purger::kCron;
  if (purger_ == Purger::kCron) give_back_unused();
}

void Cron::sample_rates() {
  const int64_t now_us = clock_.last_monotonic_us();
  Stats& stats = context_.stats;
  stats.command_rate.sample(stats.commands, now_us);
  stats.turn_rate.sample(stats.turns, now_us);
  stats.turn_ns_rate.sample(stats.turns_ns, now_us);
  stats.in_rate.sample(context_.io.counts().bytes_in, now_us);
  stats.out_rate.sample(context_.io.counts().bytes_out, now_us);
}

// So that a move ends when no changes come that would carry it on.
void Cron::move_tables() {
  const int64_t until_us = Clock::monotonic_us() + kTableMoveUs;
  for (Database& db : context_.keyspace.databases()) {
    while (db.maintain() && Clock::monotonic_us() < until_us)
      ;
  }
}

void Cron::take_back_memory() {
  if (take_back_node_memory(kSlabsPerLook)) memory_timer_.set_ms(1);
}

// What one run leaves waits for a turn of requests only, so that producers do not send messages
// faster than they expire.
void Cron::expire_messages() {
  clock_.refresh();
  if (context_.keyspace.iid_expiry.run(static_cast<uint64_t>(clock_.unix_ms())))
    iid_expiry_timer_.set_ms(1);
}

// The earliest first, so that a run ends when nothing is left to do.
void Cron::expire_keys() {
  Keyspace& keyspace = context_.keyspace;
  if (!keyspace.active_expiry) return;
  clock_.refresh();
  keyspace.set_time({.ms = clock_.unix_ms(), .s = clock_.unix_s()}, true);
  const int64_t began_us = clock_.last_monotonic_us();
  bool has_more = false;
  int64_t now_us = began_us;
  for (Database& db : keyspace.databases()) {
    size_t removed = kKeysPerLook;
    while (removed == kKeysPerLook && now_us - began_us < kKeyExpiryUs) {
      removed = db.expire_some(kKeysPerLook);
      if (removed > 0) now_us = Clock::monotonic_us();
    }
    has_more |= removed == kKeysPerLook;
  }
  context_.stats.expiry_us += now_us - began_us;
  context_.latency.note(latency_events::kExpireCycle,
                        static_cast<uint64_t>((now_us - began_us) / kUsPerMs), clock_.unix_s(),
                        context_.config->latency_monitor_threshold_ms);
  if (has_more) go_on_with_expiry_later();
}

// After a pause that leaves requests their share of the time.
void Cron::go_on_with_expiry_later() {
  ++context_.stats.expiry_runs_cut;
  const int64_t share =
      kLeastExpiryShare + int64_t{2} * (context_.config->active_expire_effort - 1);
  key_expiry_timer_.set_ms(std::max<int64_t>(1, kKeyExpiryUs * (100 - share) / share / kUsPerMs));
}

void Cron::close_idle_clients() {
  const int64_t timeout_s = context_.config->timeout_s;
  if (timeout_s == 0) return;
  for (const auto& [id, client] : context_.clients) {
    const int64_t idle_ms = clock_.monotonic_ms() - client->last_active_ms;
    if (client->blocked || client->unblocked || client->monitoring || client->closed ||
        idle_ms / kMsPerSecond < timeout_s) {
      continue;
    }
    // It waits for messages, or is a replica, or stands for the primary.
    if (client->subscriptions || client->shared || client->is_primary) continue;
    context_.log.verbose("Closing idle client");
    context_.io.close(*client);
  }
}

}  // namespace weir
