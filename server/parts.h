// The parts of a server, wired to each other, but for where it can be reached and what it does
// when.
//
//   Server ─┬─ Ports, LogControl, ReplicationControl, Cron, timers: sockets, files, turns
//           └─ Parts ◄── the tests' HandlerStage has the same, and none of the above
//                └─ Context: what handlers and the parts themselves know of each other
//
// A new part is a member here, in the order in which the parts are made, a line in Context, and its
// wires in parts.cc.
#pragma once

#include "server/clock.h"
#include "server/commands/entry_reply.h"
#include "server/config.h"
#include "server/context.h"
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
#include "server/insight/info.h"
#include "server/insight/latency.h"
#include "server/insight/monitors.h"
#include "server/insight/slowlog.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/key_removal.h"
#include "server/memory_limit.h"
#include "server/messaging/key_publisher.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/net/event_loop.h"
#include "server/propagation.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/stream.h"
#include "server/replication/upstream.h"
#include "server/shutdown_control.h"

namespace weir {

/// What the parts are given.  It outlives them.
struct Surroundings {
  Config& config;
  Log& log;
  Clock& clock;
  EventLoop& loop;
  const Tls& tls;
  FileSystem& files;
};

struct Parts {
  Parts(const Surroundings& around, ServerIdentity identity);

  const ServerIdentity identity;
  ShutdownControl shutdown;
  Stats stats;
  TickClock ticks;
  Slowlog slowlog;
  LatencyMonitor latency;
  Monitors monitors;
  IdWriter ids;
  ClientTable clients;
  Keyspace keyspace;
  Waiters waiters;
  Watches watches;
  MemoryLimit memory;
  Propagation propagation;
  ReplicationStream replication;
  PubSub pubsub;
  KeyPublisher key_publisher;
  Tracking tracking;
  KeyRemoval key_removal;
  SnapshotRunner snapshot_runner;
  Snapshots snapshots;
  Loader loader;
  Context context;
  Ending ending;
  Gatekeeper gatekeeper;
  Dispatcher dispatcher;
  ClientIo io;
  Replicas replicas;
  CommitGate commit_gate;
  AppendLog append_log;
  LogRewriter log_rewriter;
  Upstream upstream;
  Failover failover;
};

}  // namespace weir
