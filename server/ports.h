// Where the server can be reached: its sockets, and what those of TLS need.
//
//   bind, port, tls-port, unixsocket ─► Listener ─► accept(Accepted)
//   tls-* (files, protocols, …)      ─► Tls ──────► TlsSession of a connection
//
// CONFIG SET of these options changes all of it or nothing; live connections keep what they have.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/config.h"
#include "server/host/log.h"
#include "server/net/event_loop.h"
#include "server/net/listener.h"
#include "server/net/tls.h"

namespace weir {

class Ports {
 public:
  /// `accept` is given every new connection.  All that is handed over outlives the ports.
  Ports(EventLoop& loop, Config& config, Log& log, std::function<void(Accepted)> accept);

  /// Listens; the text says why it cannot, else is empty.
  std::string open();
  /// Says in the log where it listens.
  void announce() const;
  /// Stops listening.
  void close() { listener_.close(); }

  const Tls& tls() const { return tls_; }

 private:
  std::string listen(const Settings& settings);
  std::optional<std::string> change(const Settings& before, const Settings& after);
  void set_per_turn(const Settings& settings);

  Config& config_;
  Log& log_;
  Listener listener_;
  Tls tls_;
};

}  // namespace weir
