// Servers of ours that follow each other: chains, changes of places, what Sentinel does.
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/net/socket.h"
#include "tests/server/by_hand.h"
#include "tests/server/tls_stage.h"
#include "tests/support/asleep.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

void write_some(Redis& redis, const std::string& key, int entries) {
  for (int i = 1; i <= entries; ++i)
    redis("XADD", key, std::to_string(i) + "-1", "f", "value " + std::to_string(i));
}

std::string digest(Redis& redis) {
  return redis("DEBUG", "DIGEST").text;
}

/// TCP connections of a process whose small packets may wait to become one.
int patient_connections(pid_t pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  REQUIRE(process.is_open());
  int patient = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    const int number = std::stoi(entry.path().filename());
    const Fd fd(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0)));
    sockaddr_in peer{};
    socklen_t length = sizeof(peer);
    if (getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
    if (peer.sin_family != AF_INET) continue;
    int is_hurried = 0;
    length = sizeof(is_hurried);
    REQUIRE(getsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &is_hurried, &length) == 0);
    patient += is_hurried == 0 ? 1 : 0;
  }
  return patient;
}

}  // namespace

TEST_CASE("A replica of Weir has its data and goes on where the link broke", "[replica]") {
  const std::string sends = GENERATE(as<std::string>(), "yes", "no");
  const std::string loads = GENERATE(as<std::string>(), "disabled", "swapdb");
  CAPTURE(sends, loads);
  TestServer primary(primary_options({"--repl-diskless-sync", sends}));
  Redis one = primary.connect();
  write_some(one, "s", 1000);
  one("XGROUP", "CREATE", "s", "g", 0);
  one("XREADGROUP", "GROUP", "g", "c", "COUNT", 300, "STREAMS", "s", ">");
  TestServer replica(replica_of(primary, {"--repl-diskless-load", loads}));
  Redis other = replica.connect();
  REQUIRE(in_step(one, other));
  one("XACK", "s", "g", "1-1", "2-1");
  CHECK(one("CLIENT", "KILL", "TYPE", "replica") == 1);
  one("XAUTOCLAIM", "s", "g", "d", 0, "5-1", "COUNT", 7);
  REQUIRE(in_step(one, other));
  CHECK(digest(other) == digest(one));
  CHECK(other("XPENDING", "s", "g") == one("XPENDING", "s", "g").text);
  CHECK(info_field(one, "sync_full") == "1");
  CHECK(info_field(one, "sync_partial_ok") == "1");
  CHECK(one("WAIT", 1, 5000) == 1);
}

TEST_CASE("Packets for a replica may wait for each other if repl-disable-tcp-nodelay says so",
          "[replica]") {
  const std::string server = GENERATE(as<std::string>(), "", kRedis);
  const bool may_wait = GENERATE(false, true);
  CAPTURE(server, may_wait);
  const TestServer primary(primary_options({"--repl-disable-tcp-nodelay", may_wait ? "yes" : "no"}),
                           server.empty() ? server_binary() : server);
  const TestServer replica(replica_of(primary));
  Redis one = primary.connect();  // it has no such packets
  Redis other = replica.connect();
  REQUIRE(in_step(one, other));
  CHECK(patient_connections(primary.pid()) == (may_wait ? 1 : 0));
}

TEST_CASE("Old data in the way of a snapshot are freed by the helper if replica-lazy-flush says so",
          "[replica][lazy_free]") {
  constexpr int kOldKeys = 2000;
  const std::string binary = GENERATE(as<std::string>(), server_binary(), kRedis);
  const std::string lazy = GENERATE(as<std::string>(), "yes", "no");
  const std::string loads = GENERATE(as<std::string>(), "disabled", "swapdb");
  CAPTURE(binary, lazy, loads);
  TestServer primary(primary_options());
  Redis one = primary.connect();
  write_some(one, "s", 10);
  TestServer replica(primary_options({"--replica-lazy-flush", lazy, "--repl-diskless-load", loads}),
                     binary);
  Redis other = replica.connect();
  other("DEBUG", "POPULATE", kOldKeys);
  CHECK(other("REPLICAOF", "127.0.0.1", primary.port()) == "OK");
  REQUIRE(in_step(one, other));
  const bool is_beside = lazy == "yes" || loads == "swapdb";
  CHECK(info_becomes(other, "lazyfreed_objects", is_beside ? kOldKeys : 0));
  CHECK(info_number(other, "lazyfree_pending_objects") == 0);
  CHECK(other("DBSIZE") == 1);
}

