// Our server as a primary: of Debian's redis-server, of redis-cli, and of connections that say what
// replicas say.
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/child_process.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr const char* kRedis = "/usr/bin/redis-server";

TestServer primary(std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"--repl-diskless-sync-delay", "0"});
  return TestServer(options);
}

TestServer replica_of(const TestServer& server) {
  return TestServer({"--replicaof", "127.0.0.1", std::to_string(server.port())}, kRedis);
}

std::string field(Redis& redis, std::string_view section, std::string_view name) {
  const std::string text = "\r\n" + redis("INFO", section).text;
  const size_t at = text.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 3;
  return text.substr(begin, text.find("\r\n", begin) - begin);
}

/// Whether the replica has all that the primary has.
bool is_even(Redis& primary_client, Redis& replica) {
  return wait_until([&] {
    return field(replica, "replication", "master_link_status") == "up" &&
           field(replica, "replication", "slave_repl_offset") ==
               field(primary_client, "replication", "master_repl_offset");
  });
}

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

TEST_CASE("A Redis replica gets a snapshot through its socket, and then what is written",
          "[replication][psync]") {
  TestServer server = primary();
  Redis redis = server.connect();
  write_some(redis);
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  REQUIRE(is_even(redis, replica));
  CHECK(contents(replica) == contents(redis));
  redis("XADD", "s", "500-1", "f", "later");
  redis("XREADGROUP", "GROUP", "g", "three", "COUNT", 20, "STREAMS", "s", ">");
  REQUIRE(is_even(redis, replica));
  CHECK(contents(replica) == contents(redis));
  CHECK(field(redis, "stats", "sync_full") == "1");
}

TEST_CASE("A Redis replica gets a snapshot by way of a file", "[replication][psync]") {
  TestServer server = primary({"--repl-diskless-sync", "no"});
  Redis redis = server.connect();
  write_some(redis);
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  REQUIRE(is_even(redis, replica));
  CHECK(contents(replica) == contents(redis));
  CHECK(other.log().find("to disk") != std::string::npos);
}

TEST_CASE("A Redis replica whose link breaks goes on where it was", "[replication][psync]") {
  TestServer server = primary();
  Redis redis = server.connect();
  write_some(redis);
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  REQUIRE(is_even(redis, replica));
  CHECK(redis("CLIENT", "KILL", "TYPE", "replica") == 1);
  redis("XADD", "s", "500-1", "f", "later");
  REQUIRE(is_even(redis, replica));
  CHECK(contents(replica) == contents(redis));
  CHECK(field(redis, "stats", "sync_full") == "1");
  CHECK(field(redis, "stats", "sync_partial_ok") == "1");
}

TEST_CASE("What is written while a replica loads comes to it behind the snapshot",
          "[replication][psync]") {
  TestServer server = primary();
  Redis redis = server.connect();
  write_some(redis);
  const std::string big(1000, 'x');
  for (int i = 0; i < 20'000; ++i)
    redis.send("XADD", "big" + std::to_string(i % 500), "*", "f", big);
  for (int i = 0; i < 20'000; ++i)
    redis.read();
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  for (int i = 0; i < 3000; ++i)
    redis("XADD", "s", std::to_string(1000 + i) + "-0", "f", "meanwhile");
  INFO(server.log() << other.log() << redis("INFO", "replication")
                    << replica("INFO", "replication"));
  REQUIRE(is_even(redis, replica));
  CHECK(contents(replica) == contents(redis));
  CHECK(replica("DBSIZE") == redis("DBSIZE").text);
}

TEST_CASE("WAIT counts the replicas that have the writes of the connection", "[wait]") {
  TestServer server = primary();
  Redis redis = server.connect();
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  redis("XADD", "s", "2-1", "f", "v");
  CHECK(redis("WAIT", 1, 0) == 1);
  REQUIRE(kill(other.pid(), SIGSTOP) == 0);
  redis("XADD", "s", "3-1", "f", "v");
  CHECK(redis("WAIT", 1, 50) == 0);
  REQUIRE(kill(other.pid(), SIGCONT) == 0);
  CHECK(redis("WAIT", 1, 0) == 1);
  CHECK(redis("WAITAOF", 0, 0, 0) == "[0,0]");
}

TEST_CASE("With min-replicas-to-ack a write is answered when replicas have it, or with an error",
          "[commit_gate]") {
  TestServer server = primary();
  Redis redis = server.connect();
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  redis("CONFIG", "SET", "min-replicas-to-ack", 1, "min-replicas-ack-timeout", 1000);
  CHECK(redis("XADD", "s", "2-1", "f", "v") == "2-1");
  REQUIRE(kill(other.pid(), SIGSTOP) == 0);
  redis.send("XLEN", "s");
  redis.send("XADD", "s", "3-1", "f", "v");
  redis.send("XLEN", "s");
  redis.send("XADD", "s", "4-1", "f", "v");
  redis.send("PING");
  CHECK(redis.read() == 2);
  CHECK(redis.read().starts_with("UNCONFIRMED The write is applied here"));
  CHECK(redis.read() == 3);
  CHECK(redis.read().starts_with("UNCONFIRMED "));
  CHECK(redis.read() == "PONG");
  REQUIRE(kill(other.pid(), SIGCONT) == 0);
  CHECK(redis("XLEN", "s") == 4);
}

TEST_CASE("min-replicas-to-write refuses writes until there are enough replicas", "[replication]") {
  TestServer server = primary({"--min-replicas-to-write", "1"});
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "1-1", "f", "v") == "NOREPLICAS Not enough good replicas to write.");
  CHECK(redis("XLEN", "s") == 0);
  TestServer other = replica_of(server);
  CHECK(wait_until([&] { return redis("XADD", "s", "1-1", "f", "v") == "1-1"; }));
}

