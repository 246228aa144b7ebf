// Connections to other addresses than 127.0.0.1.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/patience.h"

namespace weir::testing {

/// A socket that is closed with the object.
class OwnSocket {
 public:
  explicit OwnSocket(int fd) : fd_(fd) {}
  ~OwnSocket() {
    if (fd_ >= 0) close(fd_);
  }
  OwnSocket(const OwnSocket&) = delete;
  OwnSocket& operator=(const OwnSocket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// The first line that the server at this address sends after `request`; nothing when it cannot be
/// reached or sends none.
inline std::optional<std::string> ask(const std::string& host, int port,
                                      std::string_view request = "PING\r\n") {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  const OwnSocket client(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(client.fd(), found->ai_addr, found->ai_addrlen) != 0) return {};
  send(client.fd(), request.data(), request.size(), MSG_NOSIGNAL);
  const Clock::time_point deadline = Clock::now() + reply_patience();
  std::string line;
  while (!line.ends_with("\r\n")) {
    char byte = 0;
    if (!becomes_readable(client.fd(), deadline)) return {};
    if (recv(client.fd(), &byte, 1, 0) != 1) return {};
    line += byte;
  }
  return line.substr(0, line.size() - 2);
}

/// A TCP socket of 127.0.0.1 that is bound to a free port, and listens if wanted.
struct TakenPort {
  explicit TakenPort(bool listens = true) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket.fd(), generic, size) != 0) return;
    if (listens && listen(socket.fd(), 1) != 0) return;
    if (getsockname(socket.fd(), generic, &size) == 0) port = ntohs(address.sin_port);
  }

  OwnSocket socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port = 0;
};

/// A port that nobody uses at this moment.
inline int free_port() {
  return TakenPort(false).port;
}

/// An IPv4 address of this machine that is not the loopback's; empty when there is none.
inline std::string outer_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(all, freeifaddrs);
  for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    if ((at->ifa_flags & IFF_LOOPBACK) != 0 || (at->ifa_flags & IFF_UP) == 0) continue;
    char text[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text))) return text;
  }
  return {};
}

inline bool has_ipv6_loopback() {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const OwnSocket probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe.fd() >= 0 &&
         bind(probe.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace weir::testing
