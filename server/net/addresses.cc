#include "server/net/addresses.h"

#include <sys/socket.h>

namespace weir {
namespace {

/// host: null for all addresses.
tl::expected<AddressList, std::string> resolve(const char* host, int port, addrinfo hints) {
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags |= AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return tl::unexpected(std::string(gai_strerror(error)));
  return AddressList(found, &freeaddrinfo);
}

}  // namespace

tl::expected<AddressList, std::string> addresses_of(const std::string& host, int port) {
  return resolve(host.c_str(), port, addrinfo{});
}

tl::expected<AddressList, std::string> addresses_to_bind(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = host == "*" ? AF_INET : host == "::*" ? AF_INET6 : AF_UNSPEC;
  return resolve(hints.ai_family == AF_UNSPEC ? host.c_str() : nullptr, port, hints);
}

}  // namespace weir