TEST_CASE("ROLE and INFO name a replica with its port and its offset", "[role][replication]") {
  TestServer server = primary();
  Redis redis = server.connect();
  CHECK(redis("ROLE") == R"(["master",0,[]])");
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  CHECK(redis("WAIT", 1, 0) == 1);
  const std::string port = std::to_string(other.port());
  CHECK(redis("ROLE").contains("\"127.0.0.1\",\"" + port + "\","));
  CHECK(field(redis, "replication", "slave0")
            .starts_with("ip=127.0.0.1,port=" + port + ",state=online,offset="));
  CHECK(redis("CLIENT", "LIST").contains(" flags=S "));
}

TEST_CASE("A partial resynchronisation needs the right name and what the backlog still has",
          "[psync][replconf]") {
  TestServer server = primary();
  Redis redis = server.connect();
  redis("XADD", "s", "1-1", "f", "v");
  RawClient first = server.connect_raw();
  CHECK(show(first("REPLCONF", "capa", "eof", "capa", "psync2", "what", "ever")) == "+OK");
  first.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] { return field(redis, "replication", "connected_slaves") == "1"; }));
  redis("XADD", "s", "2-1", "f", "v");
  const std::string id = field(redis, "replication", "master_replid");
  const int64_t offset = std::stoll(field(redis, "replication", "master_repl_offset"));
  const auto answer = [&](const std::string& asked, int64_t next) {
    RawClient replica = server.connect_raw();
    replica("REPLCONF", "capa", "eof", "capa", "psync2");
    replica.send("PSYNC", asked, std::to_string(next));
    return show(replica.read());
  };
  CHECK(answer(id, offset + 1) == "+CONTINUE " + id);
  CHECK(answer(id, offset + 100'000).starts_with("+FULLRESYNC " + id));
  CHECK(answer(std::string(40, 'f'), offset + 1).starts_with("+FULLRESYNC " + id));
  CHECK(field(redis, "stats", "sync_partial_ok") == "1");
  CHECK(field(redis, "stats", "sync_partial_err") == "2");
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
  TestServer server = primary();
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

TEST_CASE("redis-cli --replica shows what is written", "[redis_cli][sync]") {
  TestServer server = primary();
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
  TestServer server =
      primary({"--client-output-buffer-limit", "replica 1mb 0 0", "--repl-backlog-size", "64kb"});
  Redis redis = server.connect();
  RawClient replica = server.connect_raw();
  replica.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] {
    return field(redis, "replication", "slave0").find("state=online") != std::string::npos;
  }));
  const std::string big(100'000, 'x');
  for (int i = 0; i < 200; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  CHECK(wait_until([&] { return field(redis, "replication", "connected_slaves") == "0"; }));
  CHECK(wait_until(
      [&] { return std::stoll(field(redis, "replication", "repl_backlog_histlen")) <= 65536; }));
  CHECK(server.log().find("overcoming of output buffer limits") != std::string::npos);
}

TEST_CASE("Ten replicas that lag take the memory of one", "[replication][memory]") {
  TestServer server = primary({"--repl-backlog-size", "16mb"});
  Redis redis = server.connect();
  std::vector<RawClient> replicas;
  for (int i = 0; i < 10; ++i) {
    replicas.push_back(server.connect_raw());
    replicas.back().send("PSYNC", "?", "-1");
  }
  REQUIRE(wait_until([&] {
    return field(redis, "replication", "slave9").find("state=online") != std::string::npos;
  }));
  const int64_t before = std::stoll(field(redis, "memory", "used_memory"));
  const std::string big(100'000, 'x');
  for (int i = 0; i < 150; ++i)
    redis("XADD", "s", "MAXLEN", 1, "*", "f", big);
  const int64_t after = std::stoll(field(redis, "memory", "used_memory"));
  CHECK(after - before > 14'000'000);
  CHECK(after - before < 20'000'000);
}

TEST_CASE("A replica that says nothing for repl-timeout is disconnected", "[replication]") {
  TestServer server = primary({"--repl-timeout", "1"});
  Redis redis = server.connect();
  RawClient replica = server.connect_raw();
  replica.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] { return field(redis, "replication", "connected_slaves") == "1"; }));
  CHECK(wait_until([&] { return field(redis, "replication", "connected_slaves") == "0"; }));
  CHECK(server.log().find("Disconnecting timedout replica (streaming sync)") != std::string::npos);
}

