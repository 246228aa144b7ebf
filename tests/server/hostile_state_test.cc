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

TEST_CASE("Fifty thousand subscriptions go with who has them", "[hostile][pubsub]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  {
    RawClient client = server.connect_raw();
    for (int first = 0; first < 50'000; first += 1000)
      client.write(encode_command(numbered({"SUBSCRIBE"}, "channel", first, 1000)));
    client.write(encode_command(numbered({"PSUBSCRIBE"}, "pattern*", 0, 2000)));
    CHECK(info_becomes(redis, "pubsub_patterns", 2000));
    CHECK(info_number(redis, "pubsub_channels") == 50'000);
    CHECK(redis("PUBLISH", "pattern", "x") == 0);
    CHECK(redis("PUBLISH", "channel49999", "x") == 1);
  }
  CHECK(info_becomes(redis, "pubsub_channels", 0));
  CHECK(info_number(redis, "pubsub_patterns") == 0);
  CHECK(memory_returns_to(redis, baseline));
}

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

TEST_CASE("A hundred thousand watched keys go with who watches them", "[hostile][watch]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_raw();
  for (int first = 0; first < 100'000; first += 1000)
    client.write(encode_command(numbered({"WATCH"}, "key", first, 1000)));
  CHECK(wait_until([&] { return redis("CLIENT", "LIST").contains(" watch=100000 "); }));
  client.close();
  CHECK(connected_become(redis, 1));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Ten thousand wrong passwords leave as many lines in ACL LOG as it holds, and no more",
          "[hostile][auth]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  redis("AUTH", "secret");
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(server.connect_raw());
    for (int n = 0; n < 500; ++n) {
      const std::string user = std::to_string(i) + "-" + std::to_string(n);
      clients.back().send("AUTH", user + std::string(1000, 'u'), std::string(1000, 'p'));
    }
  }
  int64_t refused = 0;
  for (RawClient& client : clients) {
    for (int n = 0; n < 500; ++n)
      refused += show(client.read()).starts_with("-WRONGPASS") ? 1 : 0;
  }
  CHECK(refused == 10'000);
  CHECK(info_number(redis, "acl_access_denied_auth") == 10'000);
  RawClient reader = server.connect_raw();
  CHECK(show(reader("AUTH", "secret")) == "+OK");
  CHECK(reader("ACL", "LOG", "100000").elements.size() == 128);
  clients.clear();
  CHECK(memory_returns_to(redis, baseline));
  CHECK(show(reader("PING")) == "+PONG");
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
  RawClient client = server.connect_raw();
  client("HELLO", "3");
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

}  // namespace weir::testing
