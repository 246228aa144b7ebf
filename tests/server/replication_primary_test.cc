// Our server as a primary: of Debian's redis-server, of redis-cli, and of connections that say what
// replicas say.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/asleep.h"
#include "tests/support/child_process.h"
#include "tests/support/replication_stage.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// Streams, groups, pending entries and deadlines.
void write_some(Redis& redis) {
  for (int i = 1; i <= 300; ++i)
    redis("XADD", "s", std::to_string(i) + "-1", "field", std::to_string(i));
  redis("XGROUP", "CREATE", "s", "g", "0");
  redis("XREADGROUP", "GROUP", "g", "one", "COUNT", 50, "STREAMS", "s", ">");
  redis("XACK", "s", "g", "3-1", "4-1");
  redis("XCLAIM", "s", "g", "two", 0, "7-1", "8-1");
  redis("XDEL", "s", "20-1");
  redis("XADD", "s", "MAXLEN", "~", 200, "400-1", "f", "v");
  redis("SELECT", 3);
  redis("XADD", "other", "5-5", "f", "v");
  redis("EXPIRE", "other", 1000);
  redis("SELECT", 0);
}

/// Entries, and what the group has read; without the lag, which the servers reckon differently.
std::string contents(Redis& redis) {
  std::string text = redis("XRANGE", "s", "-", "+").text;
  text += redis("XPENDING", "s", "g").text;
  const std::string groups = redis("XINFO", "GROUPS", "s").text;
  text += groups.substr(0, groups.find("\"lag\""));
  redis("SELECT", 3);
  text += redis("XRANGE", "other", "-", "+").text;
  text += redis("PEXPIRETIME", "other").text;
  redis("SELECT", 0);
  return text;
}

/// A primary, what was written to it before it had a replica, and a replica of Redis that has it.
struct Followed {
  explicit Followed(const std::vector<std::string>& options = {},
                    void (*write_before)(Redis&) = write_one)
      : server(primary_options(options)),
        redis(after(write_before, server.connect())),
        other(replica_of(server), kRedis),
        replica(other.connect()) {
    REQUIRE(in_step(redis, replica));
  }
  static void write_one(Redis& redis) { redis("XADD", "s", "1-1", "f", "v"); }
  static Redis after(void (*write)(Redis&), Redis redis) {
    write(redis);
    return redis;
  }

  TestServer server;
  Redis redis;
  TestServer other;
  Redis replica;
};

/// A connection that says what a replica says to get everything, and nothing behind it.
RawClient connect_replica(const TestServer& server) {
  RawClient replica = server.connect_raw();
  replica.send("PSYNC", "?", "-1");
  return replica;
}

bool is_online(Redis& redis, std::string_view replica) {
  return wait_until(
      [&] { return info_field(redis, replica).find("state=online") != std::string::npos; });
}

TEST_CASE("A Redis replica gets a snapshot through its socket, and then what is written",
          "[replication][psync]") {
  Followed pair({}, write_some);
  CHECK(contents(pair.replica) == contents(pair.redis));
  pair.redis("XADD", "s", "500-1", "f", "later");
  pair.redis("XREADGROUP", "GROUP", "g", "three", "COUNT", 20, "STREAMS", "s", ">");
  REQUIRE(in_step(pair.redis, pair.replica));
  CHECK(contents(pair.replica) == contents(pair.redis));
  CHECK(info_field(pair.redis, "sync_full") == "1");
}

TEST_CASE("A Redis replica gets a snapshot by way of a file", "[replication][psync]") {
  Followed pair({"--repl-diskless-sync", "no"}, write_some);
  CHECK(contents(pair.replica) == contents(pair.redis));
  CHECK(log_says(pair.other, "to disk"));
}

TEST_CASE("A Redis replica whose link breaks goes on where it was", "[replication][psync]") {
  Followed pair({}, write_some);
  CHECK(pair.redis("CLIENT", "KILL", "TYPE", "replica") == 1);
  pair.redis("XADD", "s", "500-1", "f", "later");
  REQUIRE(in_step(pair.redis, pair.replica));
  CHECK(contents(pair.replica) == contents(pair.redis));
  CHECK(info_field(pair.redis, "sync_full") == "1");
  CHECK(info_field(pair.redis, "sync_partial_ok") == "1");
}

