#include "server/net/socket.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weir {
namespace {

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un path;
  sockaddr_storage storage;
};

bool ask(int fd, SocketEnd end, Address& address) {
  std::memset(&address, 0, sizeof(address));
  socklen_t length = sizeof(address);
  return (end == SocketEnd::kPeer ? getpeername : getsockname)(fd, &address.any, &length) == 0;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

std::string socket_address(int fd, SocketEnd end) {
  Address address;
  if (!ask(fd, end, address)) return "?:0";
  char text[INET6_ADDRSTRLEN];
  switch (address.any.sa_family) {
    case AF_INET:
      inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof(text));
      return std::string(text) + ":" + std::to_string(ntohs(address.v4.sin_port));
    case AF_INET6:
      inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof(text));
      return "[" + std::string(text) + "]:" + std::to_string(ntohs(address.v6.sin6_port));
    default:
      // The path is the listening end's; a client's own end has none.
      if (!ask(fd, SocketEnd::kLocal, address)) return "?:0";
      return std::string(address.path.sun_path) + ":0";
  }
}

bool is_local_peer(int fd) {
  Address address;
  if (!ask(fd, SocketEnd::kPeer, address)) return false;
  if (address.any.sa_family == AF_INET) return ntohl(address.v4.sin_addr.s_addr) >> 24 == 127;
  if (address.any.sa_family == AF_INET6) {
    const in6_addr& ip = address.v6.sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == 127);
  }
  return true;
}

void set_tcp_options(int fd, int keepalive_s) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive_s <= 0) return;
  // The first probe after the interval, three more in the next one.
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, keepalive_s / 3));
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

void set_no_delay(int fd, bool is_on) {
  const int value = is_on ? 1 : 0;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value));
}

}  // namespace weir
