// The log of writes: what a restart finds again, what is refused, and how it is rewritten.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "persistence/file.h"
#include "tests/server/by_hand.h"
#include "tests/support/contains.h"
#include "tests/support/info_fields.h"
#include "tests/support/patience.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

std::string path_in(const TestServer& server, const std::string& name) {
  return server.folder() + "/appendonlydir/appendonly.aof." + name;
}

/// Under everysec a write may wait in memory while a sync takes long.
void wait_for_write(Redis& redis) {
  REQUIRE(becomes(redis, "aof_buffer_length", "0"));
}

/// Everything that is to survive, as replies.
std::string contents(Redis& redis) {
  std::string text;
  for (const char* const db : {"0", "3"}) {
    redis("SELECT", db);
    for (const char* const key : {"s", "t", "u"}) {
      text += redis("XRANGE", key, "-", "+").text + redis("XPENDING", key, "g").text +
              redis("XINFO", "GROUPS", key).text + redis("PEXPIRETIME", key).text + "\n";
    }
  }
  redis("SELECT", "0");
  return text;
}

void fill(Redis& redis) {
  for (int i = 0; i < 50; ++i)
    redis("XADD", "s", "MAXLEN", "~", 30, "*", "field", i);
  redis("XGROUP", "CREATE", "s", "g", "0");
  redis("XREADGROUP", "GROUP", "g", "ann", "COUNT", 7, "STREAMS", "s", ">");
  redis("XAUTOCLAIM", "s", "g", "bob", 0, "-", "COUNT", 2);
  redis("SELECT", 3);
  redis("MULTI");
  redis("XADD", "t", "1-0", "f", "v");
  redis("XADD", "u", "1-0", "f", "v");
  redis("EXEC");
  redis("PEXPIREAT", "t", "4102444800000");
  redis("XDEL", "u", "1-0");
  redis("SELECT", 0);
}

/// What there is now is there after the process was killed, too.  more: options of the next start.
void check_survives(TestServer& server, Redis& redis, const std::vector<std::string>& more = {}) {
  const std::string all = contents(redis);
  wait_for_write(redis);
  server.crash_now();
  more.empty() ? server.start_again() : server.start_again(more);
  Redis again = server.connect();
  CHECK(contents(again) == all);
}

}  // namespace

TEST_CASE("What was acknowledged is there after the process was killed, and after a stop",
          "[aof]") {
  for (const char* const policy : {"no", "everysec", "always"}) {
    CAPTURE(policy);
    TestServer server({"--appendonly", "yes", "--appendfsync", policy});
    Redis redis = server.connect();
    fill(redis);
    const std::string before = contents(redis);
    wait_for_write(redis);
    server.crash_now();
    server.start_again();
    Redis again = server.connect();
    CHECK(contents(again) == before);
    again("XADD", "s", "9999999999999-0", "f", "v");
    const std::string with_more = contents(again);
    CHECK(server.stop() == 0);
    server.start_again();
    Redis last = server.connect();
    CHECK(contents(last) == with_more);
  }
}

TEST_CASE("A rewrite leaves the same data in fewer bytes, and what was written meanwhile",
          "[aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  fill(redis);
  for (int i = 0; i < 500; ++i)
    redis("XADD", "t", "MAXLEN", 1, "*", "f", i);
  const auto before = redis("XLEN", "t");
  CHECK(redis("BGREWRITEAOF") == "Background append only file rewriting started");
  redis("XADD", "u", "7-0", "while", "it runs");
  REQUIRE(becomes(redis, "aof_rewrites", "1"));
  CHECK(info_field(redis, "aof_last_bgrewrite_status") == "ok");
  CHECK(redis("XLEN", "t") == before);
  const std::string all = contents(redis);
  CHECK(fs::exists(path_in(server, "2.base.rdb")));
  CHECK(fs::exists(path_in(server, "2.incr.aof")));
  CHECK_FALSE(fs::exists(path_in(server, "1.base.rdb")));
  CHECK_FALSE(fs::exists(path_in(server, "1.incr.aof")));
  wait_for_write(redis);
  server.crash_now();
  server.start_again();
  Redis again = server.connect();
  CHECK(contents(again) == all);
}

