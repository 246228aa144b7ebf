// min-replicas-to-ack: a write is answered when so many replicas have it, or with an error.
#include <csignal>

#include <catch2/catch.hpp>

#include "tests/server/scripted_primary.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// Options of a server whose replies wait for one replica, for so long.
std::vector<std::string> one_ack(int timeout_ms, std::vector<std::string> more = {}) {
  std::vector<std::string> options = primary_options(
      {"--min-replicas-to-ack", "1", "--min-replicas-ack-timeout", std::to_string(timeout_ms)});
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

constexpr int kForEver = 0;
constexpr std::string_view kLate = "UNCONFIRMED The write is applied here";
constexpr std::string_view kReplicaNow =
    "UNCONFIRMED The write was applied here, but this server has become a replica";

/// A primary that wants an acknowledgement, and a replica that can be made silent.
struct Pair {
  explicit Pair(int timeout_ms, const std::vector<std::string>& primary_more = {},
                const std::vector<std::string>& replica_more = {})
      : primary(one_ack(timeout_ms, primary_more)),
        replica(replica_of(primary, replica_more)),
        redis(primary.connect()) {
    Redis other = replica.connect();
    REQUIRE(in_step(redis, other));
  }
  void freeze() { REQUIRE(kill(replica.pid(), SIGSTOP) == 0); }
  void thaw() { REQUIRE(kill(replica.pid(), SIGCONT) == 0); }

  TestServer primary;
  TestServer replica;
  Redis redis;
};

}  // namespace

TEST_CASE("A write that no replica ever sees is not confirmed, with a log and without",
          "[commit_gate]") {
  const std::string log = GENERATE(as<std::string>(), "no", "yes");
  TestServer server(one_ack(100, {"--appendonly", log, "--repl-backlog-ttl", "1"}));
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "1-1", "f", "v").starts_with(kLate));
  CHECK(redis("XLEN", "s") == 1);
  CHECK(redis("XDEL", "s", "9-9") == 0);  // wrote nothing
  CHECK(info_field(redis, "errorstat_UNCONFIRMED") == "count=1");
  CHECK(redis("XADD", "s", "2-1", "f", "v").starts_with(kLate));
}

TEST_CASE("Only the writer waits: others see a write as soon as it is applied", "[commit_gate]") {
  const std::string log = GENERATE(as<std::string>(), "no", "yes");
  TestServer server(one_ack(kForEver, {"--appendonly", log, "--appendfsync", "always",
                                       "--notify-keyspace-events", "KA"}));
  Redis writer = server.connect();
  Redis reader = server.connect();
  Redis subscriber = server.connect();
  Redis monitor = server.connect();
  RawClient cache = server.connect_raw();
  subscriber("SUBSCRIBE", "__keyspace@0__:s");
  CHECK(monitor("MONITOR") == "OK");
  cache("HELLO", "3");
  cache("CLIENT", "TRACKING", "ON");
  cache("XLEN", "s");
  writer.send("XADD", "s", "1-1", "f", "v");

  REQUIRE(wait_until([&] { return reader("XLEN", "s") == 1; }));
  CHECK(reader("XRANGE", "s", "-", "+") == R"([["1-1",["f","v"]]])");
  CHECK(subscriber.read() == R"(["message","__keyspace@0__:s","xadd"])");
  std::string seen;
  while (!contains(seen, "XADD"))
    seen = monitor.read().text;
  CHECK(contains(seen, R"("XADD" "s" "1-1" "f" "v")"));
  CHECK(resp::show(cache.read()) == R"(>["invalidate", *["s"]])");
  CHECK(writer.nothing_arrives());
}