TEST_CASE("A replica is kept while it shows by empty lines that it loads", "[replication]") {
  const std::string capability = GENERATE(as<std::string>(), "none", "eof");
  TestServer server = primary({"--repl-timeout", "1"});
  Redis redis = server.connect();
  RawClient silent = server.connect_raw();
  RawClient loading = server.connect_raw();
  silent("REPLCONF", "listening-port", "1", "capa", capability);
  loading("REPLCONF", "listening-port", "2", "capa", capability);
  silent.send("PSYNC", "?", "-1");
  loading.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] { return redis("INFO", "replication").contains("port=2,state=online"); }));
  CHECK(wait_until([&] {
    loading.write("\n");
    return field(redis, "replication", "connected_slaves") == "1";
  }));
  CHECK(redis("INFO", "replication").contains("port=2,state=online"));
}

TEST_CASE("A backlog that nobody needs for repl-backlog-ttl is freed, and its history with it",
          "[replication]") {
  TestServer server = primary({"--repl-backlog-ttl", "1"});
  Redis redis = server.connect();
  RawClient replica = server.connect_raw();
  replica.send("PSYNC", "?", "-1");
  REQUIRE(wait_until([&] { return field(redis, "replication", "connected_slaves") == "1"; }));
  const std::string id = field(redis, "replication", "master_replid");
  replica.close();
  CHECK(wait_until([&] { return field(redis, "replication", "repl_backlog_active") == "0"; }));
  CHECK(field(redis, "replication", "master_replid") != id);
}

TEST_CASE("SHUTDOWN waits until replicas have everything", "[shutdown][replication]") {
  TestServer server = primary();
  Redis redis = server.connect();
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  REQUIRE(kill(other.pid(), SIGSTOP) == 0);
  redis("XADD", "s", "2-1", "f", "v");
  Redis operator_client = server.connect();
  operator_client.send("SHUTDOWN");
  REQUIRE(wait_until([&] {
    return server.log().find("Waiting for replicas before shutting down") != std::string::npos;
  }));
  CHECK(redis("XLEN", "s") == 2);
  REQUIRE(kill(other.pid(), SIGCONT) == 0);
  CHECK(wait_until([&] { return !server.is_running(); }));
  CHECK(replica("XLEN", "s") == 2);
}

TEST_CASE("SHUTDOWN ABORT ends a shutdown that waits for replicas", "[shutdown][replication]") {
  TestServer server = primary();
  Redis redis = server.connect();
  CHECK(redis("SHUTDOWN", "ABORT") == "ERR No shutdown in progress.");
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  REQUIRE(kill(other.pid(), SIGSTOP) == 0);
  redis("XADD", "s", "2-1", "f", "v");
  Redis operator_client = server.connect();
  operator_client.send("SHUTDOWN");
  REQUIRE(wait_until([&] { return !field(redis, "server", "shutdown_in_milliseconds").empty(); }));
  Redis writer = server.connect();
  writer.send("XADD", "s", "2-2", "f", "v");
  CHECK(redis("CLIENT", "UNPAUSE") == "OK");
  CHECK(writer.nothing_arrives());
  CHECK(redis("SHUTDOWN", "ABORT") == "OK");
  CHECK(operator_client.read() == "ERR Errors trying to SHUTDOWN. Check logs.");
  CHECK(writer.read() == "2-2");
  CHECK(redis("XADD", "s", "3-1", "f", "v") == "3-1");
  REQUIRE(kill(other.pid(), SIGCONT) == 0);
  CHECK(is_even(redis, replica));
}

TEST_CASE("A shutdown that waited long enough for a replica comes to its end",
          "[shutdown][replication]") {
  TestServer server = primary({"--shutdown-timeout", "1"});
  Redis redis = server.connect();
  TestServer other = replica_of(server);
  Redis replica = other.connect();
  redis("XADD", "s", "1-1", "f", "v");
  REQUIRE(is_even(redis, replica));
  REQUIRE(kill(other.pid(), SIGSTOP) == 0);
  redis("XADD", "s", "2-1", "f", "v");
  CHECK(server.terminate() == 0);
  CHECK(server.log().find("Lagging replica 127.0.0.1:" + std::to_string(other.port())) !=
        std::string::npos);
  REQUIRE(kill(other.pid(), SIGCONT) == 0);
}

}  // namespace
}  // namespace weir::testing
