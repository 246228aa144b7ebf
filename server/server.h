// The composition root: the parts (parts.h), where they can be reached, and the turns of the loop.
//
//   EventLoop ◄─── Ports ──── accept ──► ClientTable
//       │                                    │
//       └── turn ──► ClientIo ──► Dispatcher ──► handlers ──► Keyspace, Waiters, Config, Stats
//
// Readers are woken after each command that changed their key.  A turn ends in this order
// (end_turn): readers whose time is over are answered, and what waited behind them or was put off
// runs; what was told goes to log and replicas; replies leave and closed connections are freed;
// what is above maxmemory is evicted; the snapshot that runs gets its share; an end that was asked
// for begins; a replica loads what has come.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/clock.h"
#include "server/config.h"
#include "server/cron.h"
#include "server/host/log.h"
#include "server/host/process.h"
#include "server/log_control.h"
#include "server/net/event_loop.h"
#include "server/net/listener.h"
#include "server/parts.h"
#include "server/ports.h"
#include "server/replication_control.h"

namespace weir {

class Server {
 public:
  /// `config` and `log` outlive the server.
  Server(Config& config, Log& log);

  /// Listens and loads the data; the text says why it cannot, else is empty.
  std::string open();
  /// Serves until a shutdown is asked for.  Then nothing is left to do but to free memory.
  void run();

  ShutdownControl& shutdown() { return parts_.shutdown; }
  /// For a crash report.
  std::string describe() const;

 private:
  void accept(Accepted accepted);
  void turn_away(Client& client, Transport transport);
  void close_unwatched(int fd, const std::string& why);
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
  void tell_systemd(std::string_view state) const;

  Config& config_;
  Log& log_;
  Clock clock_;
  EventLoop loop_;
  Ports ports_;
  Parts parts_;
  LogControl log_control_;
  ReplicationControl replication_control_;
  Cron cron_;
  Timer deadline_timer_;
  Timer eviction_timer_;  // set while one run was not enough
  std::optional<int64_t> armed_deadline_ms_;
  bool inner_turn_wants_more_ = false;
  PidFile pid_file_;
};

}  // namespace weir