TEST_CASE("A base of commands holds the same data as one that is a snapshot", "[aof]") {
  TestServer server(
      {"--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes"});
  Redis redis = server.connect();
  fill(redis);
  redis("XGROUP", "CREATECONSUMER", "s", "g", "idle");
  redis("BGREWRITEAOF");
  REQUIRE(becomes(redis, "aof_rewrites", "1"));
  CHECK(fs::exists(path_in(server, "2.base.aof")));
  redis("XADD", "u", "7-0", "f", "v");
  check_survives(server, redis);
}

TEST_CASE("A base of commands has no word that its oldest reader does not know", "[aof]") {
  const auto [level, has_messages, has_release] = GENERATE(table<const char*, bool, bool>(
      {{"7.0", false, false}, {"8.2", false, false}, {"8.6", true, false}, {"8.8", true, true}}));
  CAPTURE(level);
  TestServer server(
      {"--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--propagation-level", level});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XCFGSET", "s", "IDMP-DURATION", 7);
  redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  redis("XGROUP", "CREATE", "s", "g", 0);
  redis("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "s", ">");
  redis("XNACK", "s", "g", "SILENT", "IDS", 1, "1-0");
  redis("BGREWRITEAOF");
  REQUIRE(becomes(redis, "aof_rewrites", "1"));
  const std::string base = read_text(path_in(server, "2.base.aof"));
  CHECK((base.find("XCFGSET") != std::string::npos) == has_messages);
  CHECK((base.find("XIDMPRECORD") != std::string::npos) == has_messages);
  CHECK((base.find("XNACK") != std::string::npos) == has_release);
  CHECK((base.find("(released)") != std::string::npos) == !has_release);
  const std::string pending = redis("XPENDING", "s", "g", "-", "+", 10).text;
  CHECK(server.stop() == 0);
  server.start_again();
  Redis again = server.connect();
  CHECK(again("XPENDING", "s", "g", "-", "+", 10).text == pending);
}

TEST_CASE("A log that grows is rewritten by itself", "[aof]") {
  TestServer server({"--appendonly", "yes", "--auto-aof-rewrite-min-size", "20kb"});
  Redis redis = server.connect();
  for (int i = 0; i < 500; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", i);
  CHECK(wait_until([&] { return info_field(redis, "aof_rewrites") != "0"; }));
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("A log that is switched on while the server runs has what there was before", "[aof]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  CHECK(redis("CONFIG", "SET", "appendonly", "yes") == "OK");
  redis("XADD", "u", "8-0", "f", "v");
  REQUIRE(becomes(redis, "aof_pending_rewrite", "0"));
  CHECK(info_field(redis, "aof_enabled") == "1");
  redis("XADD", "u", "9-0", "f", "v");
  check_survives(server, redis, {"--appendonly", "yes"});
  Redis again = server.connect();
  CHECK(again("CONFIG", "SET", "appendonly", "no") == "OK");
  CHECK(info_field(again, "aof_enabled") == "0");
  again("XADD", "u", "10-0", "not", "kept");
  CHECK(again("CONFIG", "SET", "appendonly", "yes") == "OK");
  REQUIRE(becomes(again, "aof_pending_rewrite", "0"));
  check_survives(server, again);
}

TEST_CASE("A snapshot takes the place of a log in the steps of the README", "[aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  fill(redis);
  const std::string all = contents(redis);
  CHECK(redis("SAVE") == "OK");
  fs::rename(server.folder() + "/dump.rdb", server.folder() + "/backup");
  redis("XADD", "s", "*", "after", "the backup");
  CHECK(server.stop() == 0);
  fs::rename(server.folder() + "/backup", server.folder() + "/dump.rdb");
  fs::rename(server.folder() + "/appendonlydir", server.folder() + "/former");

  server.start_again({"--appendonly", "no"});
  Redis again = server.connect();
  CHECK(contents(again) == all);
  CHECK(again("CONFIG", "SET", "appendonly", "yes") == "OK");
  REQUIRE(becomes(again, "aof_pending_rewrite", "0"));
  server.crash_now();
  fs::remove(server.folder() + "/dump.rdb");
  server.start_again({"--appendonly", "yes"});
  Redis last = server.connect();
  CHECK(contents(last) == all);
}

TEST_CASE("A log that is copied while the server writes is whole up to its end", "[aof]") {
  TestServer server(
      {"--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"});
  Redis redis = server.connect();
  constexpr int kBefore = 1000;
  for (int i = 1; i <= kBefore; ++i)
    redis("XADD", "s", std::to_string(i) + "-0", "f", "v");
  wait_for_write(redis);
  const TempFolder copy;
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    Redis other = server.connect();
    for (int i = kBefore + 1; !ends; ++i)
      other("XADD", "s", std::to_string(i) + "-0", "f", "v");
  });
  REQUIRE(wait_until([&] { return redis("XLEN", "s").number() > kBefore; }));
  fs::copy(server.folder() + "/appendonlydir", copy / "appendonlydir");
  ends = true;
  writer.join();
  TestServer restored({"--appendonly", "yes", "--dir", copy.path()});
  Redis there = restored.connect();
  const int64_t length = there("XLEN", "s").number();
  CHECK(length >= kBefore);
  CHECK(there("XINFO", "STREAM", "s").text.find("\"" + std::to_string(length) + "-0\"") !=
        std::string::npos);
}

TEST_CASE("The form of the next base may change while one is written", "[aof]") {
  TestServer server({"--appendonly", "yes", "--enable-debug-command", "yes"});
  Redis redis = server.connect();
  fill(redis);
  redis("DEBUG", "POPULATE", 20'000);
  for (const char* const form : {"no", "yes"}) {
    const std::string before = info_field(redis, "aof_rewrites");
    redis("BGREWRITEAOF");
    CHECK(redis("CONFIG", "SET", "aof-use-rdb-preamble", form) == "OK");
    REQUIRE(wait_until([&] { return info_field(redis, "aof_rewrites") != before; }));
  }
  check_survives(server, redis);
}

TEST_CASE("A rewrite that began while the log was off is not the base of one that is switched on",
          "[aof]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  fill(redis);
  redis("DEBUG", "POPULATE", 20'000);
  redis("BGREWRITEAOF");
  redis("XADD", "u", "8-0", "neither", "here nor there");
  CHECK(redis("CONFIG", "SET", "appendonly", "yes") == "OK");
  REQUIRE(becomes(redis, "aof_pending_rewrite", "0"));
  check_survives(server, redis, {"--appendonly", "yes"});
}

TEST_CASE("The log goes with the server to another folder", "[aof]") {
  TestServer server({"--appendonly", "yes", "--enable-protected-configs", "yes"});
  Redis redis = server.connect();
  fill(redis);
  const std::string folder = server.folder() + "/elsewhere";
  fs::create_directory(folder);
  CHECK(redis("CONFIG", "SET", "dir", folder + "/nowhere").contains("No such file"));
  CHECK(redis("CONFIG", "SET", "dir", folder) == "OK");
  redis("XADD", "u", "8-0", "f", "v");
  REQUIRE(becomes(redis, "aof_pending_rewrite", "0"));
  redis("XADD", "u", "9-0", "f", "v");
  check_survives(server, redis, {"--appendonly", "yes", "--dir", folder});
}

TEST_CASE("A new increment has not the name of one that is to be deleted", "[aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  fill(redis);
  redis("CONFIG", "SET", "appendonly", "no", "aof-disable-auto-gc", "yes");
  redis("BGREWRITEAOF");
  REQUIRE(becomes(redis, "aof_rewrites", "1"));
  const std::string all = contents(redis);
  server.crash_now();
  server.start_again();
  Redis again = server.connect();
  REQUIRE(contents(again) == all);
  again("XADD", "u", "8-0", "f", "v");
  check_survives(server, again);
}

TEST_CASE("A rewrite while the log is off ends with the folder it was for", "[aof]") {
  TestServer server({"--enable-debug-command", "yes", "--enable-protected-configs", "yes"});
  Redis redis = server.connect();
  const fs::path elsewhere = server.folder() + "/elsewhere";
  fs::create_directories(elsewhere / "appendonlydir");
  redis("DEBUG", "POPULATE", 20'000);
  redis("BGREWRITEAOF");
  CHECK(redis("CONFIG", "SET", "dir", elsewhere.string()) == "OK");
  CHECK(info_field(redis, "aof_rewrite_in_progress") == "0");
  CHECK_FALSE(fs::exists(elsewhere / "appendonlydir/appendonly.aof.manifest"));
}

TEST_CASE("Under always, pipelines of many connections are answered in order", "[aof][gate]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  std::vector<Redis> connections;
  connections.reserve(10);
  for (int i = 0; i < 10; ++i)
    connections.push_back(server.connect());
  for (int round = 1; round <= 20; ++round) {
    for (Redis& redis : connections) {
      redis.send("PING");
      redis.send("XADD", "s", "*", "f", "v");
      redis.send("ECHO", round);
      redis.send("XDEL", "s", "1-1");
      redis.send("MULTI");
      redis.send("XADD", "t", "*", "f", "v");
      redis.send("EXEC");
    }
    for (Redis& redis : connections) {
      CHECK(redis.read() == "PONG");
      CHECK(redis.read().contains("-"));
      CHECK(redis.read() == round);
      CHECK(redis.read() == 0);
      CHECK(redis.read() == "OK");
      CHECK(redis.read() == "QUEUED");
      CHECK(redis.read().starts_with("[\""));
    }
  }
  CHECK(connections[0]("XLEN", "s") == 200);
}

TEST_CASE("A blocked reader is woken with what is on disk, and the connection goes on",
          "[aof][gate]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Redis reader = server.connect();
  Redis writer = server.connect();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(wait_until([&] { return writer("INFO", "clients").contains("blocked_clients:1"); }));
  writer("XADD", "s", "1-1", "f", "v");
  CHECK(reader.read() == R"([["s",[["1-1",["f","v"]]]]])");
  CHECK(reader("PING") == "PONG");
}

TEST_CASE("appendfsync changes while replies wait", "[aof][gate]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Redis redis = server.connect();
  for (int i = 0; i < 20; ++i) {
    redis.send("XADD", "s", "*", "f", "v");
    redis.send("CONFIG", "SET", "appendfsync", i % 2 == 0 ? "everysec" : "always");
    redis.send("XADD", "s", "*", "f", "v");
  }
  for (int i = 0; i < 60; ++i)
    CHECK_FALSE(redis.read().starts_with("ERR"));
  CHECK(redis("XLEN", "s") == 40);
}

TEST_CASE("A disk that is full refuses writes and PING, and takes all when there is room again",
          "[aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  // Signals about the limit are ignored; a write beyond it fails.
  const rlimit tight{.rlim_cur = 300, .rlim_max = RLIM_INFINITY};
  REQUIRE(prlimit(server.pid(), RLIMIT_FSIZE, &tight, nullptr) == 0);
  for (int i = 2; i < 20; ++i)
    redis("XADD", "s", std::to_string(i) + "-0", "f", "v");
  REQUIRE(wait_until([&] { return redis("PING") != "PONG"; }));  // a sync may hold the write up
  CHECK(redis("XADD", "s", "99-0", "f", "v") ==
        "MISCONF Errors writing to the AOF file: File too large");
  CHECK(redis("PING").starts_with("MISCONF Errors writing to the AOF file"));
  CHECK(redis("MULTI") == "OK");
  CHECK(redis("XDEL", "s", "1-0").starts_with("MISCONF"));
  CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
  CHECK(info_field(redis, "aof_last_write_status") == "err");
  const auto length = redis("XLEN", "s");
  const rlimit wide{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  REQUIRE(prlimit(server.pid(), RLIMIT_FSIZE, &wide, nullptr) == 0);
  REQUIRE(wait_until([&] { return redis("PING") == "PONG"; }));
  CHECK(server.has_logged("AOF write error looks solved"));
  CHECK(info_field(redis, "aof_last_write_status") == "ok");
  server.crash_now();
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == length);
}

TEST_CASE("Damage in the middle of the log stops the start, a tear at the end does not", "[aof]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Redis redis = server.connect();
  for (int i = 1; i <= 20; ++i)
    redis("XADD", "s", std::to_string(i) + "-0", "f", "v");
  server.crash_now();
  const std::string path = path_in(server, "1.incr.aof");
  const std::string whole = *read_all(real_files(), path);
  const size_t end = whole.find("\n###");
  REQUIRE(end != std::string::npos);

  write_text(path, whole.substr(0, end - 60));
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 19);
  CHECK(server.has_logged("!!! Truncating the AOF appendonly.aof.1.incr.aof at offset"));
  server.crash_now();

  std::string damaged = whole;
  damaged[damaged.find("7-0")] = '8';
  write_text(path, damaged);
  const Finished finished =
      run_server_to_end({"--dir", server.folder(), "--port", "0", "--unixsocket",
                         server.folder() + "/s.sock", "--appendonly", "yes", "--save", ""});
  CHECK(finished.exit_code == 1);
  CHECK((finished.out + finished.err).find("is damaged: what was written at offset") !=
        std::string::npos);
  CHECK(*read_all(real_files(), path) == damaged);
}

TEST_CASE("DEBUG LOADAOF finds in the log what is in memory", "[aof][debug]") {
  TestServer server({"--appendonly", "yes", "--enable-debug-command", "yes"});
  Redis redis = server.connect();
  fill(redis);
  const std::string before = contents(redis);
  CHECK(redis("DEBUG", "LOADAOF") == "OK");
  CHECK(contents(redis) == before);
  redis("XADD", "s", "9999999999999-0", "f", "v");
  check_survives(server, redis);
}

TEST_CASE("DEBUG LOADAOF of a log that is damaged says so", "[aof][debug]") {
  TestServer server(
      {"--appendonly", "yes", "--aof-load-truncated", "no", "--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  wait_for_write(redis);
  std::ofstream(path_in(server, "1.incr.aof"), std::ios::app) << "no command\r\n";
  CHECK(redis("DEBUG", "LOADAOF") == "ERR Error trying to load the AOF files, check server logs.");
  CHECK(contains(server.log(), "reading the append only file"));
}

TEST_CASE("A rewrite that cannot begin says so", "[aof]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  fs::remove_all(server.folder() + "/appendonlydir");
  CHECK(redis("BGREWRITEAOF") ==
        "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
        "information.");
  CHECK(redis("XADD", "s", "1-0", "f", "v") == "1-0");
}

TEST_CASE("Who watches a key while a log is loaded does not remove what it gives more time",
          "[aof][watch]") {
  constexpr int kCommands = 300'000;
  const auto command = [](const std::vector<std::string>& words) { return encode_command(words); };
  std::string log = command({"XADD", "k", "1-1", "f", "v"}) + command({"PEXPIREAT", "k", "1000"});
  for (int i = 1; i <= kCommands; ++i)
    log += command({"XADD", "s", "MAXLEN", "=", "10", std::to_string(i) + "-1", "f", "v"});
  log += command({"PERSIST", "k"});
  ByHand server;
  write_text(server.folder() / "appendonly.aof", log);
  server.launch(server.with({"--appendonly", "yes"}));
  int looks = 0;
  REQUIRE(wait_until([&] {
    try {
      Redis redis = server.connect();
      if (info_field(redis, "loading") == "0") return true;
      redis("WATCH", "k");
      ++looks;
    } catch (const std::runtime_error&) {
      // It has just begun.
    }
    return false;
  }));
  CHECK(looks > 0);
  CHECK(server.connect()("EXISTS", "k") == 1);
}

TEST_CASE("Commands that nobody has written to a log are passed over with a complaint", "[aof]") {
  const std::vector<std::vector<std::string>> commands = {
      {"MONITOR"},         {"QUIT"},
      {"SHUTDOWN"},        {"SUBSCRIBE", "c"},
      {"PSUBSCRIBE", "c"}, {"SYNC"},
      {"SSUBSCRIBE", "c"}, {"PSYNC", "?", "-1"},
      {"XADD", "s"},       {"XADD", "s", "1-1", "f", "v"}};
  std::string log;
  for (const std::vector<std::string>& words : commands)
    log += encode_command(words);
  ByHand server;
  write_text(server.folder() / "appendonly.aof", log);
  server.start(server.with({"--appendonly", "yes"}));
  Redis redis = server.connect();
  CHECK(redis("XLEN", "s") == 1);
  CHECK(redis("PUBLISH", "c", "m") == 0);
  CHECK(redis("ROLE").starts_with("[\"master\""));
  CHECK(server.output().find("'quit' is no change of data") != std::string::npos);
  CHECK(server.output().find("wrong number of arguments for 'xadd' command") != std::string::npos);
}

}  // namespace weir::testing
