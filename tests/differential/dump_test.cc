// Payloads of DUMP from our server to Debian's redis-server and back: the streams are the same.
#include <string>

#include <catch2/catch.hpp>

#include "tests/differential/random_changes.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

TEST_CASE("What DUMP gives, Redis restores, and gives it back", "[dump][restore]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  const std::vector<std::string> debug = {"--enable-debug-command", "yes"};
  TestServer weir(debug);
  TestServer redis(debug, kRedis);
  Redis at_weir = weir.connect();
  Redis at_redis = redis.connect();
  int restored = 0;
  for (uint64_t round = 0; round < 3; ++round) {
    at_weir("FLUSHALL");
    at_redis("FLUSHALL");
    change_at_random(at_weir, seed + round, 1000);
    for (const std::string key : kRandomKeys) {
      CAPTURE(round, key);
      if (at_weir("EXISTS", key) == 0) continue;
      CHECK(at_redis("RESTORE", key, 0, at_weir("DUMP", key).text) == "OK");
      CHECK(at_redis("DEBUG", "DIGEST-VALUE", key) == at_weir("DEBUG", "DIGEST-VALUE", key));
      CHECK(at_weir("RESTORE", "copy", 0, at_redis("DUMP", key).text, "REPLACE") == "OK");
      CHECK(info_of(at_weir, "copy") == info_of(at_weir, key));
      ++restored;
    }
  }
  CHECK(restored > 6);
}

TEST_CASE("What an old Redis has no place for it refuses, instead of losing it", "[dump]") {
  TestServer weir;
  TestServer redis({}, kRedis);
  Redis at_weir = weir.connect();
  at_weir("XADD", "s", "IDMP", "p", "m", "*", "f", "v");
  CHECK(redis.connect()("RESTORE", "s", 0, at_weir("DUMP", "s").text) ==
        "ERR DUMP payload version or checksum are wrong");
}

}  // namespace
}  // namespace weir::testing
