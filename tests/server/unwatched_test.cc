// Connections that the system does not watch: a client's, and the link to the primary.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/forbidden_calls.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

constexpr uint32_t kFirstUnwatched = 64;  // the server itself has fewer files

bool is_served(RawClient& client) {
  client.write("PING\r\n");
  return std::holds_alternative<resp::Reply>(client.await());
}

/// So many clients that the last one is not watched.
std::vector<RawClient> crowd(const TestServer& server) {
  std::vector<RawClient> clients;
  do {
    clients.push_back(server.connect_raw());
  } while (is_served(clients.back()) && clients.size() < kFirstUnwatched);
  return clients;
}

}  // namespace

TEST_CASE("A client that the system does not watch is sent away, and the others are served",
          "[startup][limits]") {
  REQUIRE(run_unwatched_from(kFirstUnwatched, [] {
    TestServer server;
    Redis redis = server.connect();
    std::vector<RawClient> clients = crowd(server);
    CHECK(clients.back().closed());
    clients.pop_back();
    CHECK(info_field(redis, "rejected_connections") == "1");
    CHECK(
        server.has_logged("Error registering fd event for the new client connection: No space "
                          "left on device (addr=127.0.0.1:"));
    REQUIRE_FALSE(clients.empty());
    CHECK(is_served(clients.back()));
    CHECK(info_field(redis, "connected_clients") == std::to_string(clients.size() + 1));
  }));
}

TEST_CASE("Addresses of which the system watches only some are refused, and the former ones stay",
          "[config][limits]") {
  REQUIRE(run_unwatched_from(kFirstUnwatched, [] {
    TestServer server;
    Redis redis = server.connect();
    std::vector<RawClient> clients = crowd(server);
    const std::string two = "127.0.0.1 127.0.0.2";
    CHECK(redis("CONFIG", "SET", "bind", two).text ==
          "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to "
          "specified addresses.");
    CHECK(server.has_logged(
        "Warning: The system refuses to watch listening sockets: No space left on device"));
    clients.clear();
    REQUIRE(connected_become(redis, 1));
    CHECK(server.connect()("PING") == "PONG");
    CHECK(redis("CONFIG", "SET", "bind", two) == "OK");
  }));
}

TEST_CASE("A link to the primary that the system does not watch is told, and tried again",
          "[replica][limits]") {
  TestServer primary(primary_options());
  Redis one = primary.connect();
  one("XADD", "s", "1-1", "f", "v");
  REQUIRE(run_unwatched_from(kFirstUnwatched, [&] {
    TestServer replica(primary_options());
    Redis redis = replica.connect();
    std::vector<RawClient> clients = crowd(replica);
    CHECK(redis("REPLICAOF", "127.0.0.1", primary.port()) == "OK");
    CHECK(log_says(replica,
                   "Error registering fd event for the connection with MASTER: No space "
                   "left on device"));
    CHECK(info_field(redis, "master_link_status") == "down");
    CHECK(redis("XLEN", "s") == 0);
    clients.clear();
    CHECK(in_step(one, redis));
    CHECK(redis("XLEN", "s") == 1);
  }));
}

}  // namespace weir::testing