TEST_CASE("A message that its producer sends again is confirmed no sooner than its entry",
          "[commit_gate][idmp]") {
  const std::string level = GENERATE(as<std::string>(), "7.0", "8.8");
  TestServer server(one_ack(100, {"--propagation-level", level}));
  Redis redis = server.connect();
  const auto send = [&redis] { return redis("XADD", "s", "IDMP", "p", "1", "*", "f", "v"); };
  CHECK(send().starts_with(kLate));
  CHECK(send().starts_with(kLate));
  redis("MULTI");
  CHECK(send() == "QUEUED");
  CHECK(redis("EXEC").starts_with(kLate));
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("Messages wait for nobody", "[commit_gate][pubsub]") {
  TestServer server(one_ack(kForEver));
  Redis redis = server.connect();
  CHECK(redis("PUBLISH", "c", "m") == 0);
  redis("MULTI");
  redis("PUBLISH", "c", "m");
  CHECK(redis("EXEC") == "[0]");
  redis("MULTI");
  redis("PUBLISH", "c", "m");
  redis("XADD", "s", "1-1", "f", "v");
  redis.send("EXEC");
  CHECK(redis.nothing_arrives());
}

TEST_CASE("Replies to a transaction wait, and are taken back, as one", "[commit_gate]") {
  Pair pair(1000);
  pair.freeze();
  for (const char* word : {"MULTI", "EXEC"}) {
    pair.redis.send(word);
    if (std::string_view(word) == "EXEC") continue;
    pair.redis.send("XADD", "s", "1-1", "f", "v");
    pair.redis.send("XLEN", "s");
    pair.redis.send("XADD", "s", "2-1", "f", "v");
  }
  pair.redis.send("XLEN", "s");
  for (const char* reply : {"OK", "QUEUED", "QUEUED", "QUEUED"})
    CHECK(pair.redis.read() == reply);
  CHECK(pair.redis.nothing_arrives());
  SECTION("the replica has it in time") {
    pair.thaw();
    CHECK(pair.redis.read() == R"(["1-1",1,"2-1"])");
  }
  SECTION("it has not") {
    CHECK(pair.redis.read().starts_with(kLate));
    pair.thaw();
  }
  CHECK(pair.redis.read() == 2);
}

TEST_CASE("Readers that wait are shown an entry when replicas have it", "[commit_gate]") {
  Pair pair(kForEver);
  pair.redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  Redis reader = pair.primary.connect();
  Redis consumer = pair.primary.connect();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  consumer.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
  Redis onlooker = pair.primary.connect();
  REQUIRE(becomes(onlooker, "blocked_clients", "2"));
  pair.freeze();
  pair.redis.send("XADD", "s", "1-1", "f", "v");
  REQUIRE(becomes(onlooker, "blocked_clients", "0"));
  CHECK(reader.nothing_arrives());
  CHECK(consumer.nothing_arrives());
  CHECK(pair.redis.nothing_arrives());
  CHECK(onlooker("XLEN", "s") == 1);
  pair.thaw();
  CHECK(reader.read() == R"([["s",[["1-1",["f","v"]]]]])");
  CHECK(consumer.read() == R"([["s",[["1-1",["f","v"]]]]])");
  CHECK(pair.redis.read() == "1-1");
}

TEST_CASE("What waits for replicas when the server becomes one is not confirmed",
          "[commit_gate][replicaof]") {
  const std::string log = GENERATE(as<std::string>(), "no", "always");
  Pair pair(kForEver, log == "no"
                          ? std::vector<std::string>()
                          : std::vector<std::string>{"--appendonly", "yes", "--appendfsync", log});
  TestServer other(primary_options());
  Redis waits = pair.primary.connect();
  Redis operates = pair.primary.connect();
  pair.freeze();
  pair.redis.send("XADD", "s", "1-1", "f", "v");
  pair.redis.send("XLEN", "s");
  pair.redis.send("XADD", "s", "2-1", "f", "v");
  REQUIRE(wait_until([&] { return operates("XLEN", "s") == 2; }));
  waits.send("XADD", "t", "1-1", "f", "v");
  waits.send("WAIT", 1, 0);
  REQUIRE(becomes(operates, "blocked_clients", "1"));
  CHECK(operates("REPLICAOF", "127.0.0.1", other.port()) == "OK");
  CHECK(pair.redis.read().starts_with(kReplicaNow));
  CHECK(pair.redis.read() == 1);
  CHECK(pair.redis.read().starts_with(kReplicaNow));
  CHECK(waits.read().starts_with(kReplicaNow));
  CHECK(waits.read().starts_with("UNBLOCKED "));
  CHECK(info_field(operates, "errorstat_UNCONFIRMED") == "count=3");
  CHECK(pair.redis("XADD", "s", "3-1", "f", "v").starts_with("READONLY"));
  pair.thaw();
}

TEST_CASE("A server that is made a primary confirms nothing alone, from its first write on",
          "[commit_gate][replicaof]") {
  TestServer primary(primary_options());
  TestServer replica(
      replica_of(primary, {"--min-replicas-to-ack", "1", "--min-replicas-ack-timeout", "100"}));
  REQUIRE(in_step(primary, replica));
  Redis redis = replica.connect();
  redis.send("REPLICAOF", "NO", "ONE");
  redis.send("XADD", "s", "1-1", "f", "v");
  CHECK(redis.read() == "OK");
  CHECK(redis.read().starts_with(kLate));
}

TEST_CASE("min-replicas-to-ack and its time hold as soon as they are set", "[commit_gate]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  Redis operates = server.connect();
  redis.send("CONFIG", "SET", "min-replicas-to-ack", 1, "min-replicas-ack-timeout", 0);
  redis.send("XADD", "s", "1-1", "f", "v");
  CHECK(redis.read() == "OK");
  CHECK(redis.nothing_arrives());
  SECTION("a time for what waits already") {
    CHECK(operates("CONFIG", "SET", "min-replicas-ack-timeout", 50) == "OK");
    CHECK(redis.read().starts_with(kLate));
  }
  SECTION("nothing is asked for any more") {
    CHECK(operates("CONFIG", "SET", "min-replicas-to-ack", 0) == "OK");
    CHECK(redis.read() == "1-1");
    CHECK(redis("XADD", "s", "2-1", "f", "v") == "2-1");
  }
  SECTION("a replica comes") {
    TestServer replica(replica_of(server));
    CHECK(redis.read() == "1-1");
  }
}

TEST_CASE("What waits for two replicas leaves when one is enough", "[commit_gate]") {
  Pair pair(kForEver);
  CHECK(pair.redis("CONFIG", "SET", "min-replicas-to-ack", 2) == "OK");
  pair.redis.send("XADD", "s", "1-1", "f", "v");
  Redis operates = pair.primary.connect();
  Redis other = pair.replica.connect();
  REQUIRE(in_step(operates, other));
  CHECK(pair.redis.nothing_arrives());
  CHECK(operates("CONFIG", "SET", "min-replicas-to-ack", 1) == "OK");
  CHECK(pair.redis.read() == "1-1");
}

TEST_CASE("A server that ends answers what replicas still get", "[commit_gate][shutdown]") {
  Pair pair(kForEver);
  pair.freeze();
  pair.redis.send("XADD", "s", "1-1", "f", "v");
  Redis operates = pair.primary.connect();
  REQUIRE(wait_until([&] { return operates("XLEN", "s") == 1; }));
  operates.send("SHUTDOWN");
  CHECK(pair.redis.nothing_arrives());
  pair.thaw();
  CHECK(pair.redis.read() == "1-1");
  CHECK(pair.redis.read() == "(closed)");
}

TEST_CASE("A connection may end while its replies wait", "[commit_gate]") {
  Pair pair(kForEver);
  pair.freeze();
  Redis quits = pair.primary.connect();
  quits.send("XADD", "s", "1-1", "f", "v");
  quits.send("QUIT");
  RawClient hangs_up = pair.primary.connect_raw();
  hangs_up.send("XADD", "s", "2-1", "f", "v");
  REQUIRE(wait_until([&] { return pair.redis("XLEN", "s") == 2; }));
  hangs_up.close();
  REQUIRE(becomes(pair.redis, "connected_clients", "2"));
  CHECK(quits.nothing_arrives());
  pair.thaw();
  CHECK(quits.read() == "1-1");
  CHECK(quits.read() == "OK");
  CHECK(quits.read() == "(closed)");
  CHECK(pair.redis("XADD", "s", "3-1", "f", "v") == "3-1");
}

TEST_CASE("Who is killed while its reply waits has written all the same", "[commit_gate]") {
  Pair pair(kForEver);
  pair.freeze();
  Redis writer = pair.primary.connect();
  const std::string id = writer("CLIENT", "ID").text;
  writer.send("XADD", "s", "1-1", "f", "v");
  REQUIRE(wait_until([&] { return pair.redis("XLEN", "s") == 1; }));
  CHECK(pair.redis("CLIENT", "KILL", "ID", id) == 1);
  CHECK(writer.read() == "(closed)");
  pair.thaw();
  CHECK(pair.redis("XADD", "s", "2-1", "f", "v") == "2-1");
  CHECK(pair.replica.connect()("XLEN", "s") == 2);
}

TEST_CASE("A replica whose link breaks while a reply waits confirms it when it is back",
          "[commit_gate]") {
  Pair pair(kForEver);
  pair.freeze();
  pair.redis.send("XADD", "s", "1-1", "f", "v");
  Redis operates = pair.primary.connect();
  REQUIRE(wait_until([&] { return operates("XLEN", "s") == 1; }));
  CHECK(operates("CLIENT", "KILL", "TYPE", "replica") == 1);
  CHECK(pair.redis.nothing_arrives());
  pair.thaw();
  CHECK(pair.redis.read() == "1-1");
  CHECK(info_field(operates, "sync_partial_ok") == "1");
}

TEST_CASE("A replica confirms nothing that was not told yet, whatever it says",
          "[commit_gate][replconf]") {
  TestServer server(one_ack(kForEver));
  Redis redis = server.connect();
  RawClient replica = server.connect_raw();
  replica.send("PSYNC", "?", "-1");
  REQUIRE(
      wait_until([&] { return info_field(redis, "slave0").find("online") != std::string::npos; }));
  redis("PUBLISH", "c", "m");  // so that there is something to have
  const std::string end = "offset=" + info_field(redis, "master_repl_offset") + ",";
  replica.send("REPLCONF", "ACK", "1000000000");
  REQUIRE(wait_until([&] { return info_field(redis, "slave0").find(end) != std::string::npos; }));
  redis.send("XADD", "s", "1-1", "f", "v");
  CHECK(redis.nothing_arrives());
  replica.send("REPLCONF", "ACK", "1000000000");
  CHECK(redis.read() == "1-1");
}

TEST_CASE("Under always, too, a write waits for replicas", "[commit_gate][aof]") {
  Pair pair(500, {"--appendonly", "yes", "--appendfsync", "always"});
  CHECK(pair.redis("XADD", "s", "1-1", "f", "v") == "1-1");
  CHECK(pair.redis("WAITAOF", 1, 0, 0) == "[1,0]");
  pair.freeze();
  CHECK(pair.redis("XADD", "s", "2-1", "f", "v").starts_with(kLate));
  CHECK(pair.redis("WAITAOF", 1, 0, 1) == "[1,0]");
  pair.thaw();
  CHECK(pair.redis("XADD", "s", "3-1", "f", "v") == "3-1");
}

TEST_CASE("Replicas say at once what is on their disk, if that is waited for",
          "[commit_gate][aof][replica]") {
  Pair pair(kForEver, {"--min-replicas-ack-fsync", "yes"},
            {"--appendonly", "yes", "--appendfsync", "always"});
  // Acknowledgements that come unasked come once a second.
  const Clock::time_point began = Clock::now();
  for (int i = 1; i <= 20; ++i)
    CHECK(pair.redis("XADD", "s", i, "f", "v") == std::to_string(i) + "-0");
  CHECK(Clock::now() - began < patient(Milliseconds(8000)));
}

TEST_CASE("A replica without a log confirms nothing that is to be on its disk",
          "[commit_gate][aof]") {
  Pair pair(300, {"--min-replicas-ack-fsync", "yes"});
  CHECK(pair.redis("XADD", "s", "1-1", "f", "v").starts_with(kLate));
  CHECK(pair.redis("WAIT", 1, 0) == 1);
}

TEST_CASE("A replica whose data are no part of its primary's history says that it has nothing",
          "[replica]") {
  TestServer server(primary_options({"--min-replicas-to-ack", "0"}));
  TestServer replica(replica_of(server));
  Redis redis = server.connect();
  REQUIRE(in_step(server, replica));
  for (int i = 1; i <= 20; ++i)
    redis("XADD", "s", i, "f", "v");
  REQUIRE(in_step(server, replica));
  CHECK(info_number(redis, "master_repl_offset") > 100);
  ScriptedPrimary primary;
  CHECK(redis("REPLICAOF", "127.0.0.1", primary.port()) == "OK");
  primary.announce_full_resync(50);
  REQUIRE(becomes(redis, "slave_repl_offset", "1"));
  CHECK(redis("XLEN", "s") == 20);
  // Another one has not said so yet.
  const TakenPort silent;
  CHECK(redis("REPLICAOF", "127.0.0.1", silent.port) == "OK");
  CHECK(info_field(redis, "slave_repl_offset") != "1");
}

}  // namespace weir::testing