TEST_CASE("What is written while a replica loads comes to it behind the snapshot",
          "[replication][psync]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  write_some(redis);
  const std::string big(1000, 'x');
  for (int i = 0; i < 20'000; ++i)
    redis.send("XADD", "big" + std::to_string(i % 500), "*", "f", big);
  for (int i = 0; i < 20'000; ++i)
    redis.read();
  TestServer other(replica_of(server), kRedis);
  Redis replica = other.connect();
  for (int i = 0; i < 3000; ++i)
    redis("XADD", "s", std::to_string(1000 + i) + "-0", "f", "meanwhile");
  INFO(server.log() << other.log() << redis("INFO", "replication")
                    << replica("INFO", "replication"));
  REQUIRE(in_step(redis, replica));
  CHECK(contents(replica) == contents(redis));
  CHECK(replica("DBSIZE") == redis("DBSIZE").text);
}

TEST_CASE("Emptying what is empty already empties replicas all the same",
          "[replication][flushall]") {
  const std::string command = GENERATE(as<std::string>(), "FLUSHALL", "FLUSHDB");
  Followed pair;
  pair.redis("DEL", "s");
  REQUIRE(in_step(pair.redis, pair.replica));
  pair.replica("CONFIG", "SET", "replica-read-only", "no");
  pair.replica("SELECT", 3);
  CHECK(pair.replica("XADD", "own", "1-1", "f", "v") == "1-1");
  pair.redis("SELECT", 3);
  CHECK(pair.redis(command) == "OK");
  REQUIRE(in_step(pair.redis, pair.replica));
  CHECK(pair.replica("DBSIZE") == 0);
}

TEST_CASE("WAIT counts the replicas that have the writes of the connection", "[wait]") {
  Followed pair;
  pair.redis("XADD", "s", "2-1", "f", "v");
  CHECK(pair.redis("WAIT", 1, 0) == 1);
  {
    const Asleep asleep(pair.other);
    pair.redis("XADD", "s", "3-1", "f", "v");
    CHECK(pair.redis("WAIT", 1, 50) == 0);
  }
  CHECK(pair.redis("WAIT", 1, 0) == 1);
  CHECK(pair.redis("WAITAOF", 0, 0, 0) == "[0,0]");
}

TEST_CASE("With min-replicas-to-ack a write is answered when replicas have it, or with an error",
          "[commit_gate]") {
  Followed pair;
  pair.redis("CONFIG", "SET", "min-replicas-to-ack", 1, "min-replicas-ack-timeout", 1000);
  CHECK(pair.redis("XADD", "s", "2-1", "f", "v") == "2-1");
  const Asleep asleep(pair.other);
  pair.redis.send("XLEN", "s");
  pair.redis.send("XADD", "s", "3-1", "f", "v");
  pair.redis.send("XLEN", "s");
  pair.redis.send("XADD", "s", "4-1", "f", "v");
  pair.redis.send("PING");
  CHECK(pair.redis.read() == 2);
  CHECK(pair.redis.read().starts_with("UNCONFIRMED The write is applied here"));
  CHECK(pair.redis.read() == 3);
  CHECK(pair.redis.read().starts_with("UNCONFIRMED "));
  CHECK(pair.redis.read() == "PONG");
  asleep.wake();
  CHECK(pair.redis("XLEN", "s") == 4);
}

TEST_CASE("min-replicas-to-write refuses writes until there are enough replicas", "[replication]") {
  TestServer server(primary_options({"--min-replicas-to-write", "1"}));
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "1-1", "f", "v") == "NOREPLICAS Not enough good replicas to write.");
  CHECK(redis("XLEN", "s") == 0);
  TestServer other(replica_of(server), kRedis);
  CHECK(wait_until([&] { return redis("XADD", "s", "1-1", "f", "v") == "1-1"; }));
}

TEST_CASE("A replica that was silent for longer than min-replicas-max-lag does not count",
          "[replication]") {
  Followed pair({"--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"});
  const auto writes = [&] { return pair.redis("XADD", "s", "*", "f", "v"); };
  REQUIRE(wait_until([&] { return !writes().starts_with("NOREPLICAS"); }));
  const Asleep asleep(pair.other);
  CHECK(wait_until([&] { return writes() == "NOREPLICAS Not enough good replicas to write."; }));
  CHECK(info_field(pair.redis, "min_slaves_good_slaves") == "0");
  CHECK(info_field(pair.redis, "connected_slaves") == "1");
  asleep.wake();
  CHECK(wait_until([&] { return !writes().starts_with("NOREPLICAS"); }));
}

