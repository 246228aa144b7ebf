// A server that may start no thread, as where a container's processes and threads are counted and
// all of them are there: what it does in threads it does itself, or it says that it cannot.
#include <variant>

#include <catch2/catch.hpp>

#include "tests/support/forbidden_calls.h"
#include "tests/support/info_fields.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

TEST_CASE("A log without threads is on disk all the same", "[appendonly][threads]") {
  run_without({kThreadCall}, [] {
    TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
    Redis redis = server.connect();
    CHECK(redis("XADD", "s", "1-0", "f", "a") == "1-0");
    CHECK(redis("WAITAOF", 1, 0, 0) == "[1,0]");
    server.crash_now();
    server.start_again();
    CHECK(server.connect()("XLEN", "s") == 1);
  });
}

TEST_CASE("Without threads there are no snapshots, and the server goes on", "[snapshot][threads]") {
  run_without({kThreadCall}, [] {
    TestServer server({"--appendonly", "yes", "--stop-writes-on-bgsave-error", "no"});
    Redis redis = server.connect();
    redis("XADD", "s", "1-0", "f", "a");
    redis("BGSAVE");
    REQUIRE(wait_until([&] { return info_field(redis, "rdb_last_bgsave_status") == "err"; }));
    redis("BGREWRITEAOF");
    REQUIRE(wait_until([&] { return info_field(redis, "aof_last_bgrewrite_status") == "err"; }));
    CHECK(server.has_logged("start 'a helper thread': Operation not permitted"));
    CHECK(redis("XADD", "s", "2-0", "f", "b") == "2-0");
    CHECK(redis("SAVE") == "OK");
    for (int i = 0; i < 1000; ++i)
      redis.send("XADD", "great", "*", "f", std::string(1000, 'v'));
    for (int i = 0; i < 1000; ++i)
      redis.read();
    CHECK(redis("UNLINK", "great") == 1);
    CHECK(server.stop() == 0);
  });
}

TEST_CASE("Memory that is freed goes back to the system without a thread for it", "[threads]") {
  static constexpr int64_t kBytes = int64_t{40} << 20;  // of less no thread is asked for
  run_without({kThreadCall}, [] {
    TestServer server({"--save", ""});
    Redis redis = server.connect();
    const int64_t empty = info_number(redis, "used_memory_rss");
    const std::string value(1000, 'v');
    for (int64_t bytes = 0; bytes < kBytes; bytes += 1000 * 1000) {
      for (int i = 0; i < 1000; ++i)
        redis.send("XADD", "s", "*", "f", value);
      for (int i = 0; i < 1000; ++i)
        redis.read();
    }
    REQUIRE(wait_until([&] { return info_number(redis, "used_memory_peak") >= kBytes; }));
    CHECK(info_number(redis, "used_memory_rss") > kBytes);
    CHECK(redis("DEL", "s") == 1);
    CHECK(wait_until([&] { return info_number(redis, "used_memory_rss") < empty + kBytes / 8; }));
  });
}

TEST_CASE("A primary without threads ends the link of who wants a snapshot, and lives on",
          "[replication][threads]") {
  run_without({kThreadCall}, [] {
    TestServer primary({"--repl-diskless-sync-delay", "0"});
    Redis redis = primary.connect();
    redis("XADD", "s", "1-0", "f", "a");
    RawClient replica = primary.connect_raw();
    replica.write("PSYNC ? -1\r\n");
    REQUIRE(wait_until([&] { return std::holds_alternative<ServerClosed>(replica.await()); }));
    CHECK(redis("XLEN", "s") == 1);
    CHECK(info_field(redis, "connected_slaves") == "0");
  });
}

}  // namespace
}  // namespace weir::testing
