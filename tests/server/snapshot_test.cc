// Snapshots of the real server: what a restart finds, what clients are told meanwhile.
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/info_fields.h"
#include "tests/support/patience.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

const std::vector<std::string> kDebug = {"--enable-debug-command", "yes"};

bool wait_for_end_of_snapshot(Redis& redis) {
  return becomes(redis, "rdb_bgsave_in_progress", "0");
}

bool has_temporary_file(const TestServer& server) {
  for (const auto& entry : std::filesystem::directory_iterator(server.folder())) {
    if (entry.path().filename().string().starts_with("temp-")) return true;
  }
  return false;
}

/// Some keys, one with a group, one with a TTL, one in another database.
void fill(Redis& redis) {
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "2-0", "f", "v");
  redis("XGROUP", "CREATE", "s", "g", "0");
  redis("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">");
  redis("XADD", "t", "1-0", "f", "v");
  redis("EXPIRE", "t", "100000");
  redis("SELECT", "3");
  redis("XADD", "u", "1-0", "f", "v");
  redis("SELECT", "0");
}

void fill_and_save(const TestServer& server) {
  Redis redis = server.connect();
  fill(redis);
  redis("SAVE");
}

TEST_CASE("What SAVE wrote is there after a crash", "[save]") {
  TestServer server(kDebug);
  Redis redis = server.connect();
  fill(redis);
  const Shown digest = redis("DEBUG", "DIGEST");
  const Shown pending = redis("XPENDING", "s", "g", "-", "+", "10", "c");
  CHECK(redis("SAVE") == "OK");
  redis("XADD", "s", "3-0", "f", "lost");
  server.crash_now();
  server.start_again();
  redis = server.connect();
  CHECK(redis("DEBUG", "DIGEST") == digest);
  CHECK(redis("XPENDING", "s", "g").text == R"([1,"1-0","1-0",[["c","1"]]])");
  CHECK(info_field(redis, "rdb_last_load_keys_loaded") == "3");
  CHECK(server.has_logged("Done loading RDB, keys loaded: 3, keys expired: 0."));
  CHECK(server.has_logged("DB loaded from disk: "));
}

TEST_CASE("BGSAVE in the middle of writes keeps the moment of BGSAVE", "[bgsave]") {
  TestServer server(kDebug);
  Redis redis = server.connect();
  redis("DEBUG", "POPULATE", "20000", "key", "500");
  fill(redis);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i)
      redis.send("XADD", "key:" + std::to_string(i * 7), "*", "f", "before");
    redis.send("DEBUG", "DIGEST");
    redis.send("BGSAVE");
    for (int i = 0; i < 200; ++i) {
      redis.send("XADD", "key:" + std::to_string(i * 11), "*", "f", "after");
      redis.send("DEL", "key:" + std::to_string(10000 + round * 1000 + i));
      redis.send("RENAME", "key:" + std::to_string(15000 + round * 1000 + i),
                 "renamed:" + std::to_string(i));
    }
    for (int i = 0; i < 200; ++i)
      redis.read();
    const Shown digest = redis.read();
    CHECK(redis.read() == "Background saving started");
    for (int i = 0; i < 600; ++i)
      redis.read();
    REQUIRE(wait_for_end_of_snapshot(redis));
    CHECK(info_field(redis, "rdb_last_bgsave_status") == "ok");
    server.crash_now();
    server.start_again();
    redis = server.connect();
    CHECK(redis("DEBUG", "DIGEST") == digest);
  }
}

TEST_CASE("A server killed in the middle of a snapshot has its old one", "[bgsave]") {
  TestServer server(kDebug);
  Redis redis = server.connect();
  fill(redis);
  redis("SAVE");
  const Shown digest = redis("DEBUG", "DIGEST");
  redis("DEBUG", "POPULATE", "100000", "key", "1000");
  redis("BGSAVE");
  REQUIRE(wait_until([&] { return has_temporary_file(server); }));
  server.crash_now();
  CHECK(has_temporary_file(server));
  server.start_again();
  CHECK(server.connect()("DEBUG", "DIGEST") == digest);
  CHECK_FALSE(has_temporary_file(server));
}

