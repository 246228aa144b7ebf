// What a replica does with the stream of its primary, command by command, and where it goes on when
// the link breaks: the primary says what the test wants, or is a real one.
#include <catch2/catch.hpp>

#include "tests/server/scripted_primary.h"
#include "tests/support/command_text.h"
#include "tests/support/replication_stage.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr int64_t kStart = 50;  // the offset that comes with the snapshot

/// A replica with one stream, `theirs`, at kStart, whose primary is the test.
struct Scene {
  explicit Scene(std::vector<std::string> options = {})
      : server(primary_options(std::move(options))) {
    TestServer real(primary_options());
    real.connect()("XADD", "theirs", "1-1", "f", "v");
    real.connect()("SAVE");
    redis("REPLICAOF", "127.0.0.1", primary.port());
    primary.announce_full_resync(kStart);
    primary.send_file(read_text(real.folder() + "/dump.rdb"));
    REQUIRE(becomes(redis, "master_link_status", "up"));
  }
  /// Commands, a line each; how many bytes they are.
  int64_t say(const std::string& lines) const {
    const std::string bytes = commands(lines);
    primary.say(bytes);
    return static_cast<int64_t>(bytes.size());
  }
  bool reaches(int64_t offset) {
    return becomes(redis, "slave_repl_offset", std::to_string(offset));
  }
  /// As PSYNC asks for it.
  static std::string place(int64_t offset) {
    const std::string number = std::to_string(offset + 1);
    return std::string(40, 'a') + "\r\n$" + std::to_string(number.size()) + "\r\n" + number +
           "\r\n";
  }

  ScriptedPrimary primary;
  TestServer server;
  Redis redis = server.connect();
};

std::string ack(int64_t offset) {
  const std::string number = std::to_string(offset);
  return "ACK\r\n$" + std::to_string(number.size()) + "\r\n" + number + "\r\n";
}

}  // namespace

TEST_CASE("The answer to GETACK tells what came before it, and the next one counts it",
          "[replica][replconf]") {
  Scene scene;
  int64_t offset = kStart + scene.say("SELECT 0\nXADD s 1-1 f v");
  const int64_t question = scene.say("REPLCONF GETACK *");
  scene.primary.await(ack(offset));
  offset += question + scene.say("PING");
  scene.primary.await(ack(offset));
}

TEST_CASE("Half a transaction is not applied, not counted, and asked for again",
          "[replica][transaction]") {
  Scene scene;
  const int64_t before = kStart + scene.say("SELECT 0\nXADD s 1-1 f v");
  scene.say("MULTI\nXADD s 2-1 f v");
  REQUIRE(scene.reaches(before));
  scene.primary.hang_up();
  CHECK(scene.primary.asked_for() == Scene::place(before));
  CHECK(scene.redis("XLEN", "s") == 1);
  scene.primary.say("+CONTINUE\r\n");
  const int64_t end = before + scene.say("MULTI\nXADD s 2-1 f v\nXADD s 3-1 f v\nEXEC");
  REQUIRE(scene.reaches(end));
  CHECK(scene.redis("XLEN", "s") == 3);
}

TEST_CASE("What goes on behind a break is of the database that was selected before",
          "[replica][select]") {
  Scene scene;
  const int64_t before = kStart + scene.say("SELECT 3\nXADD s 1-1 f v");
  REQUIRE(scene.reaches(before));
  scene.primary.hang_up();
  CHECK(scene.primary.asked_for() == Scene::place(before));
  scene.primary.say("+CONTINUE\r\n");
  REQUIRE(scene.reaches(before + scene.say("XADD s 2-1 f v")));
  CHECK(scene.redis("EXISTS", "s") == 0);
  scene.redis("SELECT", 3);
  CHECK(scene.redis("XLEN", "s") == 2);
}

TEST_CASE("What makes a connection new changes nothing of the link to a primary",
          "[replica][reset]") {
  Scene scene;
  REQUIRE(scene.reaches(kStart + scene.say("SELECT 3\nRESET\nXADD s 1-1 f v")));
  scene.redis("SELECT", 3);
  CHECK(scene.redis("XLEN", "s") == 1);
}

TEST_CASE("A stream that is no stream of requests is given up, and begun anew", "[replica]") {
  Scene scene;
  REQUIRE(scene.reaches(kStart + scene.say("SELECT 0\nXADD s 1-1 f v")));
  scene.primary.say("XADD s 2-1 f v\r\n");  // as a person would type it
  CHECK(log_says(scene.server, "Protocol error from master"));
  CHECK(scene.primary.asked_for() == "?");
  CHECK(scene.redis("XLEN", "s") == 1);
}

TEST_CASE(
    "Of a transaction with a command for other types nothing is done, and it is asked for again",
    "[replica][transaction]") {
  Scene scene;
  const int64_t before = kStart + scene.say("SELECT 0\nXADD s 1-1 f v");
  REQUIRE(scene.reaches(before));
  scene.say("MULTI\nXADD s 2-1 f v\nSET string x\nXADD s 3-1 f v\nEXEC");
  REQUIRE(log_says(scene.server, "The master sent the command 'SET'"));
  CHECK(scene.redis("XLEN", "s") == 1);
  CHECK(info_field(scene.redis, "slave_repl_offset") == std::to_string(before));
  CHECK(scene.redis("CONFIG", "SET", "replica-ignore-other-types", "yes") == "OK");
  CHECK(scene.primary.asked_for() == Scene::place(before));
}