TEST_CASE(
    "A replica that comes while a file is written for another one gets the same, if it may be",
    "[replication][psync]") {
  TestServer server(primary_options({"--repl-diskless-sync", "no"}));
  Redis redis = server.connect();
  redis("DEBUG", "POPULATE", 200'000, "key", 100);
  RawClient first = connect_replica(server);
  RawClient second = server.connect_raw();
  const std::string announced = show(first.read());
  redis("XADD", "s", "1-1", "f", "v");
  second.send("PSYNC", "?", "-1");
  CHECK(show(second.read()) == announced);
  RawClient third = server.connect_raw();
  CHECK(show(third("REPLCONF", "rdb-no-checksum", "1")) == "+OK");
  third.send("PSYNC", "?", "-1");  // what is written has its sum
  CHECK(log_says(server, "Waiting for end of BGSAVE for SYNC"));
  for (const char* const replica : {"slave0", "slave1"})
    CHECK(wait_until(
        [&] { return info_field(redis, replica).find("state=send_bulk") != std::string::npos; }));
  CHECK(info_field(redis, "sync_full") == "3");
  const std::string begins = "Starting BGSAVE for SYNC";
  CHECK(wait_until([&] {  // the third has one of its own
    const std::string log = server.log();
    return log.find(begins) != log.rfind(begins);
  }));
}

TEST_CASE("ROLE and INFO name a replica with its port and its offset", "[role][replication]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  CHECK(redis("ROLE") == R"(["master",0,[]])");
  TestServer other(replica_of(server), kRedis);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(in_step(redis, replica));
  CHECK(redis("WAIT", 1, 0) == 1);
  const std::string port = std::to_string(other.port());
  CHECK(redis("ROLE").contains("\"127.0.0.1\",\"" + port + "\","));
  CHECK(info_field(redis, "slave0")
            .starts_with("ip=127.0.0.1,port=" + port + ",state=online,offset="));
  CHECK(redis("CLIENT", "LIST").contains(" flags=S "));
}

TEST_CASE("A partial resynchronisation needs the right name and what the backlog still has",
          "[psync][replconf]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  redis("XADD", "s", "1-1", "f", "v");
  RawClient first = server.connect_raw();
  CHECK(show(first("REPLCONF", "capa", "eof", "capa", "psync2", "capa", "what")) == "+OK");
  first.send("PSYNC", "?", "-1");
  REQUIRE(becomes(redis, "connected_slaves", "1"));
  redis("XADD", "s", "2-1", "f", "v");
  const std::string id = info_field(redis, "master_replid");
  const int64_t offset = info_number(redis, "master_repl_offset");
  const auto answer = [&](const std::string& asked, int64_t next) {
    RawClient replica = server.connect_raw();
    replica("REPLCONF", "capa", "eof", "capa", "psync2");
    replica.send("PSYNC", asked, std::to_string(next));
    return show(replica.read());
  };
  CHECK(answer(id, offset + 1) == "+CONTINUE " + id);
  CHECK(answer(id, offset + 100'000).starts_with("+FULLRESYNC " + id));
  CHECK(answer(std::string(40, 'f'), offset + 1).starts_with("+FULLRESYNC " + id));
  CHECK(info_field(redis, "sync_partial_ok") == "1");
  CHECK(info_field(redis, "sync_partial_err") == "2");
}

TEST_CASE("What can be no host is neither followed nor announced", "[replicaof][replconf]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* const host : {"no such name", "", " ", "a\"b", "a'b", "a\nb", "a\\b"}) {
    CAPTURE(host);
    CHECK(redis("REPLICAOF", host, 6379) == "ERR Invalid master host");
    const bool is_taken_back = host[0] == '\0';
    CHECK(
        redis("REPLCONF", "ip-address", host) ==
        (is_taken_back ? "OK" : "ERR REPLCONF ip-address provided by replica instance is no host"));
  }
  CHECK(info_field(redis, "role") == "master");
}

TEST_CASE("REPLCONF and PSYNC are refused when they say nothing sensible", "[replconf][sync]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("REPLCONF", "capa") == "ERR syntax error");
  CHECK(redis("REPLCONF", "listening-port", "x") == "ERR value is not an integer or out of range");
  CHECK(redis("REPLCONF", "rdb-filter-only", "x") == "ERR Unsupported rdb-filter-only option: x");
  CHECK(redis("PSYNC", "?", "x") == "ERR value is not an integer or out of range");
  CHECK(redis("REPLCONF", "rdb-filter-only", "") == "OK");
  CHECK(redis("SYNC") == "ERR Filtered replica requires EOF capability");
}

TEST_CASE("redis-cli --rdb makes a file of all keys", "[redis_cli][sync]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  write_some(redis);
  const std::string path = server.folder() + "/copy.rdb";
  const Finished copied =
      run_to_end("/usr/bin/redis-cli", {"-p", std::to_string(server.port()), "--rdb", path});
  CHECK(copied.exit_code == 0);
  TestServer other({"--dbfilename", "copy.rdb", "--dir", server.folder()}, kRedis);
  Redis restored = other.connect();
  CHECK(contents(restored) == contents(redis));
}

TEST_CASE("redis-cli --functions-rdb makes a file without keys", "[redis_cli][sync]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  write_some(redis);
  const std::string path = server.folder() + "/functions.rdb";
  const Finished copied = run_to_end(
      "/usr/bin/redis-cli", {"-p", std::to_string(server.port()), "--functions-rdb", path});
  CHECK(copied.exit_code == 0);
  TestServer other({"--dbfilename", "functions.rdb", "--dir", server.folder()}, kRedis);
  CHECK(other.connect()("DBSIZE") == 0);
  CHECK(becomes(redis, "connected_slaves", "0"));
}

TEST_CASE("redis-cli --replica shows what is written", "[redis_cli][sync]") {
  TestServer server(primary_options());
  Redis redis = server.connect();
  write_some(redis);
  const std::string output = server.folder() + "/shown";
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  const ChildProcess cli("/usr/bin/redis-cli", {"-p", std::to_string(server.port()), "--replica"},
                         out, out);
  close(out);
  REQUIRE(wait_until([&] { return read_text(output).find("SYNC done") != std::string::npos; }));
  redis("XADD", "s", "500-1", "f", "later");
  INFO(read_text(output));
  CHECK(wait_until([&] {
    return read_text(output).find(R"("XADD","s","500-1","f","later")") != std::string::npos;
  }));
}

TEST_CASE("A replica that does not read is closed when too much waits for it", "[replication]") {
  TestServer server(primary_options(
      {"--client-output-buffer-limit", "replica 1mb 0 0", "--repl-backlog-size", "64kb"}));
  Redis redis = server.connect();
  RawClient replica = connect_replica(server);
  REQUIRE(is_online(redis, "slave0"));
  const std::string big(100'000, 'x');
  for (int i = 0; i < 200; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  CHECK(becomes(redis, "connected_slaves", "0"));
  CHECK(wait_until([&] { return info_number(redis, "repl_backlog_histlen") <= 65536; }));
  CHECK(log_says(server, "overcoming of output buffer limits"));
}

TEST_CASE("Ten replicas that lag take the memory of one", "[replication][memory]") {
  TestServer server(primary_options({"--repl-backlog-size", "16mb"}));
  Redis redis = server.connect();
  std::vector<RawClient> replicas;
  for (int i = 0; i < 10; ++i)
    replicas.push_back(connect_replica(server));
  REQUIRE(is_online(redis, "slave9"));
  const int64_t before = info_number(redis, "used_memory");
  const std::string big(100'000, 'x');
  for (int i = 0; i < 150; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  const int64_t after = info_number(redis, "used_memory");
  CHECK(after - before > 14'000'000);
  CHECK(after - before < 20'000'000);
}

TEST_CASE("A replica that says nothing for repl-timeout is disconnected", "[replication]") {
  TestServer server(primary_options({"--repl-timeout", "1"}));
  Redis redis = server.connect();
  RawClient replica = connect_replica(server);
  REQUIRE(becomes(redis, "connected_slaves", "1"));
  CHECK(becomes(redis, "connected_slaves", "0"));
  CHECK(log_says(server, "Disconnecting timedout replica (streaming sync)"));
}

TEST_CASE("A replica is kept while it shows by empty lines that it loads", "[replication]") {
  const std::string capability = GENERATE(as<std::string>(), "none", "eof");
  TestServer server(primary_options({"--repl-timeout", "2"}));
  Redis redis = server.connect();
  RawClient silent = server.connect_raw();
  RawClient loading = server.connect_raw();
  silent("REPLCONF", "listening-port", "1", "capa", capability);
  loading("REPLCONF", "listening-port", "2", "capa", capability);
  silent.send("PSYNC", "?", "-1");
  loading.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] {
    loading.write("\n");
    return redis("INFO", "replication").contains("port=2,state=online");
  }));
  CHECK(wait_until([&] {
    loading.write("\n");
    return info_field(redis, "connected_slaves") == "1";
  }));
  CHECK(redis("INFO", "replication").contains("port=2,state=online"));
}

TEST_CASE("A backlog that nobody needs for repl-backlog-ttl is freed, and its history with it",
          "[replication]") {
  TestServer server(primary_options({"--repl-backlog-ttl", "1"}));
  Redis redis = server.connect();
  RawClient replica = connect_replica(server);
  REQUIRE(becomes(redis, "connected_slaves", "1"));
  const std::string id = info_field(redis, "master_replid");
  replica.close();
  CHECK(becomes(redis, "repl_backlog_active", "0"));
  CHECK(info_field(redis, "master_replid") != id);
}

TEST_CASE("SHUTDOWN waits until replicas have everything", "[shutdown][replication]") {
  Followed pair;
  const Asleep asleep(pair.other);
  pair.redis("XADD", "s", "2-1", "f", "v");
  Redis operator_client = pair.server.connect();
  operator_client.send("SHUTDOWN");
  REQUIRE(log_says(pair.server, "Waiting for replicas before shutting down"));
  CHECK(pair.redis("XLEN", "s") == 2);
  asleep.wake();
  CHECK(wait_until([&] { return !pair.server.is_running(); }));
  CHECK(pair.replica("XLEN", "s") == 2);
}

TEST_CASE("SHUTDOWN ABORT ends a shutdown that waits for replicas", "[shutdown][replication]") {
  Followed pair;
  CHECK(pair.redis("SHUTDOWN", "ABORT") == "ERR No shutdown in progress.");
  const Asleep asleep(pair.other);
  pair.redis("XADD", "s", "2-1", "f", "v");
  Redis operator_client = pair.server.connect();
  operator_client.send("SHUTDOWN");
  REQUIRE(wait_until([&] { return !info_field(pair.redis, "shutdown_in_milliseconds").empty(); }));
  Redis writer = pair.server.connect();
  writer.send("XADD", "s", "2-2", "f", "v");
  CHECK(pair.redis("CLIENT", "UNPAUSE") == "OK");
  CHECK(writer.nothing_arrives());
  CHECK(pair.redis("SHUTDOWN", "ABORT") == "OK");
  CHECK(operator_client.read() == "ERR Errors trying to SHUTDOWN. Check logs.");
  CHECK(writer.read() == "2-2");
  CHECK(pair.redis("XADD", "s", "3-1", "f", "v") == "3-1");
  asleep.wake();
  CHECK(in_step(pair.redis, pair.replica));
}

TEST_CASE("A second SIGINT ends a shutdown that waits for replicas", "[shutdown][replication]") {
  Followed pair;
  const Asleep asleep(pair.other);
  const auto waits = [&] { return !info_field(pair.redis, "shutdown_in_milliseconds").empty(); };
  pair.redis("XADD", "s", "2-1", "f", "v");
  for (int i = 0; i < 2; ++i) {
    if (i > 0) REQUIRE(pair.redis("SHUTDOWN", "ABORT") == "OK");
    kill(pair.server.pid(), SIGINT);
    REQUIRE(wait_until(waits));
  }
  kill(pair.server.pid(), SIGINT);
  CHECK(log_says(pair.server, "You insist... exiting now."));
  CHECK(wait_until([&] { return !pair.server.is_running(); }));
  CHECK(pair.server.terminate() == 1);
}

TEST_CASE("A shutdown that waited long enough for a replica comes to its end",
          "[shutdown][replication]") {
  Followed pair({"--shutdown-timeout", "1"});
  const Asleep asleep(pair.other);
  pair.redis("XADD", "s", "2-1", "f", "v");
  CHECK(pair.server.terminate() == 0);
  CHECK(log_says(pair.server, "Lagging replica 127.0.0.1:" + std::to_string(pair.other.port())));
}

}  // namespace
}  // namespace weir::testing
