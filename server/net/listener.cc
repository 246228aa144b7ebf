#include "server/net/listener.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "persistence/file.h"
#include "server/net/addresses.h"

namespace weir {
namespace {

/// Errors that say "this machine has no such address".
bool means_unavailable(int error) {
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENOPROTOOPT ||
         error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT || error == EPFNOSUPPORT;
}

}  // namespace

Listener::Listener(EventLoop& loop, std::function<void(Accepted)> accept)
    : loop_(loop), accept_(std::move(accept)) {}

void Listener::set_per_turn(uint64_t connections, uint64_t tls_connections) {
  per_turn_ = connections;
  tls_per_turn_ = tls_connections;
}

void Listener::watch(Socket& socket) {
  socket.owner = this;
  socket.watch.start(loop_, socket.fd.get(), EV_READ, &on_ready, &socket);
}

void Listener::on_ready(int fd, short, void* argument) {
  auto& socket = *static_cast<Socket*>(argument);
  const Listener& owner = *socket.owner;
  const bool is_tls = socket.transport == Transport::kTls;
  const uint64_t most = is_tls ? owner.tls_per_turn_ : owner.per_turn_;
  for (uint64_t i = 0; i < most; ++i) {
    const int accepted = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    owner.accept_({accepted, socket.transport});
  }
}

std::unique_ptr<Listener::Socket> Listener::open_tcp(const TcpAddress& address, int port,
                                                     int backlog, std::string& why) {
  const auto because = [&](const std::string& reason) {
    return "Could not create server TCP listening socket " + address.host + ":" +
           std::to_string(port) + ": " + reason;
  };
  const tl::expected<AddressList, std::string> list = addresses_to_bind(address.host, port);
  if (!list) {
    if (!address.is_optional) why = because(list.error());
    return nullptr;
  }
  int error = 0;
  for (const addrinfo* at = list->get(); at != nullptr; at = at->ai_next) {
    auto socket_ptr = std::make_unique<Socket>();
    socket_ptr->fd = Fd(
        ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol));
    const int fd = socket_ptr->fd.get();
    const int on = 1;
    if (fd >= 0) {
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      if (at->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
      if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, backlog) == 0) return socket_ptr;
    }
    error = errno;
  }
  if (!address.is_optional || !means_unavailable(error)) why = because(std::strerror(error));
  return nullptr;
}

std::string Listener::listen_tcp(const std::vector<TcpAddress>& addresses, int port, int backlog) {
  return listen_on(tcp_, Transport::kTcp, addresses, port, backlog);
}

std::string Listener::listen_tls(const std::vector<TcpAddress>& addresses, int port, int backlog) {
  return listen_on(tls_, Transport::kTls, addresses, port, backlog);
}

std::string Listener::listen_on(Sockets& sockets, Transport transport,
                                const std::vector<TcpAddress>& addresses, int port, int backlog) {
  sockets.clear();
  if (port == 0) return {};
  for (const TcpAddress& address : addresses) {
    std::string why;
    std::unique_ptr<Socket> opened = open_tcp(address, port, backlog, why);
    if (opened) sockets.push_back(std::move(opened));
    if (!why.empty()) {
      sockets.clear();
      return why;
    }
  }
  if (sockets.empty() && !addresses.empty())
    return "None of the addresses of 'bind' is available here";
  if (std::string why = refusal_to_watch(); !why.empty()) {
    sockets.clear();
    return why;
  }
  for (const auto& opened : sockets) {
    opened->transport = transport;
    watch(*opened);
  }
  return {};
}

/// Of all that is open for TCP, with TLS or without: what is watched so far was not asked of the
/// system yet, if it was opened in this turn.
std::string Listener::refusal_to_watch() const {
  std::vector<int> fds;
  for (const Sockets* sockets : {&tcp_, &tls_}) {
    for (const auto& opened : *sockets)
      fds.push_back(opened->fd.get());
  }
  if (can_be_watched(fds)) return {};
  return "The system refuses to watch listening sockets: " + std::string(std::strerror(errno));
}

std::string Listener::listen_unix(const std::string& path, unsigned permissions, int backlog) {
  sockaddr_un address{};
  const auto failed = [&path](const char* what) {
    return "Failed opening Unix socket " + path + ": " + what;
  };
  if (path.size() >= sizeof(address.sun_path)) return failed("the path is too long");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  auto socket_ptr = std::make_unique<Socket>();
  socket_ptr->transport = Transport::kUnix;
  socket_ptr->fd = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = socket_ptr->fd.get();
  if (fd < 0) return failed(std::strerror(errno));
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return failed("there is a file that is not a socket");
    ::unlink(path.c_str());
  }
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return failed(std::strerror(errno));
  if ((permissions != 0 && chmod(path.c_str(), permissions) != 0) || listen(fd, backlog) != 0) {
    std::string why = failed(std::strerror(errno));
    ::unlink(path.c_str());
    return why;
  }
  unix_ = std::move(socket_ptr);
  unix_path_ = absolute_path(path);  // CONFIG SET dir must not lead elsewhere
  watch(*unix_);
  return {};
}

void Listener::close() {
  tcp_.clear();
  tls_.clear();
  if (unix_) ::unlink(unix_path_.c_str());
  unix_.reset();
}

}  // namespace weir