TEST_CASE("A replica that was saved goes on in the database that was selected", "[replica]") {
  TestServer primary(primary_options(), kRedis);
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  theirs("SELECT", 3);
  REQUIRE(in_step(primary, replica));
  theirs("XADD", "t", "1-1", "f", "v");
  REQUIRE(in_step(primary, replica));
  replica.connect().send("SHUTDOWN", "SAVE");
  REQUIRE(wait_until([&] { return !replica.is_running(); }));
  theirs("XADD", "t", "2-1", "f", "v");  // no SELECT is told before it
  replica.start_again();
  REQUIRE(in_step(primary, replica));
  Redis ours = replica.connect();
  ours("SELECT", 3);
  CHECK(ours("XLEN", "t") == 2);
  CHECK(info_field(theirs, "sync_full") == "1");
}

TEST_CASE("A replica evicts nothing and refuses its primary nothing, unless it minds maxmemory",
          "[replica][maxmemory]") {
  const std::string ignores = GENERATE(as<std::string>(), "yes", "no");
  CAPTURE(ignores);
  TestServer primary(primary_options(), kRedis);
  TestServer replica(replica_of(primary, {"--replica-ignore-maxmemory", ignores}));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  ours("CONFIG", "SET", "maxmemory", 1, "maxmemory-policy", "allkeys-lru");
  for (int i = 0; i < 10; ++i)
    theirs("XADD", "s" + std::to_string(i), "1-1", "f", "v");
  REQUIRE(in_step(theirs, ours));
  if (ignores == "yes") {
    CHECK(ours("DBSIZE") == 10);
    CHECK(info_field(ours, "evicted_keys") == "0");
  } else {
    CHECK(becomes(ours, "db0", ""));
    CHECK(info_field(ours, "evicted_keys") == "10");
  }
  CHECK_FALSE(replica.has_logged("CRITICAL"));
}

TEST_CASE("What clients write to a replica stays there", "[replica][readonly]") {
  TestServer primary(primary_options());
  TestServer middle(replica_of(primary, {"--replica-read-only", "no"}));
  TestServer last(replica_of(middle));
  REQUIRE(in_step(primary, middle));
  REQUIRE(in_step(middle, last));
  Redis two = middle.connect();
  const std::string before = info_field(two, "master_repl_offset");
  primary.connect()("CONFIG", "SET", "repl-ping-replica-period", 1000);
  REQUIRE(in_step(primary, middle));
  CHECK(two("XADD", "mine", "1-1", "f", "v") == "1-1");
  CHECK(two("PUBLISH", "channel", "message") == 0);
  primary.connect()("XADD", "theirs", "1-1", "f", "v");
  REQUIRE(in_step(primary, middle));
  REQUIRE(in_step(middle, last));
  CHECK(last.connect()("KEYS", "*") == R"(["theirs"])");
  CHECK(primary.connect()("KEYS", "*") == R"(["theirs"])");
}

TEST_CASE("A replica that loses its primary keeps its own replicas", "[replica]") {
  TestServer primary(primary_options());
  TestServer middle(replica_of(primary));
  TestServer last(replica_of(middle));
  REQUIRE(in_step(primary, middle));
  REQUIRE(in_step(middle, last));
  primary.crash_now();
  Redis two = middle.connect();
  Redis three = last.connect();
  REQUIRE(becomes(two, "master_link_status", "down"));
  CHECK(info_field(two, "connected_slaves") == "1");
  CHECK(info_field(three, "master_link_status") == "up");
  CHECK(info_field(two, "sync_full") == "1");
  CHECK(info_field(two, "sync_partial_ok") == "0");
}

TEST_CASE("While stale data are not served, what needs none is answered, and nothing else",
          "[replica]") {
  const std::string binary = GENERATE(as<std::string>(), "", kRedis);
  TestServer server(primary_options({"--replicaof", "127.0.0.1 1"}),
                    binary.empty() ? server_binary() : binary);
  server.connect()("CONFIG", "SET", "replica-serve-stale-data", "no");
  const auto answer = [&](const std::string& words) {
    RawClient client = server.connect_raw();
    client.write(words + "\r\n");
    return show(client.read());
  };
  const std::string refused =
      "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  for (const char* const words : {"AUTH x",
                                  "HELLO",
                                  "SELECT 1",
                                  "INFO",
                                  "CONFIG GET port",
                                  "CLIENT ID",
                                  "MULTI",
                                  "EXEC",
                                  "DISCARD",
                                  "WATCH k",
                                  "UNWATCH",
                                  "SUBSCRIBE c",
                                  "PUBLISH c m",
                                  "REPLCONF capa eof",
                                  "REPLICAOF 127.0.0.1 1",
                                  "FAILOVER ABORT",
                                  "ROLE",
                                  "SHUTDOWN ABORT",
                                  "LASTSAVE",
                                  "COMMAND COUNT",
                                  "RESET",
                                  "MONITOR",
                                  "DEBUG JMAP"}) {
    CAPTURE(words);
    CHECK(answer(words) != refused);
  }
  for (const char* const words : {"PING", "PSYNC ? -1", "SYNC", "XLEN s", "EXISTS s", "DBSIZE",
                                  "SAVE", "BGSAVE", "WAIT 0 0"}) {
    CAPTURE(words);
    CHECK(answer(words) == refused);
  }
}

}  // namespace weir::testing
