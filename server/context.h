// The parts of the server that commands may touch, by reference.  server.h owns them.
#pragma once

#include <span>

namespace weir {

class ClientIo;
class ClientTable;
class Clock;
class Config;
class Dispatcher;
class Keyspace;
class Log;
class Propagation;
class PubSub;
class Stats;
class Waiters;
class Watches;
class ShutdownControl;
class Tracking;
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
  Propagation& propagation;
  PubSub& pubsub;
  Tracking& tracking;
  ClientTable& clients;
  ClientIo& io;
  Dispatcher& dispatcher;
  Stats& stats;
  Log& log;
  ShutdownControl& shutdown;
};

}  // namespace weir
