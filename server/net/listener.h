// Sockets on which new connections arrive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/net/event_loop.h"
#include "server/net/socket.h"

namespace weir {

enum class Transport : char { kTcp, kTls, kUnix };

/// A new connection.
struct Accepted {
  int fd = -1;
  Transport transport = Transport::kTcp;
};

/// Where to listen for TCP.
struct TcpAddress {
  std::string host;          // an address, "*" for all IPv4, "::*" for all IPv6
  bool is_optional = false;  // the machine may not have it
};

class Listener {
 public:
  /// `accept` is given every new connection.
  Listener(EventLoop& loop, std::function<void(Accepted)> accept);

  /// Takes at most so many connections of one socket in a turn; those of TLS are counted apart,
  /// since their handshakes cost more.
  void set_per_turn(uint64_t connections, uint64_t tls_connections);

  /// Listens on every address; on failure nothing is listened on, and the text says which address
  /// and why.  `port` 0 means no TCP.
  std::string listen_tcp(const std::vector<TcpAddress>& addresses, int port, int backlog);
  /// The same for TLS.
  std::string listen_tls(const std::vector<TcpAddress>& addresses, int port, int backlog);
  /// Replaces a stale socket at `path`.  `permissions`: mode bits, 0 leaves them to the umask.
  std::string listen_unix(const std::string& path, unsigned permissions, int backlog);

  bool has_tcp() const { return !tcp_.empty(); }
  bool has_tls() const { return !tls_.empty(); }
  bool has_unix() const { return unix_ != nullptr; }
  /// Stops listening and removes the Unix socket's file.
  void close();

 private:
  struct Socket {
    Fd fd;
    Watch watch;
    Listener* owner = nullptr;
    Transport transport = Transport::kTcp;
  };
  using Sockets = std::vector<std::unique_ptr<Socket>>;

  static void on_ready(int fd, short what, void* argument);
  std::unique_ptr<Socket> open_tcp(const TcpAddress& address, int port, int backlog,
                                   std::string& why);
  std::string listen_on(Sockets& sockets, Transport transport,
                        const std::vector<TcpAddress>& addresses, int port, int backlog);
  std::string refusal_to_watch() const;
  void watch(Socket& socket);

  EventLoop& loop_;
  std::function<void(Accepted)> accept_;
  uint64_t per_turn_ = 1;
  uint64_t tls_per_turn_ = 1;
  Sockets tcp_;
  Sockets tls_;
  std::unique_ptr<Socket> unix_;
  std::string unix_path_;  // absolute
};

}  // namespace weir