TEST_CASE("LASTSAVE is the time of the last good snapshot", "[lastsave]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t start = redis("LASTSAVE").number();
  CHECK(start > 1'700'000'000);
  redis("SAVE");
  CHECK(redis("LASTSAVE").number() >= start);
  CHECK(info_field(redis, "rdb_saves") == "1");
  CHECK(info_field(redis, "rdb_changes_since_last_save") == "0");
}

TEST_CASE("BGSAVE takes one word, and a transaction only schedules it", "[bgsave]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("BGSAVE", "NOW").text == "ERR syntax error");
  redis("MULTI");
  redis("BGSAVE");
  CHECK(redis("EXEC").text == "[Background saving scheduled]");
  CHECK(becomes(redis, "rdb_saves", "1"));
  redis("MULTI");
  CHECK(redis("SAVE").text == "ERR Command not allowed inside a transaction");
}

TEST_CASE("A save point saves by itself", "[save]") {
  TestServer server({"--save", "1 2"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "2-0", "f", "v");
  CHECK(becomes(redis, "rdb_saves", "1"));
  CHECK(server.has_logged("2 changes in 1 seconds. Saving..."));
  CHECK(server.has_logged("Background saving terminated with success"));
}

TEST_CASE("With save points SHUTDOWN and SIGTERM save, without they do not", "[shutdown]") {
  TestServer server({"--save", "3600 1"});
  server.connect()("XADD", "s", "1-0", "f", "v");
  CHECK(server.stop() == 0);
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 1);
  server.connect()("XADD", "s", "2-0", "f", "v");
  CHECK(server.terminate() == 0);
  server.start_again({"--save", ""});
  CHECK(server.connect()("XLEN", "s") == 2);
  server.connect()("XADD", "s", "3-0", "f", "v");
  CHECK(server.stop() == 0);
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 2);
  server.connect()("XADD", "s", "3-0", "f", "v");
  CHECK(server.connect()("SHUTDOWN", "SAVE") == "(closed)");
  CHECK(wait_until([&] { return !server.is_running(); }));
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 3);
}

/// Nobody can rename a file over a folder.
void make_saving_fail(const TestServer& server) {
  std::filesystem::remove(server.folder() + "/dump.rdb");
  std::filesystem::create_directory(server.folder() + "/dump.rdb");
}

