// What is said between primaries and replicas, asked of our server and of Redis alike.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

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

/// A primary with a history that connections can go on with, and nothing to say of its own.
struct Primary {
  Primary(const std::string& binary)
      : server(primary_options({"--repl-ping-replica-period", "1000"}), binary) {
    first.send("PSYNC", "?", "-1");
    REQUIRE(becomes(redis, "connected_slaves", "1"));
  }
  /// Makes the connection a replica that has everything.
  void continue_with(RawClient& client) {
    client("REPLCONF", "capa", "psync2");
    client.send("PSYNC", id_of(redis),
                std::to_string(info_number(redis, "master_repl_offset") + 1));
    REQUIRE(show(client.read()) == "+CONTINUE " + id_of(redis));
  }

  TestServer server;
  Redis redis = server.connect();
  RawClient first = server.connect_raw();
};

}  // namespace

TEST_CASE("What would be answered to a replica ends its link, and is not in the stream",
          "[psync][reset]") {
  Primary primary(binaries());
  for (const char* const words : {"RESET", "PING", "XLEN s", "NOSUCH", "SUBSCRIBE c", "MULTI",
                                  "CLIENT REPLY ON", "REPLCONF capa eof", "QUIT", "*x"}) {
    CAPTURE(words);
    RawClient replica = primary.server.connect_raw();
    primary.continue_with(replica);
    replica.write(std::string(words) + "\r\n");
    CHECK(replica.closed());
  }
  CHECK(log_says(primary.server, "Replica generated a reply to command 'reset', disconnecting it"));
  CHECK(log_says(primary.server,
                 "This master is sending an error to its replica: 'can only reset normal client "
                 "connections' after processing the command 'reset'"));
}

TEST_CASE("A replica that says what has no answer keeps its link", "[psync][monitor]") {
  Primary primary(binaries());
  RawClient replica = primary.server.connect_raw();
  primary.continue_with(replica);
  for (const char* const words :
       {"PSYNC ? -1", "SYNC", "MONITOR", "REPLCONF ACK x", "REPLCONF GETACK *"})
    replica.write(std::string(words) + "\r\n");
  CHECK(replica.nothing_arrives());
  primary.redis("PUBLISH", "c", "m");
  CHECK(show(replica.read()) == R"(*["SELECT", "0"])");
  CHECK(show(replica.read()) == R"(*["PUBLISH", "c", "m"])");
}

TEST_CASE("A replica that turned replies off keeps its link, and is told nothing more",
          "[psync][client]") {
  Primary primary(binaries());
  const bool is_off_before = GENERATE(true, false);
  CAPTURE(is_off_before);
  RawClient replica = primary.server.connect_raw();
  if (is_off_before) replica.send("CLIENT", "REPLY", "OFF");
  replica.send("PSYNC", id_of(primary.redis),
               std::to_string(info_number(primary.redis, "master_repl_offset") + 1));
  REQUIRE(show(replica.read()) == "+CONTINUE");
  if (!is_off_before) replica.send("CLIENT", "REPLY", "OFF");
  for (const char* const words :
       {"PING", "XLEN s", "NOSUCH", "RESET", "REPLCONF capa eof", "CLIENT REPLY SKIP", "PING"})
    replica.write(std::string(words) + "\r\n");
  CHECK(replica.nothing_arrives());
  primary.redis("PUBLISH", "c", "m");
  CHECK(replica.nothing_arrives());
  CHECK(info_field(primary.redis, "connected_slaves") == "2");
  replica.send("CLIENT", "REPLY", "ON");  // which is answered
  CHECK(replica.closed());
}

TEST_CASE("A replica that skips a reply keeps its link, and the stream", "[psync][client]") {
  Primary primary(binaries());
  RawClient replica = primary.server.connect_raw();
  primary.continue_with(replica);
  replica.write("CLIENT REPLY SKIP\r\nPING\r\n");
  CHECK(replica.nothing_arrives());
  primary.redis("PUBLISH", "c", "m");
  CHECK(show(replica.read()) == R"(*["SELECT", "0"])");
  CHECK(show(replica.read()) == R"(*["PUBLISH", "c", "m"])");
  replica.send("PING");
  CHECK(replica.closed());
}