TEST_CASE("A chain passes the stream on, and goes on behind one that was promoted",
          "[replica][replicaof]") {
  const std::string last_binary = GENERATE(as<std::string>(), WEIR_SERVER, kRedis);
  TestServer first(primary_options());
  Redis one = first.connect();
  write_some(one, "s", 10);
  TestServer second(replica_of(first));
  Redis two = second.connect();
  REQUIRE(in_step(one, two));
  TestServer third(replica_of(second), last_binary);
  Redis three = third.connect();
  REQUIRE(in_step(two, three));
  one("SELECT", 2);
  write_some(one, "t", 10);
  REQUIRE(in_step(one, two));
  REQUIRE(in_step(two, three));
  CHECK(digest(three) == digest(one));
  const std::string former = info_field(one, "master_replid");
  CHECK(two("REPLICAOF", "NO", "ONE") == "OK");
  write_some(two, "u", 10);
  REQUIRE(in_step(two, three));
  CHECK(info_field(three, "master_replid2") == former);
  CHECK(info_field(two, "sync_full") == "1");
  CHECK(digest(three) == digest(two));
}

TEST_CASE("A chain learns of a full resync above it", "[replica]") {
  TestServer first(primary_options());
  TestServer other(primary_options());
  TestServer second(replica_of(first));
  TestServer third(replica_of(second));
  REQUIRE(in_step(second, third));
  Redis elsewhere = other.connect();
  write_some(elsewhere, "other", 5);
  second.connect()("REPLICAOF", "127.0.0.1", other.port());
  REQUIRE(in_step(other, second));
  REQUIRE(in_step(second, third));
  Redis three = third.connect();
  CHECK(three("XLEN", "other") == 5);
}

TEST_CASE("A history with another name is one that a replica begins anew", "[replica]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  REQUIRE(in_step(primary, replica));
  Redis one = primary.connect();
  CHECK(one("DEBUG", "CHANGE-REPL-ID") == "OK");
  CHECK(one("CLIENT", "KILL", "TYPE", "replica") == 1);
  REQUIRE(in_step(primary, replica));
  CHECK(info_field(one, "sync_full") == "2");
}

