// The parts of the server that commands may touch, by reference.  server.h owns them.
#pragma once

#include <span>

namespace weir {

class AppendLog;
class ClientIo;
class ClientTable;
class Clock;
class CommitGate;
class Config;
class Dispatcher;
class Ending;
class Failover;
class Gatekeeper;
class IdWriter;
class Keyspace;
class LatencyMonitor;
class LogRewriter;
class Loader;
class Log;
class MemoryLimit;
class Monitors;
class Propagation;
class ReplicationStream;
class Replicas;
class PubSub;
class Slowlog;
class SnapshotRunner;
class Snapshots;
class Stats;
class TickClock;
class Waiters;
class Watches;
class ShutdownControl;
class Tracking;
class Upstream;
struct CommandSpec;
struct ServerIdentity;

struct Context {
  const Clock& clock;
  const ServerIdentity& identity;
  std::span<const CommandSpec> commands;  // all rows of the table, for those who stand below it
  Config& config;
  Keyspace& keyspace;
  Waiters& waiters;
  Watches& watches;
  MemoryLimit& memory;
  Propagation& propagation;
  ReplicationStream& replication;
  Replicas& replicas;
  Upstream& upstream;
  Failover& failover;
  SnapshotRunner& snapshot_runner;
  Snapshots& snapshots;
  Loader& loader;
  CommitGate& commit_gate;
  AppendLog& append_log;
  LogRewriter& log_rewriter;
  PubSub& pubsub;
  Tracking& tracking;
  ClientTable& clients;
  ClientIo& io;
  Dispatcher& dispatcher;
  Gatekeeper& gatekeeper;
  Stats& stats;
  TickClock& ticks;
  Slowlog& slowlog;
  LatencyMonitor& latency;
  Monitors& monitors;
  IdWriter& ids;
  Log& log;
  ShutdownControl& shutdown;
  Ending& ending;
};

}  // namespace weir