// Redis leaves a hole there.
TEST_CASE("What is told between CLIENT REPLY SKIP and the next command of a replica arrives",
          "[psync][client]") {
  Primary primary(server_binary());
  RawClient replica = primary.server.connect_raw();
  primary.continue_with(replica);
  replica.send("CLIENT", "REPLY", "SKIP");
  primary.redis("PUBLISH", "c", "m");
  CHECK(show(replica.read()) == R"(*["SELECT", "0"])");
  CHECK(show(replica.read()) == R"(*["PUBLISH", "c", "m"])");
  replica.send("PING");
  CHECK(replica.nothing_arrives());
}

TEST_CASE("A monitor becomes no replica before RESET", "[psync][monitor][reset]") {
  TestServer server(primary_options(), binaries());
  RawClient monitor = server.connect_raw();
  CHECK(show(monitor("MONITOR")) == "+OK");
  monitor.send("PSYNC", "?", "-1");
  monitor.send("SYNC");
  CHECK(monitor.nothing_arrives());
  CHECK(show(monitor("RESET")) == "+RESET");
  monitor.send("PSYNC", "?", "-1");
  CHECK(show(monitor.read()).starts_with("+FULLRESYNC "));
}

TEST_CASE("A replica hears nothing of what it subscribed to and tracked before", "[psync]") {
  Primary primary(server_binary());
  RawClient replica = primary.server.connect_raw();
  replica("HELLO", "3");
  const std::string id = show(replica("CLIENT", "ID")).substr(1);
  replica("SUBSCRIBE", "c");
  replica("CLIENT", "TRACKING", "ON");
  replica("XLEN", "s");
  Redis redirecting = primary.server.connect();
  CHECK(redirecting("CLIENT", "TRACKING", "ON", "REDIRECT", id) == "OK");
  redirecting("XLEN", "s");
  primary.continue_with(replica);
  CHECK(primary.redis("PUBLISH", "c", "m") == 0);
  primary.redis("XADD", "s", "1-1", "f", "v");
  CHECK(show(replica.read()) == R"(*["SELECT", "0"])");
  CHECK(show(replica.read()) == R"(*["PUBLISH", "c", "m"])");
  CHECK(show(replica.read()) == R"(*["XADD", "s", "1-1", "f", "v"])");
}

TEST_CASE("Of all reasons to refuse PSYNC the first one is told", "[psync]") {
  TestServer server(primary_options(), binaries());
  RawClient client = server.connect_raw();
  const auto answer = [&](const std::string& words) {
    client.write(words + "\r\n");
    return show(client.read());
  };
  CHECK(answer("PSYNC ? x") == "-ERR value is not an integer or out of range");
  CHECK(answer("REPLCONF rdb-filter-only ''") == "+OK");
  CHECK(answer("PSYNC ? x") == "-ERR Filtered replica requires EOF capability");
  client.write("PING\r\nPSYNC ? x\r\n");
  CHECK(show(client.read()) == "+PONG");
  CHECK(show(client.read()) == "-ERR SYNC and PSYNC are invalid with pending output");
  client.write("PING\r\nPSYNC ? x FAILOVER\r\n");
  CHECK(show(client.read()) == "+PONG");
  CHECK(show(client.read()) == "-ERR PSYNC FAILOVER can't be sent to a master.");
}

TEST_CASE("Flags of REPLCONF are 0 or 1, and filters may stand in quotes", "[replconf]") {
  TestServer server({}, binaries());
  Redis redis = server.connect();
  CHECK(redis("REPLCONF", "rdb-only", 1) == "OK");
  for (const char* const value : {"2", "-1"})
    CHECK(redis("REPLCONF", "rdb-only", value) ==
          "ERR value is out of range, value must between 0 and 1");
  CHECK(redis("REPLCONF", "rdb-only", "x") == "ERR value is not an integer or out of range");
  CHECK(redis("REPLCONF", "rdb-filter-only", "\"functions\" functions") == "OK");
  CHECK(redis("REPLCONF", "rdb-filter-only", "\"functions") ==
        "ERR Missing rdb-filter-only values");
}

