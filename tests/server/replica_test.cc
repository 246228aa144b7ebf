// This server as a replica of Redis.
#include <catch2/catch.hpp>

#include "tests/server/by_hand.h"
#include "tests/server/scripted_primary.h"
#include "tests/support/replication_stage.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// Streams with groups, pending entries, gaps and a TTL, in two databases.
void fill(Redis& redis) {
  for (int i = 1; i <= 300; ++i)
    redis("XADD", "s", std::to_string(i) + "-1", "field", "value " + std::to_string(i));
  redis("XDEL", "s", "7-1", "8-1");
  redis("XTRIM", "s", "MAXLEN", 250);
  redis("XGROUP", "CREATE", "s", "g", 0);
  redis("XREADGROUP", "GROUP", "g", "ann", "COUNT", 20, "STREAMS", "s", ">");
  redis("XACK", "s", "g", "60-1");
  redis("XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM");
  redis("PEXPIRE", "empty", 1'000'000);
  redis("SELECT", 3);
  redis("XADD", "t", "1-1", "a", "b");
  redis("SELECT", 0);
}

/// A server of Redis that a test made the primary.
TestServer redis_primary(std::vector<std::string> more = {}) {
  return TestServer(primary_options(std::move(more)), kRedis);
}

/// As a primary sends it.
std::string snapshot_of(const TestServer& server) {
  server.connect()("SAVE");
  return read_text(server.folder() + "/dump.rdb");
}

}  // namespace

