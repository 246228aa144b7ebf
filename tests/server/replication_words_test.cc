// What is said between primaries and replicas, asked of our server and of Redis alike.
#include <catch2/catch.hpp>

#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// Ours and theirs.
std::string binaries() {
  const bool is_ours = GENERATE(true, false);
  return is_ours ? server_binary() : kRedis;
}

std::string id_of(Redis& redis) {
  return info_field(redis, "master_replid");
}

}  // namespace

TEST_CASE("PSYNC is refused behind unread replies, in a transaction, and to take a primary over",
          "[psync]") {
  TestServer server(primary_options(), binaries());
  RawClient busy = server.connect_raw();
  busy.write("*1\r\n$4\r\nPING\r\n*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
  CHECK(show(busy.read()) == "+PONG");
  CHECK(show(busy.read()) == "-ERR SYNC and PSYNC are invalid with pending output");
  Redis redis = server.connect();
  redis("MULTI");
  CHECK(redis("PSYNC", "?", -1) == "ERR Command not allowed inside a transaction");
  CHECK(redis("EXEC").starts_with("EXECABORT"));
  CHECK(redis("PSYNC", std::string(40, 'a'), 1, "FAILOVER") ==
        "ERR PSYNC FAILOVER can't be sent to a master.");
  CHECK(info_field(redis, "connected_slaves") == "0");
}

TEST_CASE("Without replicas there is nobody to fail over to", "[failover]") {
  TestServer server(primary_options(), binaries());
  Redis redis = server.connect();
  CHECK(redis("FAILOVER") == "ERR FAILOVER requires connected replicas.");
  CHECK(redis("FAILOVER", "TO", "127.0.0.1", 1) == "ERR FAILOVER requires connected replicas.");
  CHECK(redis("FAILOVER", "ABORT") == "ERR No failover in progress.");
}

TEST_CASE("A replica lets only its own primary make it one", "[psync][failover]") {
  const std::string binary = binaries();
  TestServer primary(primary_options(), binary);
  TestServer replica(replica_of(primary), binary);
  REQUIRE(in_step(primary, replica));
  Redis redis = replica.connect();
  CHECK(redis("PSYNC", std::string(40, 'a'), 1, "FAILOVER") ==
        "ERR PSYNC FAILOVER replid must match my replid.");
  CHECK(info_field(redis, "role") == "slave");
  const std::string former = id_of(redis);
  const int64_t next = std::stoll(info_field(redis, "slave_repl_offset")) + 1;
  RawClient other = replica.connect_raw();
  other("REPLCONF", "capa", "psync2");
  other.send("PSYNC", former, std::to_string(next), "FAILOVER");
  const std::string answer = show(other.read());
  CHECK(answer == "+CONTINUE " + id_of(redis));
  CHECK(id_of(redis) != former);
  CHECK(info_field(redis, "master_replid2") == former);
  CHECK(info_field(redis, "role") == "master");
}

TEST_CASE("Who made a replica a primary and has not heard so may ask again; it stays the same one",
          "[psync][failover]") {
  TestServer primary(primary_options());
  TestServer replica(replica_of(primary));
  REQUIRE(in_step(primary, replica));
  Redis redis = replica.connect();
  const std::string former = id_of(redis);
  const int64_t next = std::stoll(info_field(redis, "slave_repl_offset")) + 1;
  const auto answer = [&](const std::string& id, int64_t from) {
    RawClient client = replica.connect_raw();
    client("REPLCONF", "capa", "psync2");
    client.send("PSYNC", id, std::to_string(from), "FAILOVER");
    return show(client.read());
  };
  const std::string accepted = answer(former, next);
  const std::string taken_over = id_of(redis);
  CHECK(accepted == "+CONTINUE " + taken_over);
  CHECK(answer(former, next) == accepted);
  redis("XADD", "s", "1-1", "f", "v");
  CHECK(answer(former, next) == accepted);
  CHECK(id_of(redis) == taken_over);
  CHECK(info_field(redis, "master_replid2") == former);
  const std::string refused = "-ERR PSYNC FAILOVER can't be sent to a master.";
  CHECK(answer(former, next + 1) == refused);
  CHECK(answer(taken_over, next) == refused);
}

TEST_CASE("A replica is known by the address that it announces", "[replica][role]") {
  const std::string binary = binaries();
  TestServer primary(primary_options({"--min-replicas-to-write", "1"}), binary);
  Redis one = primary.connect();
  CHECK(info_field(one, "min_slaves_good_slaves") == "0");
  CHECK(one("XADD", "s", "1-1", "f", "v") == "NOREPLICAS Not enough good replicas to write.");
  TestServer replica(
      replica_of(primary, {"--replica-announce-ip", "replica.example", "--replica-announce-port",
                           "555", "--replica-priority", "7", "--replica-announced", "no"}),
      binary);
  Redis other = replica.connect();
  REQUIRE(in_step(one, other));
  REQUIRE(becomes(one, "min_slaves_good_slaves", "1"));  // it has acknowledged
  CHECK(info_field(one, "slave0").starts_with("ip=replica.example,port=555,state=online,offset="));
  CHECK(one("ROLE").contains(R"(["replica.example","555",)"));
  CHECK(one("FAILOVER", "TO", "127.0.0.1", replica.port()) ==
        "ERR FAILOVER target HOST and PORT is not a replica.");
  CHECK(info_field(other, "slave_priority") == "7");
  CHECK(info_field(other, "replica_announced") == "0");
  CHECK(info_field(other, "min_slaves_good_slaves").empty());
}

TEST_CASE("On a replica XREADGROUP is refused, though it read only again what was read",
          "[replica][readonly]") {
  const std::string binary = binaries();
  TestServer primary(primary_options(), binary);
  Redis one = primary.connect();
  one("XADD", "s", "1-1", "f", "v");
  one("XGROUP", "CREATE", "s", "g", 0);
  one("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  TestServer replica(replica_of(primary), binary);
  Redis other = replica.connect();
  REQUIRE(in_step(one, other));
  CHECK(other("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", 0) ==
        "READONLY You can't write against a read only replica.");
  CHECK(other("XPENDING", "s", "g") == one("XPENDING", "s", "g").text);
}

TEST_CASE("A stream that a backlog has lost is begun anew", "[psync]") {
  TestServer primary(primary_options({"--repl-backlog-size", "16kb"}), binaries());
  RawClient first = primary.connect_raw();
  first("REPLCONF", "capa", "eof", "capa", "psync2");
  first.send("PSYNC", "?", "-1");
  Redis redis = primary.connect();
  REQUIRE(becomes(redis, "connected_slaves", "1"));
  first.close();
  REQUIRE(becomes(redis, "connected_slaves", "0"));
  for (int i = 1; i <= 100; ++i)
    redis("XADD", "s", i, "f", std::string(10'000, 'x'));
  RawClient late = primary.connect_raw();
  late("REPLCONF", "capa", "eof", "capa", "psync2");
  late.send("PSYNC", id_of(redis), "1");
  CHECK(log_says(primary, "for lack of backlog (Replica request was: 1)"));
  CHECK(show(late.read()).starts_with("+FULLRESYNC " + id_of(redis)));
  CHECK(info_field(redis, "sync_partial_err") == "1");
}

}  // namespace weir::testing
