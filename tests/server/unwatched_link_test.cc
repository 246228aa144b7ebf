// A link to the primary that the system does not watch.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/forbidden_calls.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {

TEST_CASE("A link to the primary that the system does not watch is told, and tried again",
          "[replica][limits]") {
  constexpr uint32_t kFirstUnwatched = 64;  // the server itself has fewer files
  TestServer primary(primary_options());
  Redis one = primary.connect();
  one("XADD", "s", "1-1", "f", "v");
  run_unwatched_from(kFirstUnwatched, [&] {
    TestServer replica(primary_options());
    Redis redis = replica.connect();
    std::vector<RawClient> clients;
    const auto is_served = [](RawClient& client) {
      client.write("PING\r\n");
      return std::holds_alternative<resp::Reply>(client.await());
    };
    do {
      clients.push_back(replica.connect_raw());
    } while (is_served(clients.back()) && clients.size() < kFirstUnwatched);
    CHECK(redis("REPLICAOF", "127.0.0.1", primary.port()) == "OK");
    CHECK(log_says(replica,
                   "Error registering fd event for the connection with MASTER: No space "
                   "left on device"));
    CHECK(info_field(redis, "master_link_status") == "down");
    CHECK(redis("XLEN", "s") == 0);
    clients.clear();
    CHECK(in_step(one, redis));
    CHECK(redis("XLEN", "s") == 1);
  });
}

}  // namespace weir::testing
