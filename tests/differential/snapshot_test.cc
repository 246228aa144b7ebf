// Snapshots from our server to Debian's redis-server and back: the data are the same.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/differential/random_changes.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kCheck = "/usr/bin/redis-check-rdb";

std::string dump_of(const TestServer& server) {
  return server.folder() + "/dump.rdb";
}

/// Stops a server and starts it with the snapshot of another one.
void load(TestServer& server, const TestServer& source) {
  server.crash_now();
  std::filesystem::copy_file(dump_of(source), dump_of(server),
                             std::filesystem::copy_options::overwrite_existing);
  server.start_again();
}

TEST_CASE("A snapshot goes to Redis and back, and nothing is different", "[snapshot]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  const std::vector<std::string> debug = {"--enable-debug-command", "yes"};
  TestServer weir(debug);
  TestServer redis(debug, kRedis);
  for (uint64_t round = 0; round < 5; ++round) {
    CAPTURE(round);
    Redis at_weir = weir.connect();
    at_weir("FLUSHALL");
    at_weir("CONFIG", "SET", "stream-node-max-entries", std::to_string(1 + round * 7));
    change_at_random(at_weir, seed + round, 1500);
    at_weir("PEXPIREAT", "s2", "4102444800000");
    const std::string before = all_info(at_weir);
    const Shown digest = at_weir("DEBUG", "DIGEST");
    REQUIRE(at_weir(round % 2 == 0 ? "SAVE" : "BGSAVE").text != "ERR");
    REQUIRE(wait_until(
        [&] { return at_weir("INFO", "persistence").contains("rdb_bgsave_in_progress:0"); }));

    const Finished check = run_to_end(kCheck, {dump_of(weir)});
    INFO(check.out);
    CHECK(check.exit_code == 0);
    load(redis, weir);
    Redis at_redis = redis.connect();
    CHECK(at_redis("DEBUG", "DIGEST") == digest);
    CHECK(at_redis("PEXPIRETIME", "s2") == at_weir("PEXPIRETIME", "s2"));
    CHECK(at_redis("SAVE") == "OK");
    load(weir, redis);
    at_weir = weir.connect();
    CHECK(at_weir("DEBUG", "DIGEST") == digest);
    CHECK(all_info(at_weir) == before);
  }
}

}  // namespace
}  // namespace weir::testing