TEST_CASE("A replica has the data of its primary, however they are sent and loaded",
          "[replica][replicaof]") {
  const std::string sends = GENERATE(as<std::string>(), "yes", "no");
  const std::string loads = GENERATE(as<std::string>(), "disabled", "on-empty-db", "swapdb");
  CAPTURE(sends, loads);
  TestServer primary = redis_primary({"--repl-diskless-sync", sends});
  Redis theirs = primary.connect();
  fill(theirs);
  TestServer replica(replica_of(primary, {"--repl-diskless-load", loads}));
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  CHECK(ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST").text);
  CHECK(ours("XINFO", "GROUPS", "s") == theirs("XINFO", "GROUPS", "s").text);
  CHECK(ours("XPENDING", "s", "g") == theirs("XPENDING", "s", "g").text);
}

TEST_CASE("What the primary writes later arrives", "[replica]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  fill(theirs);
  theirs("MULTI");
  theirs("XADD", "s", "1000-1", "f", "v");
  theirs("SELECT", 5);
  theirs("XADD", "u", "1-1", "f", "v");
  theirs("EXEC");
  theirs("SELECT", 0);
  theirs("XCLAIM", "s", "g", "bob", 0, "61-1", "62-1");
  theirs("COPY", "s", "copy");
  theirs("RENAME", "copy", "renamed");
  theirs("SWAPDB", 3, 4);
  REQUIRE(in_step(theirs, ours));
  CHECK(ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST").text);
  CHECK(ours("XPENDING", "s", "g") == theirs("XPENDING", "s", "g").text);
}

TEST_CASE("A replica takes a last ID below a deleted one, as Redis 7.0 does", "[replica][xsetid]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary, {"--appendonly", "yes"}));
  REQUIRE(in_step(primary, replica));
  Redis one = primary.connect();
  one("XADD", "s", "1-0", "f", "a");
  one("XADD", "s", "9-0", "f", "b");
  one("XDEL", "s", "9-0");
  CHECK(one("XSETID", "s", "5-0") == "OK");
  CHECK(one("XADD", "s", "6-0", "f", "c") == "6-0");
  REQUIRE(in_step(primary, replica));
  Redis other = replica.connect();
  CHECK(other("XRANGE", "s", "-", "+") == R"([["1-0",["f","a"]],["6-0",["f","c"]]])");
  // Its log begins behind the snapshot that came.
  REQUIRE(wait_until([&] { return other("DEBUG", "LOADAOF") == "OK"; }));
  CHECK(other("XLEN", "s") == 2);
}

TEST_CASE("A stream whose last ID is below a deleted one goes on from replica to replica",
          "[replica][xsetid]") {
  const std::string preamble = GENERATE(as<std::string>(), "yes", "no");
  const std::string arrives = GENERATE(as<std::string>(), "in a snapshot", "in the stream");
  TestServer primary = redis_primary();
  Redis one = primary.connect();
  const auto begin = [&] {
    for (const char* const id : {"1-0", "2-0", "9-0"})
      one("XADD", "s", id, "f", "v");
    one("XGROUP", "CREATE", "s", "g", 0);
    one("XDEL", "s", "9-0");
    CHECK(one("XSETID", "s", "5-0") == "OK");
  };
  if (arrives == "in a snapshot") begin();
  TestServer middle(replica_of(primary, {"--appendonly", "yes", "--aof-use-rdb-preamble", preamble,
                                         "--repl-diskless-load", "swapdb"}));
  Redis two = middle.connect();
  REQUIRE(in_step(one, two));
  TestServer last(replica_of(middle), kRedis);
  Redis three = last.connect();
  REQUIRE(in_step(two, three));
  if (arrives == "in the stream") begin();
  CHECK(one("XADD", "s", "6-0", "f", "v") == "6-0");
  one("XREADGROUP", "GROUP", "g", "c", "COUNT", 2, "STREAMS", "s", ">");
  one("XDEL", "s", "2-0");
  REQUIRE(in_step(one, two));
  REQUIRE(in_step(two, three));
  CHECK(two("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);
  CHECK(three("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);

  two("BGREWRITEAOF");
  REQUIRE(becomes(two, "aof_rewrite_in_progress", "0"));
  REQUIRE(wait_until([&] { return two("DEBUG", "LOADAOF") == "OK"; }));
  CHECK(two("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);
  CHECK(one("XADD", "s", "7-0", "f", "v") == "7-0");
  TestServer late(replica_of(middle), kRedis);
  Redis four = late.connect();
  REQUIRE(in_step(two, four));
  CHECK(four("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);
  CHECK_FALSE(middle.has_logged("CRITICAL"));
  CHECK_FALSE(last.has_logged("CRITICAL"));
}

TEST_CASE("An entry behind a greater deleted one comes in a snapshot and in a dumped value",
          "[replica][xsetid][restore]") {
  // In the same node, or at the beginning of the next one.
  const std::string node_entries = GENERATE(as<std::string>(), "100", "3");
  TestServer primary = redis_primary({"--stream-node-max-entries", node_entries});
  Redis one = primary.connect();
  for (const char* const id : {"1-0", "2-0", "9-0"})
    one("XADD", "s", id, "f", "v");
  one("XDEL", "s", "9-0");
  CHECK(one("XSETID", "s", "5-0") == "OK");
  CHECK(one("XADD", "s", "6-0", "f", "v") == "6-0");

  TestServer middle(replica_of(primary, {"--appendonly", "yes", "--replica-read-only", "no"}));
  Redis two = middle.connect();
  REQUIRE(in_step(one, two));
  CHECK(two("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);
  TestServer last(replica_of(middle), kRedis);
  REQUIRE(in_step(middle, last));
  CHECK(one("XADD", "s", "9-0", "f", "again") == "9-0");
  REQUIRE(in_step(one, two));
  REQUIRE(in_step(middle, last));
  CHECK(last.connect()("DEBUG", "DIGEST") == one("DEBUG", "DIGEST").text);

  CHECK(two("RESTORE", "copy", 0, one("DUMP", "s").text) == "OK");
  CHECK(two("XINFO", "STREAM", "copy", "FULL") == two("XINFO", "STREAM", "s", "FULL").text);
  REQUIRE(wait_until([&] { return two("DEBUG", "LOADAOF") == "OK"; }));
  CHECK(two("XRANGE", "s", "-", "+") == one("XRANGE", "s", "-", "+").text);
}

TEST_CASE("A replica goes on where the link broke", "[replica]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  theirs("XADD", "s", "1-1", "f", "v");
  SECTION("the primary closed it") {
    CHECK(theirs("CLIENT", "KILL", "TYPE", "replica") == 1);
  }
  SECTION("somebody closed it here") {
    CHECK(ours("CLIENT", "KILL", "TYPE", "master") == 1);
  }
  theirs("XADD", "s", "2-1", "f", "v");
  REQUIRE(becomes(theirs, "sync_partial_ok", "1"));
  REQUIRE(in_step(theirs, ours));
  CHECK(info_field(theirs, "sync_full") == "1");
  CHECK(ours("XLEN", "s") == 2);
}

TEST_CASE("A replica that is made a primary goes on with the history under a name of its own",
          "[replica][replicaof]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  theirs("XADD", "s", "1-1", "f", "v");
  REQUIRE(in_step(theirs, ours));
  const std::string former = info_field(theirs, "master_replid");
  CHECK(ours("REPLICAOF", "NO", "ONE") == "OK");
  CHECK(ours("REPLICAOF", "NO", "ONE") == "OK");
  CHECK(info_field(ours, "role") == "master");
  CHECK(info_field(ours, "master_replid2") == former);
  CHECK(info_field(ours, "master_replid") != former);
  CHECK(ours("XADD", "s", "2-1", "f", "v") == "2-1");
  CHECK(theirs("XLEN", "s") == 1);
  // The one that was its primary goes on with it, and so does what it wrote.
  CHECK(theirs("REPLICAOF", "127.0.0.1", replica.port()) == "OK");
  REQUIRE(in_step(ours, theirs));
  CHECK(theirs("XLEN", "s") == 2);
  CHECK(info_field(ours, "sync_full") == "0");
}

TEST_CASE("Clients of a replica read and do not write", "[replica][readonly]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  theirs("XGROUP", "CREATE", "s", "g", 0, "MKSTREAM");
  REQUIRE(in_step(theirs, ours));
  const std::string refused = "READONLY You can't write against a read only replica.";
  CHECK(ours("XADD", "s", "*", "f", "v") == refused);
  CHECK(ours("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", 0) == refused);
  CHECK(ours("DEL", "s") == refused);
  CHECK(
      ours("WAIT", 1, 1) ==
      "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a "
      "replica is configured to be writable (which is not the default) writes to replicas are "
      "just local and are not propagated.");
  CHECK(ours("XLEN", "s") == 0);
  CHECK(ours("PUBLISH", "channel", "message") == 0);
  ours.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  theirs("XADD", "s", "1-1", "f", "v");
  CHECK(ours.read() == R"([["s",[["1-1",["f","v"]]]]])");
  CHECK(ours("CONFIG", "SET", "replica-read-only", "no") == "OK");
  CHECK(ours("XADD", "mine", "1-1", "f", "v") == "1-1");
}

TEST_CASE("A replica hides what is over, and its primary removes it", "[replica]") {
  TestServer primary = redis_primary({"--enable-debug-command", "yes"});
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  theirs("DEBUG", "SET-ACTIVE-EXPIRE", 0);
  theirs("XADD", "s", "1-1", "f", "v");
  theirs("PEXPIRE", "s", 200);
  REQUIRE(in_step(theirs, ours));
  REQUIRE(wait_until([&] { return ours("EXISTS", "s") == 0 && ours("XLEN", "s") == 0; }));
  CHECK(ours("DBSIZE") == 1);
  REQUIRE(wait_until([&] { return theirs("EXISTS", "s") == 0; }));  // which removes it
  REQUIRE(wait_until([&] { return ours("DBSIZE") == 0; }));
}

TEST_CASE("Readers that wait are sent away when a primary becomes a replica", "[replica]") {
  TestServer primary = redis_primary();
  TestServer other(primary_options());
  Redis reader = other.connect();
  Redis ours = other.connect();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(becomes(ours, "blocked_clients", "1"));
  CHECK(ours("REPLICAOF", "127.0.0.1", primary.port()) == "OK");
  CHECK(ours("REPLICAOF", "127.0.0.1", primary.port()) ==
        "OK Already connected to specified master");
  CHECK(reader.read() ==
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> "
        "replica?)");
  CHECK(reader.read() == "(closed)");
  REQUIRE(in_step(primary, other));
}

TEST_CASE("ROLE, INFO and CLIENT LIST of a replica say whose it is", "[replica][role]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  const std::string port = std::to_string(primary.port());
  CHECK(ours("ROLE").starts_with(R"(["slave","127.0.0.1",)" + port + R"(,"connected",)"));
  CHECK(info_field(ours, "role") == "slave");
  CHECK(info_field(ours, "master_port") == port);
  CHECK(info_field(ours, "master_sync_in_progress") == "0");
  CHECK(info_field(ours, "slave_read_only") == "1");
  CHECK(ours("CLIENT", "LIST", "TYPE", "master").contains("flags=M"));
  const std::string shown = "\"" + std::to_string(replica.port()) + "\"";
  CHECK(wait_until([&] { return theirs("ROLE").contains(shown); }));
  CHECK(ours("REPLICAOF", "127.0.0.1", "x") == "ERR Invalid master port");
  primary.stop();
  REQUIRE(becomes(ours, "master_link_status", "down"));
  CHECK(info_field(ours, "master_link_down_since_seconds") != "-1");
  CHECK(ours("ROLE").contains("\",-1]"));
}

TEST_CASE("Stale data are served unless the configuration forbids it", "[replica]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis ours = replica.connect();
  REQUIRE(in_step(primary, replica));
  primary.stop();
  REQUIRE(becomes(ours, "master_link_status", "down"));
  CHECK(ours("XLEN", "s") == 0);
  CHECK(ours("CONFIG", "SET", "replica-serve-stale-data", "no") == "OK");
  const std::string refused =
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  CHECK(ours("XLEN", "s") == refused);
  CHECK(ours("PING") == refused);
  CHECK(ours("PSYNC", "?", -1) == refused);
  CHECK(ours("SUBSCRIBE", "c").contains("subscribe"));
}

TEST_CASE("A replica that was saved goes on where it was after a restart", "[replica]") {
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary));
  Redis theirs = primary.connect();
  fill(theirs);
  REQUIRE(in_step(primary, replica));
  {
    Redis ours = replica.connect();
    ours.send("SHUTDOWN", "SAVE");
    CHECK(ours.read() == "(closed)");
  }
  REQUIRE(wait_until([&] { return !replica.is_running(); }));
  theirs("SELECT", 3);
  theirs("XADD", "t", "2-1", "a", "b");
  replica.start_again();
  REQUIRE(in_step(primary, replica));
  Redis ours = replica.connect();
  CHECK(ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST").text);
  CHECK(info_field(theirs, "sync_full") == "1");
  CHECK(info_field(theirs, "sync_partial_ok") == "1");
}

TEST_CASE("Commands for other types close the link, or are passed over", "[replica]") {
  const std::string ignores = GENERATE(as<std::string>(), "no", "yes");
  TestServer primary = redis_primary();
  TestServer replica(replica_of(primary, {"--replica-ignore-other-types", ignores}));
  Redis theirs = primary.connect();
  Redis ours = replica.connect();
  REQUIRE(in_step(theirs, ours));
  theirs("MULTI");
  theirs("XADD", "s", "1-1", "f", "v");
  theirs("SET", "string", "x");
  theirs("EXEC");
  if (ignores == "no") {
    REQUIRE(log_says(replica, "The master sent the command 'SET'"));
    CHECK(ours("XLEN", "s") == 0);
    CHECK(ours("ROLE").contains("\"none\""));
    CHECK(ours("CONFIG", "SET", "replica-ignore-other-types", "yes") == "OK");
  }
  REQUIRE(in_step(theirs, ours));
  CHECK(ours("XLEN", "s") == 1);
}

TEST_CASE("A snapshot with other types is refused, and the old data stay", "[replica]") {
  TestServer primary = redis_primary();
  primary.connect()("SET", "string", "x");
  TestServer server(primary_options());
  Redis ours = server.connect();
  ours("XADD", "s", "1-1", "f", "v");
  ours("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(log_says(server, "Failed trying to load the MASTER synchronization DB"));
  CHECK(ours("XLEN", "s") == 1);
  CHECK(ours("CONFIG", "SET", "rdb-load-other-types", "skip") == "OK");
  REQUIRE(in_step(primary, server));
  CHECK(ours("XLEN", "s") == 0);
}

TEST_CASE("Data of another history go before new ones are loaded from a file, or behind it",
          "[replica]") {
  const std::string loads = GENERATE(as<std::string>(), "disabled", "swapdb");
  TestServer primary = redis_primary();
  primary.connect()("XADD", "theirs", "1-1", "f", "v");
  TestServer server(primary_options({"--repl-diskless-load", loads}));
  Redis ours = server.connect();
  ours("XADD", "ours", "1-1", "f", "v");
  ours("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(in_step(primary, server));
  CHECK(ours("KEYS", "*") == "[\"theirs\"]");
  CHECK((server.has_logged("Flushing old data")) == (loads == "disabled"));
}

TEST_CASE("A snapshot whose link breaks is as if none had come, and is asked for again",
          "[replica]") {
  const std::string loads = GENERATE(as<std::string>(), "disabled", "on-empty-db", "swapdb");
  CAPTURE(loads);
  TestServer real(primary_options({"--rdbcompression", "no"}));
  real.connect()("XADD", "theirs", "1-1", "f", std::string(100'000, 'x'));
  const std::string snapshot = snapshot_of(real);
  TestServer server(primary_options({"--repl-diskless-load", loads}));
  Redis redis = server.connect();
  const std::string old = loads == "on-empty-db" ? "0" : "1";
  if (old == "1") redis("XADD", "ours", "1-1", "f", "v");

  ScriptedPrimary primary;
  redis("REPLICAOF", "127.0.0.1", primary.port());
  primary.announce_full_resync(50);
  primary.send_file(snapshot, 50'000);
  if (loads == "disabled") {
    REQUIRE(wait_until([&] { return info_field(redis, "master_sync_read_bytes") == "50000"; }));
    CHECK(info_field(redis, "master_sync_total_bytes") == std::to_string(snapshot.size()));
    CHECK(info_field(redis, "master_sync_left_bytes") == std::to_string(snapshot.size() - 50'000));
    CHECK(redis("EXISTS", "ours") == old);
  } else {
    REQUIRE(wait_until([&] { return redis("EXISTS", "ours").starts_with("LOADING "); }));
  }
  primary.hang_up();
  primary.announce_full_resync(70);
  CHECK(redis("EXISTS", "ours") == old);
  CHECK(info_field(redis, "master_link_status") == "down");
  CHECK(redis("CONFIG", "SET", "replica-serve-stale-data", "no") == "OK");
  CHECK(redis("EXISTS", "ours").starts_with("MASTERDOWN "));
  primary.send_file(snapshot);
  REQUIRE(becomes(redis, "master_link_status", "up"));
  CHECK(redis("KEYS", "*") == R"(["theirs"])");

  // From there on with another one, whose history is a third.
  redis("REPLICAOF", "127.0.0.1", real.port());
  REQUIRE(in_step(real, server));
  CHECK(redis("XLEN", "theirs") == 1);
}

TEST_CASE("A link that breaks behind the snapshot leaves its data, and goes on behind it",
          "[replica]") {
  TestServer real(primary_options());
  real.connect()("XADD", "theirs", "1-1", "f", "v");
  const std::string snapshot = snapshot_of(real);
  TestServer server(primary_options());
  Redis redis = server.connect();
  redis("XADD", "ours", "1-1", "f", "v");
  ScriptedPrimary primary;
  redis("REPLICAOF", "127.0.0.1", primary.port());
  primary.announce_full_resync(50);
  primary.send_file(snapshot);
  primary.hang_up();
  CHECK(primary.asked_for() == std::string(40, 'a') + "\r\n$2\r\n51\r\n");
  CHECK(redis("KEYS", "*") == R"(["theirs"])");
}

TEST_CASE("A replica gives its primary a password", "[replica]") {
  TestServer primary =
      redis_primary({"--user", "rep", "on", ">pw", "+psync", "+replconf", "+ping"});
  TestServer replica(replica_of(primary, {"--masteruser", "rep", "--masterauth", "wrong"}));
  Redis ours = replica.connect();
  primary.connect()("CONFIG", "SET", "requirepass", "x");
  REQUIRE(log_says(replica, "Unable to AUTH to MASTER: -WRONGPASS"));
  CHECK(ours("CONFIG", "SET", "masterauth", "pw") == "OK");
  REQUIRE(becomes(ours, "master_link_status", "up"));
}

TEST_CASE("The role is kept in the configuration file", "[replica]") {
  TestServer primary = redis_primary();
  ByHand server;
  const std::string file = server.folder() / "weir.conf";
  write_text(file, "# mine\nport 0\nsave \"\"\ndir " + server.folder().path() + "\nunixsocket " +
                       server.socket_path() + "\n");
  server.start({file});
  const std::string line = "replicaof 127.0.0.1 " + std::to_string(primary.port()) + "\n";
  Redis ours(server.socket_path());
  ours("SLAVEOF", "127.0.0.1", primary.port());
  CHECK(ours("CONFIG", "GET", "replicaof") ==
        "[\"replicaof\",\"127.0.0.1 " + std::to_string(primary.port()) + "\"]");
  CHECK(ours("CONFIG", "REWRITE") == "OK");
  CHECK(read_text(file).starts_with("# mine\n"));
  CHECK(read_text(file).find(line) != std::string::npos);
  REQUIRE(becomes(ours, "master_link_status", "up"));  // who loads keeps its primary
  CHECK(ours("SLAVEOF", "NO", "ONE") == "OK");
  CHECK(ours("CONFIG", "REWRITE") == "OK");
  CHECK(read_text(file).find("replicaof") == std::string::npos);
}

}  // namespace weir::testing
