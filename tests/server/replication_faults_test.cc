// What goes wrong while data are copied: disks without room, links that break at the worst moment,
// replicas that cannot take over.
#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include "tests/server/scripted_primary.h"
#include "tests/support/replication_stage.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

/// No file of the server may be longer from now on.
void limit_files(const TestServer& server, rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  REQUIRE(prlimit(server.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
}

constexpr rlim_t kTight = 64 << 10;

/// A stream `theirs`, so that a snapshot that is not packed is longer than that.
void give_much(const TestServer& primary) {
  Redis redis = primary.connect();
  for (int i = 1; i <= 20; ++i)
    redis("XADD", "theirs", i, "f", std::string(10'000, 'x'));
}

/// What SAVE writes of a stream `theirs` with so many entries.
std::string snapshot_with(int entries) {
  TestServer server(primary_options({"--rdbcompression", "no"}));
  Redis redis = server.connect();
  for (int i = 1; i <= entries; ++i)
    redis("XADD", "theirs", i, "f", std::string(1000, 'x'));
  redis("SAVE");
  return read_text(server.folder() + "/dump.rdb");
}

void give_some(const TestServer& server) {
  server.connect()("XADD", "ours", "1-1", "f", "v");
}

/// The server has data, and loses them to a snapshot that it has begun to load.
void lose_old_data(const TestServer& server, ScriptedPrimary& primary,
                   const std::string& snapshot) {
  give_some(server);
  server.connect()("REPLICAOF", "127.0.0.1", primary.port());
  primary.announce_full_resync(50);
  primary.send_file(snapshot);
  REQUIRE(log_says(server, "Flushing old data"));
}

const std::string kMark = "0123456789abcdefghijklmnopqrstuvwxyzABCD";

/// A server with data of its own that asks a primary of another history for a snapshot.
struct Asking {
  explicit Asking(const std::string& loads)
      : server(primary_options({"--repl-diskless-load", loads})), ours(server.connect()) {
    give_some(server);
    ours("REPLICAOF", "127.0.0.1", primary.port());
    primary.announce_full_resync(50);
  }

  TestServer server;
  Redis ours;
  ScriptedPrimary primary;
};

}  // namespace

TEST_CASE("A replica without room for a snapshot keeps its data, and takes the next one",
          "[replica]") {
  TestServer primary(primary_options({"--rdbcompression", "no"}));
  give_much(primary);
  TestServer server(primary_options());
  give_some(server);
  Redis ours = server.connect();
  limit_files(server, kTight);
  ours("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(log_says(server,
                   "Write error writing to the DB dump file needed for MASTER <-> REPLICA "
                   "synchronization"));
  CHECK(ours("KEYS", "*") == R"(["ours"])");
  limit_files(server, RLIM_INFINITY);
  REQUIRE(in_step(primary, server));
  CHECK(ours("KEYS", "*") == R"(["theirs"])");
}

TEST_CASE("A replica whose folder is gone has no file for a snapshot until it has another one",
          "[replica]") {
  TestServer primary(primary_options());
  TestServer server(primary_options({"--enable-protected-configs", "yes"}));
  give_some(server);
  Redis ours = server.connect();
  const std::string folder = server.folder() + "/short-lived";
  fs::create_directory(folder);
  CHECK(ours("CONFIG", "SET", "dir", folder) == "OK");
  fs::remove(folder);
  ours("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(
      log_says(server, "Opening the temp file needed for MASTER <-> REPLICA synchronization: "));
  CHECK(ours("XLEN", "ours") == 1);
  CHECK(ours("CONFIG", "SET", "dir", server.folder()) == "OK");
  REQUIRE(in_step(primary, server));
}

TEST_CASE("A snapshot that cannot take its place among the files is loaded all the same",
          "[replica]") {
  TestServer primary(primary_options());
  give_some(primary);
  TestServer server(primary_options());
  fs::create_directories(server.folder() + "/dump.rdb/in the way");
  server.connect()("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(in_step(primary, server));
  CHECK(server.log().find("Failed trying to sync the temp DB and rename it into dump.rdb") !=
        std::string::npos);
  CHECK(server.connect()("XLEN", "ours") == 1);
}

TEST_CASE("A primary without room for a snapshot sends its replicas away until it has some",
          "[replication]") {
  TestServer primary(primary_options({"--rdbcompression", "no", "--repl-diskless-sync", "no"}));
  give_much(primary);
  limit_files(primary, kTight);
  TestServer replica(replica_of(primary));
  REQUIRE(log_says(primary, "SYNC failed. BGSAVE failed: "));
  Redis one = primary.connect();
  CHECK(one("XADD", "theirs", "21-1", "f", "v") == "21-1");
  limit_files(primary, RLIM_INFINITY);
  REQUIRE(in_step(primary, replica));
  CHECK(replica.connect()("XLEN", "theirs") == 21);
}

TEST_CASE("A snapshot whose only replica does not read it, or goes, is given up", "[replication]") {
  const bool goes = GENERATE(true, false);
  TestServer primary(primary_options({"--repl-timeout", "1", "--rdbcompression", "no"}));
  Redis redis = primary.connect();
  for (int i = 1; i <= 40; ++i)
    redis("XADD", "s", i, "f", std::string(1'000'000, 'x'));
  RawClient replica = primary.connect_raw();
  replica("REPLCONF", "capa", "eof");
  replica.send("PSYNC", "?", "-1");
  REQUIRE(becomes(redis, "connected_slaves", "1"));
  if (goes) replica.close();
  CHECK(log_says(primary, "Nobody waits for the snapshot that is written for replicas"));
  const bool is_timed_out = primary.log().find("timedout replica (full sync)") != std::string::npos;
  CHECK(is_timed_out == !goes);
  REQUIRE(becomes(redis, "rdb_bgsave_in_progress", "0"));
  CHECK(redis("BGSAVE") == "Background saving started");
}

TEST_CASE("A snapshot whose mark does not come is none", "[replica]") {
  const std::string loads = GENERATE(as<std::string>(), "disabled", "swapdb");
  const std::string behind = GENERATE(as<std::string>(), "", kMark.substr(0, 39));
  CAPTURE(loads, behind);
  const std::string snapshot = snapshot_with(1);
  Asking asking(loads);
  asking.primary.say("$EOF:" + kMark + "\r\n" + snapshot + behind);
  if (loads == "swapdb")
    REQUIRE(wait_until([&] { return asking.ours("EXISTS", "ours").starts_with("LOADING "); }));
  asking.primary.hang_up();
  asking.primary.announce_full_resync(70);
  CHECK(asking.ours("KEYS", "*") == R"(["ours"])");
  asking.primary.say("$EOF:" + kMark + "\r\n" + snapshot + kMark);
  const bool is_up = becomes(asking.ours, "master_link_status", "up");
  INFO(asking.server.log());
  REQUIRE(is_up);
  CHECK(asking.ours("KEYS", "*") == R"(["theirs"])");
}

TEST_CASE("A snapshot that is shorter than its data is none, though all of it came", "[replica]") {
  const std::string loads = GENERATE(as<std::string>(), "disabled", "swapdb");
  CAPTURE(loads);
  const std::string snapshot = snapshot_with(1);
  Asking asking(loads);
  asking.primary.send_file(snapshot.substr(0, snapshot.size() - 500));
  asking.primary.announce_full_resync(70);
  CHECK(log_says(asking.server, "Failed trying to load the MASTER synchronization DB"));
  CHECK(asking.ours("KEYS", "*") == R"(["ours"])");
  asking.primary.send_file(snapshot);
  REQUIRE(becomes(asking.ours, "master_link_status", "up"));
  CHECK(asking.ours("KEYS", "*") == R"(["theirs"])");
}

TEST_CASE("A link that breaks when old data are gone already leaves none, also after a restart",
          "[replica][aof]") {
  const std::string snapshot = snapshot_with(60'000);
  TestServer server(primary_options({"--appendonly", "yes"}));
  ScriptedPrimary primary;
  lose_old_data(server, primary, snapshot);
  Redis ours = server.connect();
  primary.hang_up();
  REQUIRE(wait_until([&] { return !ours("DBSIZE").starts_with("LOADING "); }));
  // It may have been quicker.
  const bool is_loaded = server.log().find("Finished with success") != std::string::npos;
  const std::string keys = is_loaded ? R"(["theirs"])" : "[]";
  CHECK(ours("KEYS", "*") == keys);
  CHECK(primary.asked_for().starts_with(is_loaded ? std::string(40, 'a') : "?"));
  REQUIRE(wait_until([&] { return ours("DEBUG", "LOADAOF") == "OK"; }));
  CHECK(ours("KEYS", "*") == keys);
}

TEST_CASE("A replica that is killed while it loads begins with what it had", "[replica][aof]") {
  TestServer real(primary_options());
  real.connect()("XADD", "theirs", "1-1", "f", "v");
  const std::string snapshot = snapshot_with(60'000);
  TestServer server(primary_options({"--appendonly", "yes", "--appendfsync", "always"}));
  ScriptedPrimary primary;
  lose_old_data(server, primary, snapshot);
  server.crash_now();
  server.start_again();
  const std::string keys = server.connect()("KEYS", "*").text;
  CHECK((keys == R"(["ours"])" || keys == R"(["theirs"])"));
  server.connect()("REPLICAOF", "127.0.0.1", real.port());
  REQUIRE(in_step(real, server));
  CHECK(server.connect()("XLEN", "theirs") == 1);
}

TEST_CASE("A primary that says nothing is given up after repl-timeout, wherever it stops",
          "[replica]") {
  const bool is_announced = GENERATE(false, true);
  TestServer server(primary_options({"--repl-timeout", "1"}));
  give_some(server);
  ScriptedPrimary primary;
  server.connect()("REPLICAOF", "127.0.0.1", primary.port());
  if (is_announced) primary.announce_full_resync(50);
  CHECK(log_says(server, is_announced ? "Timeout receiving bulk data from MASTER..."
                                      : "Timeout connecting to the MASTER..."));
  CHECK(server.connect()("XLEN", "ours") == 1);
}

TEST_CASE("A primary that no connection leads to is named with the reason", "[replica]") {
  TestServer server(primary_options());
  CHECK(server.connect()("REPLICAOF", "255.255.255.255", 6379) == "OK");
  CHECK(log_says(server, "Unable to connect to MASTER: Network is unreachable"));
}

TEST_CASE("A primary whose name nobody knows is asked for again and again", "[replica]") {
  TestServer primary(primary_options());
  TestServer server(primary_options());
  give_some(server);
  Redis ours = server.connect();
  CHECK(ours("REPLICAOF", "no.such.name.invalid", 6379) == "OK");
  REQUIRE(log_says(server, "Unable to connect to MASTER: "));
  REQUIRE(
      wait_until([&] { return std::stoi(info_field(ours, "master_current_sync_attempts")) >= 2; }));
  ours("REPLICAOF", "127.0.0.1", primary.port());
  REQUIRE(in_step(primary, server));
}

TEST_CASE("An error of the stream ends a replica that is told so", "[replica]") {
  const std::string snapshot = snapshot_with(1);
  const std::string behavior = GENERATE(as<std::string>(), "ignore", "panic", "panic-on-replicas");
  TestServer server(primary_options({"--propagation-error-behavior", behavior}));
  Redis ours = server.connect();
  ScriptedPrimary primary;
  ours("REPLICAOF", "127.0.0.1", primary.port());
  primary.announce_full_resync(50);
  primary.send_file(snapshot);
  const std::string command =
      "*5\r\n$4\r\nXADD\r\n$6\r\ntheirs\r\n$3\r\n1-0\r\n$1\r\nf\r\n$1\r\nv\r\n";
  primary.say(command);
  REQUIRE(log_says(server, "== CRITICAL == This replica is sending an error to its master: "));
  if (behavior == "ignore") {
    CHECK(becomes(ours, "slave_repl_offset", std::to_string(50 + command.size())));
  } else {
    CHECK(wait_until([&] { return !server.is_running(); }));
  }
}

// --- FAILOVER --------------------------------------------------------------------------------

TEST_CASE("FAILOVER FORCE to a replica that does not answer can be aborted",
          "[replica][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  Redis one = primary.connect();
  REQUIRE(in_step(primary, replica));
  kill(replica.pid(), SIGSTOP);
  one("XADD", "s", "1-1", "f", "v");
  Redis writer = primary.connect();
  writer.send("FAILOVER", "TO", "127.0.0.1", replica.port(), "FORCE", "TIMEOUT", 100);
  writer.send("XADD", "s", "2-1", "f", "v");  // in the same turn: it is held, not refused
  CHECK(writer.read() == "OK");
  REQUIRE(becomes(one, "master_failover_state", "failover-in-progress"));
  CHECK(primary.log().find("time out exceeded, failing over.") != std::string::npos);
  CHECK(info_field(one, "role") == "slave");
  CHECK(one("FAILOVER", "ABORT") == "OK");
  CHECK(writer.read() == "2-1");
  CHECK(info_field(one, "role") == "master");
  CHECK(info_field(one, "master_failover_state") == "no-failover");
  kill(replica.pid(), SIGCONT);
  REQUIRE(in_step(primary, replica));
  CHECK(replica.connect()("XLEN", "s") == 2);
}

TEST_CASE("FAILOVER ABORT ends a failover that waits for its replica", "[replica][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  Redis one = primary.connect();
  REQUIRE(in_step(primary, replica));
  kill(replica.pid(), SIGSTOP);
  one("XADD", "s", "1-1", "f", "v");
  CHECK(one("FAILOVER") == "OK");
  CHECK(info_field(one, "master_failover_state") == "waiting-for-sync");
  CHECK(one("FAILOVER", "ABORT") == "OK");
  CHECK(one("XADD", "s", "2-1", "f", "v") == "2-1");
  kill(replica.pid(), SIGCONT);
  REQUIRE(in_step(primary, replica));
}

TEST_CASE("A replica without its data is no target of FAILOVER", "[replica][failover]") {
  TestServer primary(primary_options({"--repl-diskless-sync-delay", "1000"}));
  RawClient waiting = primary.connect_raw();
  waiting("REPLCONF", "listening-port", "1234", "capa", "eof");
  waiting.send("PSYNC", "?", "-1");
  Redis one = primary.connect();
  REQUIRE(wait_until([&] { return one("INFO", "replication").contains("port=1234,"); }));
  CHECK(one("FAILOVER", "TO", "127.0.0.1", 1234) == "ERR FAILOVER target replica is not online.");
  CHECK(info_field(one, "master_failover_state") == "no-failover");
}

TEST_CASE("A target that refuses ends a failover, and writes go on", "[replica][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  Redis one = primary.connect();
  one("XADD", "s", "1-1", "f", "v");
  REQUIRE(in_step(primary, replica));
  // It takes the connection for one of a stranger.
  CHECK(replica.connect()("ACL", "SETUSER", "default", "-psync") == "OK");
  CHECK(one("FAILOVER", "TO", "127.0.0.1", replica.port()) == "OK");
  REQUIRE(log_says(primary, "Aborting failover: Failover target rejected psync request"));
  CHECK(info_field(one, "role") == "master");
  CHECK(one("XADD", "s", "2-1", "f", "v") == "2-1");
  REQUIRE(in_step(primary, replica));
}

TEST_CASE("A target that answers with a full resync has taken over: its data are ours",
          "[replica][failover]") {
  ScriptedPrimary target;
  TestServer primary(primary_options());
  TestServer replica(
      replica_of(primary, {"--replica-announce-port", std::to_string(target.port())}));
  Redis one = primary.connect();
  one("XADD", "ours", "1-1", "f", "v");
  REQUIRE(in_step(primary, replica));
  CHECK(one("FAILOVER", "TO", "127.0.0.1", target.port()) == "OK");
  CHECK_THAT(target.asked_for(), Catch::EndsWith("\r\n$8\r\nFAILOVER\r\n"));
  CHECK(info_field(one, "master_failover_state") == "failover-in-progress");
  target.answer_full_resync(50);
  REQUIRE(becomes(one, "master_failover_state", "no-failover"));
  CHECK(info_field(one, "role") == "slave");
  CHECK(one("XADD", "ours", "2-1", "f", "v") ==
        "READONLY You can't write against a read only replica.");
  target.send_file(snapshot_with(3));
  REQUIRE(becomes(one, "master_link_status", "up"));
  CHECK(one("XLEN", "theirs") == 3);
  CHECK(one("XLEN", "ours") == 0);
}

}  // namespace weir::testing