TEST_CASE("FAILOVER changes places, and no write is lost", "[replica][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  Redis one = primary.connect();
  Redis other = replica.connect();
  write_some(one, "s", 10);
  REQUIRE(in_step(one, other));
  CHECK(one("FAILOVER", "ABORT") == "ERR No failover in progress.");
  CHECK(one("FAILOVER", "TO", "127.0.0.1", 1) ==
        "ERR FAILOVER target HOST and PORT is not a replica.");
  CHECK(one("FAILOVER", "TO", "127.0.0.1", replica.port(), "FORCE") ==
        "ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
  CHECK(one("FAILOVER", "TIMEOUT", 0) == "ERR FAILOVER timeout must be greater than 0");
  CHECK(one("FAILOVER", "TIMEOUT", "x") == "ERR value is not an integer or out of range");
  CHECK(one("FAILOVER", "TIMEOUT", 5, "TIMEOUT", 5) == "ERR syntax error");
  CHECK(one("FAILOVER", "FORCE", "FORCE") == "ERR syntax error");
  CHECK(other("FAILOVER") == "ERR FAILOVER is not valid when server is a replica.");
  CHECK(one("FAILOVER", "TO", "127.0.0.1", replica.port()) == "OK");
  REQUIRE(becomes(one, "role", "slave"));
  REQUIRE(in_step(other, one));
  CHECK(info_field(one, "master_failover_state") == "no-failover");
  CHECK(other("XADD", "s", "11-1", "f", "v") == "11-1");
  CHECK(one("XADD", "s", "*", "f", "v").starts_with("READONLY"));
  CHECK(info_field(other, "sync_full") == "0");
}

TEST_CASE("A failover whose replica never catches up ends by its timeout", "[replica][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  Redis one = primary.connect();
  REQUIRE(in_step(primary, replica));
  const Asleep asleep(replica);
  one("XADD", "s", "1-1", "f", "v");
  CHECK(one("FAILOVER", "TIMEOUT", 300) == "OK");
  CHECK(one("FAILOVER") == "ERR FAILOVER already in progress.");
  CHECK(one("REPLICAOF", "NO", "ONE") == "ERR REPLICAOF not allowed while failing over.");
  CHECK(primary.connect()("PSYNC", "?", -1) == "NOMASTERLINK Can't SYNC while failing over");
  Redis writer = primary.connect();
  writer.send("XADD", "s", "2-1", "f", "v");
  CHECK(writer.read() == "2-1");  // when it has ended
  CHECK(info_field(one, "role") == "master");
  CHECK(info_field(one, "master_failover_state") == "no-failover");
}

TEST_CASE("What Sentinel sends to promote a replica is one transaction", "[replica][replicaof]") {
  TestServer primary(primary_options());
  ByHand server;
  const std::string file = server.folder() / "weir.conf";
  write_text(file, "port 0\nsave \"\"\ndir " + server.folder().path() + "\nunixsocket " +
                       server.socket_path() + "\nreplicaof 127.0.0.1 " +
                       std::to_string(primary.port()) + "\n");
  server.start({file});
  Redis bystander(server.socket_path());
  Redis sentinel(server.socket_path());
  REQUIRE(becomes(sentinel, "master_link_status", "up"));
  CHECK(sentinel("MULTI") == "OK");
  CHECK(sentinel("SLAVEOF", "NO", "ONE") == "QUEUED");
  CHECK(sentinel("CONFIG", "REWRITE") == "QUEUED");
  CHECK(sentinel("CLIENT", "KILL", "TYPE", "normal") == "QUEUED");
  CHECK(sentinel("CLIENT", "KILL", "TYPE", "pubsub") == "QUEUED");
  CHECK(bystander("PING") == "PONG");
  CHECK(sentinel("EXEC") == "[OK,OK,1,0]");
  CHECK(bystander.read() == "(closed)");
  CHECK(info_field(sentinel, "role") == "master");
  CHECK(read_text(file).find("replicaof") == std::string::npos);
}

TEST_CASE("A primary that was saved accepts its replicas by its former name", "[replica]") {
  TestServer primary(primary_options());
  Redis one = primary.connect();
  write_some(one, "s", 10);
  TestServer replica(replica_of(primary));
  REQUIRE(in_step(primary, replica));
  one.send("SHUTDOWN", "SAVE");
  CHECK(one.read() == "(closed)");
  REQUIRE(wait_until([&] { return !primary.is_running(); }));
  primary.start_again();
  Redis again = primary.connect();
  Redis other = replica.connect();
  REQUIRE(in_step(again, other));
  CHECK(info_field(again, "sync_full") == "0");
  write_some(again, "t", 3);
  REQUIRE(in_step(again, other));
  CHECK(digest(other) == digest(again));
}

TEST_CASE("A replica keeps a log of what its primary tells", "[replica][aof]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary, {"--appendonly", "yes"}));
  Redis one = primary.connect();
  write_some(one, "s", 10);
  one("SELECT", 3);
  one("MULTI");
  write_some(one, "t", 10);
  one("SELECT", 4);
  write_some(one, "u", 10);
  one("EXEC");
  one("SELECT", 3);
  one("XADD", "t", "11-1", "f", "v");
  one("PUBLISH", "c", "m");
  REQUIRE(in_step(primary, replica));
  std::string expected;
  {
    Redis other = replica.connect();
    REQUIRE(becomes(other, "aof_rewrite_in_progress", "0"));
    other("DEBUG", "LOADAOF");
    expected = digest(one);
    CHECK(digest(other) == expected);
  }
  replica.stop();
  replica.start_again({"--appendonly", "yes", "--enable-debug-command", "yes"});
  Redis alone = replica.connect();
  CHECK(digest(alone) == expected);
}

TEST_CASE("With a log, too, both sides go on after a restart in good order", "[replica][aof]") {
  TestServer primary(primary_options({"--appendonly", "yes"}));
  Redis one = primary.connect();
  write_some(one, "s", 10);
  TestServer replica(replica_of(primary, {"--appendonly", "yes"}));
  REQUIRE(in_step(primary, replica));
  {
    Redis other = replica.connect();
    REQUIRE(becomes(other, "aof_rewrite_in_progress", "0"));
  }
  replica.stop();
  write_some(one, "t", 5);
  replica.start_again();
  REQUIRE(in_step(primary, replica));
  CHECK(info_field(one, "sync_full") == "1");
  primary.stop();
  primary.start_again();
  Redis again = primary.connect();
  Redis other = replica.connect();
  REQUIRE(in_step(again, other));
  CHECK(info_field(again, "sync_full") == "0");
  write_some(again, "u", 5);
  REQUIRE(in_step(again, other));
  CHECK(digest(other) == digest(again));
}

TEST_CASE("A replica that starts loads its log to the end before it asks its primary",
          "[replica][aof]") {
  TestServer primary(primary_options());
  Redis one = primary.connect();
  write_some(one, "of the primary", 3);
  TestServer replica(primary_options({"--appendonly", "yes"}));
  Redis writer = replica.connect();
  constexpr int kEntries = 30'000;  // clients are looked after meanwhile, again and again
  for (int i = 0; i < kEntries; ++i)
    writer.send("XADD", "s", "*", "f", i);
  for (int i = 0; i < kEntries; ++i)
    writer.read();
  replica.crash_now();
  replica.start_again(replica_of(primary, {"--appendonly", "yes"}));
  REQUIRE(in_step(primary, replica));
  Redis other = replica.connect();
  CHECK(digest(other) == digest(one));
}

TEST_CASE("A replica reaches its primary by TLS", "[replica][tls]") {
  TlsStage stage(primary_options());
  std::vector<std::string> options =
      TlsStage::options_of(stage.certificates, stage.own, free_port());
  const std::vector<std::string> more = primary_options(
      {"--tls-replication", "yes", "--replicaof", "127.0.0.1 " + std::to_string(stage.tls_port)});
  options.insert(options.end(), more.begin(), more.end());
  TestServer replica(options);
  Redis one = stage.server.connect();
  write_some(one, "s", 1000);
  REQUIRE(in_step(stage.server, replica));
  Redis other = replica.connect();
  CHECK(digest(other) == digest(one));
}

}  // namespace weir::testing
