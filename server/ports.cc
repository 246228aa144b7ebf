#include "server/ports.h"

#include <utility>

namespace weir {
namespace {

std::vector<TcpAddress> addresses_of(const Settings& settings) {
  std::vector<TcpAddress> addresses;
  for (const std::string& text : settings.bind) {
    const bool optional = text.starts_with('-');
    addresses.push_back({text.substr(optional ? 1 : 0), optional});
  }
  return addresses;
}

std::string cannot_listen(int port, const char* kind) {
  return "Failed listening on port " + std::to_string(port) + " (" + kind + "), aborting.";
}

bool listens_elsewhere(const Settings& before, const Settings& after) {
  return before.bind != after.bind || before.port != after.port ||
         before.tls_port != after.tls_port;
}

}  // namespace

Ports::Ports(EventLoop& loop, Config& config, Log& log, std::function<void(Accepted)> accept)
    : config_(config), log_(log), listener_(loop, std::move(accept)) {
  set_per_turn(config.values());
  config_.on_change(
      {"bind",
       "port",
       "tls-port",
       "tls-cert-file",
       "tls-key-file",
       "tls-key-file-pass",
       "tls-client-cert-file",
       "tls-client-key-file",
       "tls-client-key-file-pass",
       "tls-dh-params-file",
       "tls-ca-cert-file",
       "tls-ca-cert-dir",
       "tls-auth-clients",
       "tls-replication",
       "tls-cluster",
       "tls-protocols",
       "tls-ciphers",
       "tls-ciphersuites",
       "tls-prefer-server-ciphers",
       "tls-session-caching",
       "tls-session-cache-size",
       "tls-session-cache-timeout"},
      [this](const Settings& before, Settings& after) { return change(before, after); });
  config_.after_change({"max-new-connections-per-cycle", "max-new-tls-connections-per-cycle"},
                       [this](const Settings& after) { set_per_turn(after); });
}

void Ports::set_per_turn(const Settings& settings) {
  listener_.set_per_turn(settings.max_new_connections_per_cycle,
                         settings.max_new_tls_connections_per_cycle);
}

std::string Ports::open() {
  const Settings& settings = config_.values();
  auto rules = tls_.prepare(settings);
  if (!rules) {
    log_.warning(rules.error());
    return "Failed to configure TLS. Check logs for more info.";
  }
  tls_.use(*std::move(rules));
  std::string why = listen(settings);
  if (why.empty() && !settings.unixsocket.empty()) {
    why = listener_.listen_unix(settings.unixsocket, static_cast<unsigned>(settings.unixsocketperm),
                                settings.tcp_backlog);
  }
  if (!why.empty()) return why;
  if (!listener_.has_tcp() && !listener_.has_tls() && !listener_.has_unix())
    return "Configured to not listen anywhere, exiting.";
  return {};
}

void Ports::announce() const {
  if (listener_.has_tcp()) log_.notice("Ready to accept connections tcp");
  if (listener_.has_unix()) log_.notice("Ready to accept connections unix");
  if (listener_.has_tls()) log_.notice("Ready to accept connections tls");
}

// The sockets that were there before are closed first: they may stand in the way of the new.
std::string Ports::listen(const Settings& settings) {
  const std::vector<TcpAddress> addresses = addresses_of(settings);
  listener_.listen_tls({}, 0, 0);
  std::string why = listener_.listen_tcp(addresses, settings.port, settings.tcp_backlog);
  if (!why.empty()) {
    log_.warning("Warning: " + why);
    return cannot_listen(settings.port, "tcp");
  }
  why = listener_.listen_tls(addresses, settings.tls_port, settings.tcp_backlog);
  if (!why.empty()) {
    log_.warning("Warning: " + why);
    return cannot_listen(settings.tls_port, "tls");
  }
  return {};
}

std::optional<std::string> Ports::change(const Settings& before, const Settings& after) {
  auto rules = tls_.prepare(after);
  if (!rules) {
    log_.warning(rules.error());
    return "Unable to update TLS configuration. Check server logs.";
  }
  if (listens_elsewhere(before, after) && !listen(after).empty()) {
    listen(before);
    return before.bind != after.bind ? "Failed to bind to specified addresses."
                                     : "Unable to listen on this port. Check server logs.";
  }
  tls_.use(*std::move(rules));
  return std::nullopt;
}

}  // namespace weir