TEST_CASE("When snapshots fail, writes and PING are refused until one succeeds", "[bgsave]") {
  TestServer server({"--save", "3600 1"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  make_saving_fail(server);
  redis("BGSAVE");
  REQUIRE(becomes(redis, "rdb_last_bgsave_status", "err"));
  CHECK(redis("XADD", "s", "2-0", "f", "v").starts_with("MISCONF Redis is configured to save"));
  CHECK(redis("PING").starts_with("MISCONF "));
  CHECK(redis("XLEN", "s") == 1);
  redis("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
  CHECK(redis("PING") == "PONG");
  redis("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes");
  CHECK(redis("PING").starts_with("MISCONF "));
  CHECK_FALSE(has_temporary_file(server));
  std::filesystem::remove(server.folder() + "/dump.rdb");
  CHECK(redis("SAVE") == "OK");
  CHECK(redis("XADD", "s", "2-0", "f", "v") == "2-0");
}

TEST_CASE("A server that cannot save does not end, unless it is forced", "[shutdown]") {
  TestServer server({"--save", "3600 1"});
  Redis redis = server.connect();
  make_saving_fail(server);
  CHECK(redis("SAVE").text == "ERR");
  CHECK(redis("SHUTDOWN").text == "ERR Errors trying to SHUTDOWN. Check logs.");
  kill(server.pid(), SIGTERM);
  CHECK(wait_until([&] { return server.has_logged("Received SIGTERM scheduling shutdown..."); }));
  CHECK(server.is_running());
  CHECK(redis("XLEN", "s") == 0);
  CHECK(redis("SHUTDOWN", "FORCE") == "(closed)");
  CHECK(wait_until([&] { return !server.is_running(); }));
}

TEST_CASE("A damaged snapshot stops the start and is named", "[save]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  redis("SAVE");
  server.crash_now();
  const std::string path = server.folder() + "/dump.rdb";
  std::string bytes = read_text(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_text(path, bytes);
  const Finished end = run_server_to_end(
      {"--dir", server.folder(), "--port", "0", "--unixsocket", server.folder() + "/other.sock"});
  CHECK(end.exit_code == 1);
  for (const char* words : {"Wrong RDB checksum expected: (", "dump.rdb, offset ",
                            "Fatal error loading the DB: Invalid argument. Exiting."})
    CHECK(end.out.find(words) != std::string::npos);
  CHECK(read_text(path) == bytes);
}

TEST_CASE("While it loads, a server says so, and does nothing else", "[save]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("DEBUG", "POPULATE", "400000", "key", "100");
  redis("SAVE");
  server.crash_now();
  bool was_loading = false;
  std::thread watcher([&] {
    const bool in_time = wait_until([&] {
      try {
        Redis early(server.socket_path());
        if (early("XLEN", "s").starts_with("LOADING ")) {
          was_loading = early("PING").starts_with("LOADING ") &&
                        early("PSYNC", "?", -1).starts_with("LOADING ") &&
                        early("INFO", "persistence").contains("loading_eta_seconds:") &&
                        early("LASTSAVE").number() > 0;
          return true;
        }
        return false;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
    if (!in_time) was_loading = false;
  });
  server.start_again();
  watcher.join();
  CHECK(was_loading);
  CHECK(server.connect()("DBSIZE") == 400000);
}

TEST_CASE("An expired key is not loaded", "[save]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "t", "1-0", "f", "v");
  redis("PEXPIRE", "s", "1");
  redis("SAVE");
  server.crash_now();
  server.start_again();
  redis = server.connect();
  CHECK(redis("DBSIZE") == 1);
  CHECK(info_field(redis, "rdb_last_load_keys_expired") == "1");
}

TEST_CASE("A snapshot brings along how long keys were idle, or how often they were used",
          "[save][object]") {
  const std::string policy =
      GENERATE(as<std::string>(), "allkeys-lru", "volatile-lru", "allkeys-lfu", "volatile-lfu");
  CAPTURE(policy);
  const bool is_lfu = policy.ends_with("lfu");
  TestServer server({"--maxmemory-policy", policy});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const auto use = [&] { return server.connect()("OBJECT", is_lfu ? "FREQ" : "IDLETIME", "t"); };
  CHECK(redis("RESTORE", "t", 0, redis("DUMP", "s").text, is_lfu ? "FREQ" : "IDLETIME", 100) ==
        "OK");
  CHECK(use().number() >= 100);
  redis("SAVE");
  server.crash_now();
  server.start_again();
  CHECK(use().number() >= 100);
}

TEST_CASE("A snapshot with more databases than there are is refused", "[save]") {
  TestServer server;
  fill_and_save(server);
  server.crash_now();
  CHECK_THROWS_WITH(
      server.start_again({"--databases", "3"}),
      Catch::Contains("Data file was created with a Redis server configured to handle more than 3 "
                      "databases. Exiting"));
  server.start_again({"--databases", "4"});
  Redis redis = server.connect();
  redis("SELECT", "3");
  CHECK(redis("XLEN", "u") == 1);
}

TEST_CASE("A snapshot without a checksum is loaded unchecked", "[save]") {
  TestServer server({"--rdbchecksum", "no"});
  fill_and_save(server);
  server.crash_now();
  server.start_again({"--rdbchecksum", "yes"});
  CHECK(server.log().find("RDB file was saved with checksum disabled: no check performed.") !=
        std::string::npos);
  CHECK(server.connect()("XLEN", "s") == 2);
}

}  // namespace
}  // namespace weir::testing
