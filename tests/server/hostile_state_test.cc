// Clients that mean harm by what they have the server remember: subscriptions, waits, watched keys,
// names, failures, cursors, fake replicas.  All of it has a bound or goes with its client.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr int64_t kMebibyte = 1 << 20;

/// `before`, then prefix0 prefix1 …, so many of them from `first` on.
std::vector<std::string> numbered(std::vector<std::string> before, const std::string& prefix,
                                  int first, int count) {
  for (int i = first; i < first + count; ++i)
    before.push_back(prefix + std::to_string(i));
  return before;
}

int64_t memory_of(Redis& redis) {
  return info_number(redis, "used_memory");
}

/// Matched the simple way, this takes longer than anybody lives.
std::string pattern_made_to_be_slow() {
  std::string pattern;
  for (int i = 0; i < 30; ++i)
    pattern += "*a";
  return pattern + "*b";
}

}  // namespace

TEST_CASE("Who has not given the password can subscribe to nothing", "[hostile][auth]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  redis("AUTH", "secret");
  RawClient client = server.connect_raw();
  for (const char* command : {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "WATCH", "MULTI", "MONITOR",
                              "SYNC", "PSYNC", "CLIENT", "DEBUG"}) {
    CAPTURE(command);
    CHECK(show(client(command, "c", "x")).starts_with("-"));
  }
  CHECK(info_number(redis, "pubsub_channels") == 0);
  CHECK(info_number(redis, "connected_slaves") == 0);
}

TEST_CASE("Patterns that are made to be slow are not", "[hostile][keys]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string many(20'000, 'a');
  const std::string pattern = pattern_made_to_be_slow();
  redis("XADD", many, "1-0", "f", "v");
  CHECK(redis("KEYS", pattern) == "[]");
  CHECK(redis("SCAN", 0, "MATCH", pattern) == R"(["0",[]])");
  Redis listener = server.connect();
  listener("PSUBSCRIBE", pattern);
  CHECK(redis("PUBLISH", many, "x") == 0);
  CHECK(redis("CONFIG", "GET", pattern) == "[]");
  CHECK(redis("ACL", "SETUSER", "bob", "on", "nopass", "~" + pattern, "+@all") == "OK");
  CHECK(redis("ACL", "DRYRUN", "bob", "XLEN", many).contains("has no permissions"));
}

TEST_CASE("Fifty clients that ask for all keys at once are answered, and cost nothing then",
          "[hostile][scan]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("DEBUG", "POPULATE", 20'000);
  REQUIRE(redis("DBSIZE") == 20'000);
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(server.connect_raw());
    clients.back().send("KEYS", "*");
    clients.back().send("SCAN", "0", "COUNT", "9223372036854775807");
    clients.back().send("SCAN", "18446744073709551615", "COUNT", "9223372036854775807");
    clients.back().send("SCAN", "12345678901234567", "MATCH", "nothing", "COUNT", "1");
  }
  CHECK(redis("PING") == "PONG");
  size_t keys = 0;
  for (size_t i = 0; i < clients.size(); i += 2) {  // half of them read
    keys += clients[i].read().elements.size();
    keys += clients[i].read().elements[1].elements.size();
  }
  CHECK(keys == size_t{25} * 2 * 20'000);
  clients.clear();
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Waits for fifty thousand keys go with who waits", "[hostile][xread]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string> words =
        numbered({"XREAD", "BLOCK", "0", "STREAMS"}, "key", i * 250, 500);
    words.insert(words.end(), 500, "$");
    clients.push_back(server.connect_raw());
    clients.back().write(encode_command(words));
  }
  REQUIRE(blocked_become(redis, 100));
  redis("XADD", "key300", "1-0", "f", "v");  // two of them wait for it
  CHECK(show(clients[0].read()) == R"(*[*["key300", *[*["1-0", *["f", "v"]]]]])");
  CHECK(show(clients[1].read()) == R"(*[*["key300", *[*["1-0", *["f", "v"]]]]])");
  clients.clear();
  CHECK(blocked_become(redis, 0));
  CHECK(info_number(redis, "total_blocking_keys") == 0);
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("The slow log keeps a part of each of the last commands, however large they are",
          "[hostile][slowlog]") {
  TestServer server({"--slowlog-log-slower-than", "0"});
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_raw();
  std::vector<std::string> words = {"XADD", "s", "*"};
  words.insert(words.end(), 1000, std::string(1000, 'x'));
  for (int i = 0; i < 200; ++i) {
    client.write(encode_command(words));
    client.read();
  }
  redis("CONFIG", "SET", "slowlog-log-slower-than", -1);
  CHECK(redis("SLOWLOG", "LEN") == 128);
  redis("DEL", "s");
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Prefixes to track go with who tracks them", "[hostile][tracking]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_resp3();
  std::vector<std::string> words = {"CLIENT", "TRACKING", "ON", "BCAST"};
  for (int i = 10'000; i < 12'000; ++i) {  // of one length: none is a prefix of another
    words.emplace_back("PREFIX");
    words.push_back("p" + std::to_string(i));
  }
  client.write(encode_command(words));
  CHECK(show(client.read()) == "+OK");
  CHECK(info_number(redis, "tracking_total_prefixes") == 2000);
  client.close();
  CHECK(info_becomes(redis, "tracking_total_prefixes", 0));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Replicas that never read cost what one costs, and go", "[hostile][replication]") {
  TestServer server({"--repl-diskless-sync-delay", "0", "--repl-backlog-size", "1mb"});
  Redis redis = server.connect();
  for (int n = 1; n <= 50; ++n)
    redis("XADD", "s", n, "f", std::string(10'000, 'x'));
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> fakes;
  for (int i = 0; i < 30; ++i) {
    fakes.push_back(server.connect_raw());
    fakes.back().write(i % 2 == 0 ? "SYNC\r\n" : "PSYNC ? -1\r\n");
  }
  REQUIRE(info_becomes(redis, "connected_slaves", 30));
  for (int n = 51; n <= 250; ++n)
    redis("XADD", "s", "MAXLEN", 50, n, "f", std::string(10'000, 'x'));
  CHECK(memory_of(redis) < baseline + 12 * kMebibyte);
  fakes.clear();
  CHECK(info_becomes(redis, "connected_slaves", 0));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Names of ten megabytes are listed, and go with their clients", "[hostile][clients]") {
  TestServer server({"--slowlog-log-slower-than", "0"});
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  const std::string name(10 * kMebibyte, 'n');
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect_raw());
    CHECK(show(clients.back()("CLIENT", "SETNAME", name)) == "+OK");
  }
  CHECK(static_cast<int64_t>(redis("CLIENT", "LIST").text.size()) > 30 * kMebibyte);
  CHECK(redis("SLOWLOG", "GET", 2).contains("... (10485632 more bytes)"));
  clients.clear();
  CHECK(connected_become(redis, 1));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Who may do nothing fills ACL LOG with a part of each key only", "[hostile][acl]") {
  TestServer server;
  Redis redis = server.connect();
  redis("ACL", "SETUSER", "bob", "on", ">pw", "~nothing", "+xlen");
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_raw();
  CHECK(show(client("AUTH", "bob", "pw")) == "+OK");
  const std::string key(kMebibyte, 'k');
  for (int i = 0; i < 30; ++i)
    CHECK(show(client("XLEN", std::to_string(i) + key)).starts_with("-NOPERM"));
  client.close();
  CHECK(redis("ACL", "LOG", 1).contains(" more bytes)"));
  CHECK(memory_returns_to(redis, baseline));
}

}  // namespace weir::testing