TEST_CASE("REPLCONF refuses an option that it does not know, and what stands before it holds",
          "[replconf][psync]") {
  Primary primary(binaries());
  RawClient replica = primary.server.connect_raw();
  CHECK(show(replica("REPLCONF", "version", "9.0.0")) ==
        "-ERR Unrecognized REPLCONF option: version");
  CHECK(show(replica("REPLCONF", "a\r\nb", "1")) == "-ERR Unrecognized REPLCONF option: a  b");
  CHECK(show(replica("REPLCONF", "listening-port", "1234", "no such", "x", "listening-port",
                     "77")) == "-ERR Unrecognized REPLCONF option: no such");
  primary.continue_with(replica);
  CHECK(wait_until([&] {
    return info_field(primary.redis, "slave1").find(",port=1234,") != std::string::npos;
  }));
  replica.send("REPLCONF", "version", "9.0.0");
  CHECK(replica.closed());
}

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

TEST_CASE("A replica is not closed while what it has not read is in the backlog", "[replication]") {
  TestServer primary(primary_options({"--client-output-buffer-limit", "replica 100kb 0 0",
                                      "--repl-backlog-size", "40mb"}),
                     binaries());
  Redis redis = primary.connect();
  RawClient replica = primary.connect_raw();
  replica.send("PSYNC", "?", "-1");
  REQUIRE(
      wait_until([&] { return info_field(redis, "slave0").find("online") != std::string::npos; }));
  const std::string big(100'000, 'x');
  for (int i = 0; i < 300; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  CHECK(info_field(redis, "connected_slaves") == "1");
  CHECK_FALSE(primary.has_logged("overcoming of output buffer limits"));
  redis("CONFIG", "SET", "repl-backlog-size", "16kb");
  redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  CHECK(becomes(redis, "connected_slaves", "0"));
}

TEST_CASE("While a failover waits for its replica, nothing is told that nobody wrote",
          "[failover]") {
  Primary primary(binaries());
  RawClient replica = primary.server.connect_raw();
  primary.continue_with(replica);
  CHECK(primary.redis("XADD", "s", "1-1", "f", "v") == "1-1");
  CHECK(show(replica.read()) == R"(*["SELECT", "0"])");
  CHECK(show(replica.read()) == R"(*["XADD", "s", "1-1", "f", "v"])");
  CHECK(primary.redis("FAILOVER", "TIMEOUT", 60'000) == "OK");
  CHECK(info_field(primary.redis, "master_failover_state") == "waiting-for-sync");
  CHECK(primary.redis("CONFIG", "SET", "repl-ping-replica-period", 1) == "OK");
  primary.redis.send("WAIT", 2, 0);
  CHECK(replica.nothing_arrives(Milliseconds(1200)));
  CHECK(primary.server.connect()("FAILOVER", "ABORT") == "OK");
  CHECK(show(replica.read()).starts_with("*["));  // a GETACK or a PING
}

TEST_CASE("INFO replication has the fields of Redis 7.0, in its order", "[info]") {
  const auto names = [](Redis redis) {
    std::istringstream lines(redis("INFO", "replication").text);
    std::vector<std::string> all;
    std::string line;
    std::getline(lines, line);  // the heading
    while (std::getline(lines, line))
      all.push_back(line.substr(0, line.find(':')));
    return all;
  };
  TestServer theirs(primary_options(), kRedis);
  TestServer their_replica(replica_of(theirs), kRedis);
  REQUIRE(in_step(theirs, their_replica));
  TestServer ours(primary_options());
  TestServer our_replica(replica_of(ours));
  REQUIRE(in_step(ours, our_replica));
  CHECK(names(ours.connect()) == names(theirs.connect()));
  std::vector<std::string> all = names(our_replica.connect());
  const std::vector<std::string> expected = names(their_replica.connect());
  std::erase_if(all, [&](const std::string& name) {  // newer ones
    return std::find(expected.begin(), expected.end(), name) == expected.end();
  });
  CHECK(all == expected);
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
