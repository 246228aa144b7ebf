// The composition root: owns the parts and wires them, nothing more.
//
//   EventLoop ◄─── Ports ──── accept ──► ClientTable
//       │                                    │
//       └── turn ──► ClientIo ──► Dispatcher ──► handlers ──► Keyspace, Waiters, Config, Stats
//
// Readers are woken after each command that changed their key.  A turn ends in this order: answer
// readers whose time is over, run what waited behind answered readers, send replies, free closed
// connections.
#pragma once

#include <optional>
#include <string>

#include "server/clock.h"
#include "server/commands/entry_reply.h"
#include "server/config.h"
#include "server/context.h"
#include "server/cron.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/dispatcher.h"
#include "server/durability/append_log.h"
#include "server/durability/commit_gate.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/durability/snapshots.h"
#include "server/ending.h"
#include "server/gatekeeper.h"
#include "server/host/log.h"
#include "server/host/process.h"
#include "server/insight/info.h"
#include "server/insight/latency.h"
#include "server/insight/monitors.h"
#include "server/insight/slowlog.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/key_removal.h"
#include "server/log_control.h"
#include "server/memory_limit.h"
#include "server/messaging/key_publisher.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"
#include "server/net/listener.h"
#include "server/ports.h"
#include "server/propagation.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/replication/upstream.h"
#include "server/replication_control.h"
#include "server/shutdown_control.h"

namespace weir {

class Server {
 public:
  /// `config` and `log` outlive the server.
  Server(Config& config, Log& log);

  /// Listens and loads the data; the text says why it cannot, else is empty.
  std::string open();
  /// Serves until a shutdown is asked for.  Then nothing is left to do but to free memory.
  void run();

  ShutdownControl& shutdown() { return shutdown_; }
  /// For a crash report.
  std::string describe() const;

 private:
  void accept(Accepted accepted);
  void turn_away(Client& client, Transport transport);
  bool is_refused(const Client& client) const;
  std::string load();
  bool end_turn();
  bool run_inner_turn(bool may_sleep);
  void begin_to_end();
  void arm_deadline_timer();
  void work_off_memory();
  void note_uses();
  void limit_client_memory();
  void register_appliers();
  void announce() const;

  Config& config_;
  Log& log_;
  Clock clock_;
  ServerIdentity identity_;
  EventLoop loop_;
  ShutdownControl shutdown_;
  Stats stats_;
  TickClock ticks_;
  Slowlog slowlog_;
  LatencyMonitor latency_;
  Monitors monitors_;
  IdWriter ids_;
  ClientTable clients_;
  Keyspace keyspace_;
  Waiters waiters_;
  Watches watches_;
  MemoryLimit memory_;
  Propagation propagation_;
  ReplicationStream replication_;
  PubSub pubsub_;
  KeyPublisher key_publisher_;
  Tracking tracking_;
  KeyRemoval key_removal_;
  SnapshotRunner snapshot_runner_;
  Snapshots snapshots_;
  Loader loader_;
  Context context_;
  Ending ending_;
  Gatekeeper gatekeeper_;
  Dispatcher dispatcher_;
  ClientIo io_;
  Replicas replicas_;
  CommitGate commit_gate_;
  AppendLog append_log_;
  LogRewriter log_rewriter_;
  LogControl log_control_;
  ReplicationControl replication_control_;
  Ports ports_;
  Upstream upstream_;
  Failover failover_;
  Cron cron_;
  Timer deadline_timer_;
  Timer eviction_timer_;  // set while one run was not enough
  std::optional<int64_t> armed_deadline_ms_;
  bool inner_turn_wants_more_ = false;
  PidFile pid_file_;
};

}  // namespace weir
