#include "server/net/addresses.h"

#include <string>
#include <vector>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

namespace weir {
namespace {

/// "address port" of each.
std::vector<std::string> shown(const tl::expected<AddressList, std::string>& list) {
  if (!list) return {"error: " + list.error()};
  std::vector<std::string> texts;
  for (const addrinfo* at = list->get(); at != nullptr; at = at->ai_next) {
    char host[INET6_ADDRSTRLEN];
    char port[8];
    getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
    texts.push_back(std::string(host) + " " + port);
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("An address is its own, with the port", "[addresses]") {
  CHECK(shown(addresses_of("127.0.0.1", 6379)) == Texts{"127.0.0.1 6379"});
  CHECK(shown(addresses_of("::1", 6379)) == Texts{"::1 6379"});
  CHECK(shown(addresses_to_bind("127.0.0.1", 6379)) == Texts{"127.0.0.1 6379"});
}

TEST_CASE("A star binds all addresses of one family", "[addresses]") {
  CHECK(shown(addresses_to_bind("*", 1)) == Texts{"0.0.0.0 1"});
  CHECK(shown(addresses_to_bind("::*", 1)) == Texts{":: 1"});
}

TEST_CASE("A host that cannot be is an error in words", "[addresses]") {
  const std::string too_long(300, 'x');  // for a name: nobody is asked
  const auto none = addresses_of(too_long, 1);
  REQUIRE_FALSE(none);
  CHECK_FALSE(none.error().empty());
  CHECK_FALSE(addresses_to_bind(too_long, 1));
}

}  // namespace weir
