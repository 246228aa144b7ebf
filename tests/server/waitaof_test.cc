// WAITAOF: when the local log has what its connection wrote, and what counts for nothing.
#include <chrono>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/info_fields.h"
#include "tests/support/patience.h"
#include "tests/support/raw_client.h"
#include "tests/support/test_server.h"

namespace weir::testing {

namespace fs = std::filesystem;

TEST_CASE("WAITAOF answers when the writes of the connection are on disk", "[aof][waitaof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  CHECK(redis("WAITAOF", 1, 0, 0) == "[1,0]");
  redis("XADD", "s", "*", "f", "v");
  redis("XADD", "s", "*", "f", "v");
  CHECK(redis("WAITAOF", 1, 0, 0) == "[1,0]");
  redis("XADD", "s", "*", "f", "v");
  CHECK(redis("WAITAOF", 0, 1, 10) != "[1,1]");
  redis("XADD", "s", "*", "f", "v");
  redis.send("WAITAOF", 1, 1, 0);
  Redis other = server.connect();
  REQUIRE(wait_until([&] { return other("INFO", "clients").contains("blocked_clients:1"); }));
  CHECK(other("CONFIG", "SET", "appendonly", "no") == "OK");
  CHECK(redis.read() ==
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
}

TEST_CASE("WAITAOF counts nothing that a restart would not find yet", "[aof][waitaof]") {
  TestServer server({"--appendfsync", "always"});
  Redis redis = server.connect();
  const std::string obstacle = server.folder() + "/appendonlydir/appendonly.aof.1.base.rdb";
  fs::create_directories(obstacle + "/full");
  CHECK(redis("CONFIG", "SET", "appendonly", "yes") == "OK");
  redis("XADD", "s", "1-1", "f", "v");
  CHECK(redis("WAITAOF", 1, 0, 300) == "[0,0]");
  fs::remove_all(obstacle);
  CHECK(redis("WAITAOF", 1, 0, 0) == "[1,0]");
  CHECK(info_field(redis, "aof_pending_rewrite") == "0");
}

TEST_CASE("WAITAOF is answered as soon as a base counts, not with the next tick",
          "[aof][waitaof]") {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kTick(100);
  TestServer server;
  RawClient client(server.port());
  const auto is_prompt = [&] {
    const auto began = steady_clock::now();
    client.write("CONFIG SET appendonly yes\r\nWAITAOF 1 0 0\r\n");
    CHECK(show(client.read()) == "+OK");
    CHECK(show(client.read()) == "*[:1, :0]");
    const auto took = steady_clock::now() - began;
    CHECK(show(client("CONFIG", "SET", "appendonly", "no")) == "+OK");
    return took < kTick / 2;
  };
  is_prompt();  // if ticks answer, all others begin just after one, and last until the next
  CHECK(wait_until(is_prompt));
}

}  // namespace weir::testing
