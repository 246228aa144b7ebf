// maxmemory: what goes, who hears of it, and what is refused when nothing may go.
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kRefusal = "OOM command not allowed when used memory > 'maxmemory'.";

/// A server with keys "k0" … of 10 KB each, and room for about so many more.
struct Crowded {
  TestServer server;
  Redis redis = server.connect();
  const std::string value = std::string(10'000, 'v');

  explicit Crowded(const std::string& policy) {
    redis("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory-samples", 50);
  }
  void add(int first, int last) {
    for (int i = first; i < last; ++i)
      redis("XADD", "k" + std::to_string(i), "*", "f", value);
  }
  void leave_room_for(int keys) {
    const int64_t used = info_number(redis, "used_memory");
    redis("CONFIG", "SET", "maxmemory", used + keys * 10'500);
  }
  int64_t existing(int first, int last) {
    int64_t count = 0;
    for (int i = first; i < last; ++i)
      count += redis("EXISTS", "k" + std::to_string(i)).number();
    return count;
  }
};

TEST_CASE("Under noeviction nothing goes, and what needs memory is refused", "[eviction]") {
  Crowded crowded("noeviction");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 10);
  crowded.leave_room_for(5);
  crowded.add(10, 40);
  CHECK(crowded.redis("XADD", "k40", "*", "f", "v") == kRefusal);
  CHECK(crowded.existing(0, 15) == 15);
  CHECK(crowded.redis("XLEN", "k0") == 1);
  CHECK(crowded.redis("XTRIM", "k0", "MAXLEN", 0) == 1);
  CHECK(crowded.redis("DEL", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7") == 8);
  CHECK_FALSE(crowded.redis("XADD", "k40", "*", "f", "v") == kRefusal);
  CHECK(info_number(crowded.redis, "evicted_keys") == 0);
}

TEST_CASE("Random policies make room for whatever is added", "[eviction]") {
  Crowded crowded("allkeys-random");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 20);
  crowded.leave_room_for(10);
  crowded.add(20, 120);
  const int64_t left = crowded.redis("DBSIZE").number();
  CHECK(left > 15);
  CHECK(left < 40);
  // Who asks takes memory, too, until it has its answer: one more key may go for it.
  CHECK(info_number(crowded.redis, "evicted_keys") >= 120 - left);
  CHECK(info_number(crowded.redis, "evicted_keys") <= 125 - left);
  CHECK(info_number(crowded.redis, "used_memory") <=
        info_number(crowded.redis, "maxmemory") + 10'500);
}

TEST_CASE("LFU spares what is used often", "[eviction]") {
  Crowded crowded("allkeys-lfu");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 20);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 5; ++i)
      crowded.redis("XLEN", "k" + std::to_string(i));
  }
  CHECK(crowded.redis("OBJECT", "FREQ", "k0").number() > 7);
  CHECK(crowded.redis("OBJECT", "FREQ", "k19").number() <= 6);
  crowded.leave_room_for(10);
  crowded.add(20, 120);
  CHECK(crowded.existing(0, 5) == 5);
  CHECK(crowded.existing(5, 20) < 15);
}

TEST_CASE("Volatile policies spare keys without a time to live, and then refuse", "[eviction]") {
  for (const std::string policy :
       {"volatile-lru", "volatile-lfu", "volatile-lrm", "volatile-random", "volatile-ttl"}) {
    INFO(policy);
    Crowded crowded(policy);
    if (!counts_memory(crowded.redis)) return;
    crowded.add(0, 20);
    for (int i = 0; i < 10; ++i)
      crowded.redis("EXPIRE", "k" + std::to_string(i), 10'000 + i);
    crowded.leave_room_for(5);
    crowded.add(20, 60);
    CHECK(crowded.existing(0, 10) == 0);
    CHECK(crowded.existing(10, 20) == 10);
    CHECK(info_number(crowded.redis, "evicted_keys") == 10);
    CHECK(crowded.redis("XADD", "k20", "*", "f", "v") == kRefusal);
  }
}

TEST_CASE("volatile-ttl takes what would expire first", "[eviction]") {
  Crowded crowded("volatile-ttl");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 20);
  for (int i = 0; i < 20; ++i)
    crowded.redis("EXPIRE", "k" + std::to_string(i), 20'000 - i * 100);
  crowded.leave_room_for(5);
  crowded.add(20, 32);
  const int64_t left = crowded.existing(0, 20);
  CHECK(left < 20);
  CHECK(crowded.existing(0, static_cast<int>(left)) == left);
}

TEST_CASE("A great stream that is evicted makes room, and nothing else goes for it",
          "[eviction][lazy_free]") {
  Crowded crowded("volatile-ttl");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 20);
  for (int i = 0; i < 2000; ++i)
    crowded.redis.send("XADD", "great", "*", "f", std::string(1000, 'v'));
  for (int i = 0; i < 2000; ++i)
    crowded.redis.read();
  crowded.redis("EXPIRE", "great", 1000);
  crowded.redis("EXPIRE", "k0", 2000);
  crowded.leave_room_for(5);
  crowded.add(20, 40);
  CHECK(crowded.redis("EXISTS", "great") == 0);
  CHECK(crowded.existing(0, 40) == 40);
  CHECK(info_number(crowded.redis, "evicted_keys") == 1);
}

TEST_CASE("Everybody hears of an evicted key", "[eviction][watch][notify-keyspace-events]") {
  Crowded crowded("volatile-ttl");
  if (!counts_memory(crowded.redis)) return;
  crowded.redis("CONFIG", "SET", "notify-keyspace-events", "Ee");
  crowded.add(0, 3);
  crowded.redis("XGROUP", "CREATE", "k0", "g", "$");
  crowded.redis("EXPIRE", "k0", 1000);
  Redis listener = crowded.server.connect();
  listener("SUBSCRIBE", "__keyevent@0__:evicted");
  Redis watcher = crowded.server.connect();
  watcher("WATCH", "k0");
  Redis reader = crowded.server.connect();
  reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "k0", ">");
  REQUIRE(blocked_become(crowded.redis, 1));

  crowded.redis("CONFIG", "SET", "maxmemory", 1);
  CHECK(listener.read() == R"(["message","__keyevent@0__:evicted","k0"])");
  CHECK(reader.read().starts_with("NOGROUP"));
  watcher("MULTI");
  CHECK(watcher("EXEC") == "nil");
}

TEST_CASE("OBJECT FREQ and IDLETIME want the policy that tracks them", "[object]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "*", "f", "v");
  CHECK(redis("OBJECT", "FREQ", "s") ==
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when switching between policies at runtime LRU and LFU data will take some time to "
        "adjust.");
  CHECK(redis("OBJECT", "IDLETIME", "s") == 0);
  redis("CONFIG", "SET", "maxmemory-policy", "volatile-lfu", "lfu-log-factor", 0);
  CHECK(redis("OBJECT", "IDLETIME", "s") ==
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
        "switching between policies at runtime LRU and LFU data will take some time to adjust.");
  redis("DEL", "s");
  redis("XADD", "s", "*", "f", "v");
  const int64_t before = redis("OBJECT", "FREQ", "s").number();
  redis("XLEN", "s");
  CHECK(redis("OBJECT", "FREQ", "s") == before + 1);
  CHECK(redis("OBJECT", "FREQ", "none") == "nil");
}

TEST_CASE("Nothing is evicted during CLIENT PAUSE, and nothing is refused", "[eviction][pause]") {
  Crowded crowded("allkeys-random");
  if (!counts_memory(crowded.redis)) return;
  crowded.add(0, 10);
  crowded.redis("CLIENT", "PAUSE", 60'000, "WRITE");
  crowded.redis("CONFIG", "SET", "maxmemory", 1);
  CHECK(crowded.redis("DBSIZE") == 10);
  crowded.redis("CLIENT", "UNPAUSE");
  CHECK(wait_until([&] { return crowded.redis("DBSIZE") == 0; }));
}

// --- MEMORY USAGE --------------------------------------------------------------------------------

/// What a key really takes: by how much used_memory falls when it goes.
int64_t memory_freed_with(Redis& redis, const std::string& key) {
  const int64_t before = info_number(redis, "used_memory");
  redis("DEL", key);
  REQUIRE(info_becomes(redis, "lazyfree_pending_objects", 0));
  int64_t after = info_number(redis, "used_memory");
  // What the helper frees is given back a little later.
  CHECK(wait_until([&] {
    const int64_t now = info_number(redis, "used_memory");
    return std::exchange(after, now) == now;
  }));
  return before - after;
}

TEST_CASE("MEMORY USAGE is what the key takes, within a few per cent", "[memory|usage]") {
  TestServer server;
  Redis redis = server.connect();
  if (!counts_memory(redis)) return;
  for (int i = 0; i < 100'000; ++i)
    redis.send("XADD", "s", "*", "field", std::string(static_cast<size_t>(i % 60), 'v'));
  for (int i = 0; i < 100'000; ++i)
    redis.read();
  for (const std::string group : {"a", "b"}) {
    redis("XGROUP", "CREATE", "s", group, 0);
    for (int i = 0; i < 20; ++i)
      redis("XREADGROUP", "GROUP", group, "c" + std::to_string(i), "COUNT", 1000, "STREAMS", "s",
            ">");
  }
  const auto exact = static_cast<double>(redis("MEMORY", "USAGE", "s", "SAMPLES", 0).number());
  const auto sampled = static_cast<double>(redis("MEMORY", "USAGE", "s", "SAMPLES", 20).number());
  const auto freed = static_cast<double>(memory_freed_with(redis, "s"));
  CHECK(exact == Approx(freed).epsilon(0.05));
  CHECK(sampled == Approx(freed).epsilon(0.12));
}

TEST_CASE("MEMORY USAGE of small streams counts the key, too", "[memory|usage]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "*", "f", "v");
  redis("XADD", std::string(1000, 'k'), "*", "f", "v");
  const int64_t small = redis("MEMORY", "USAGE", "s").number();
  CHECK(small > 100);
  CHECK(small < 500);
  CHECK(redis("MEMORY", "USAGE", std::string(1000, 'k')).number() >= small + 900);
}

// --- maxmemory-clients ---------------------------------------------------------------------------

/// Makes a connection whose unfinished request takes so many bytes.
RawClient greedy(TestServer& server, size_t bytes) {
  RawClient client = server.connect_raw();
  client.write("*2\r\n$4\r\nECHO\r\n$" + std::to_string(bytes + 1000) + "\r\n" +
               std::string(bytes, 'x'));
  return client;
}

TEST_CASE("The connection that takes most goes when all together take too much",
          "[maxmemory-clients]") {
  TestServer server({"--maxmemory-clients", "3mb"});
  Redis redis = server.connect();
  RawClient small = greedy(server, 100'000);
  RawClient great = greedy(server, 2'300'000);
  CHECK(small.nothing_arrives());
  RawClient middle = greedy(server, 1'000'000);
  CHECK(great.closed());
  CHECK(middle.nothing_arrives());
  CHECK(small.nothing_arrives());
  CHECK(info_number(redis, "evicted_clients") == 1);
  CHECK(server.has_logged("Evicting client: id="));
}

TEST_CASE("CLIENT NO-EVICT keeps a connection whatever it takes", "[maxmemory-clients]") {
  TestServer server({"--maxmemory-clients", "1mb"});
  Redis redis = server.connect();
  RawClient spared = server.connect_raw();
  spared("CLIENT", "NO-EVICT", "ON");
  spared.write("*2\r\n$4\r\nECHO\r\n$3000000\r\n" + std::string(2'000'000, 'x'));
  RawClient other = greedy(server, 2'000'000);
  CHECK(other.closed());
  spared.write(std::string(1'000'000, 'x') + "\r\n");
  CHECK(spared.read().text.size() == 3'000'000);
  CHECK(info_number(redis, "evicted_clients") == 1);
}

TEST_CASE("Replies that nobody fetches count, and a lower limit is kept at once",
          "[maxmemory-clients]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 20; ++i)
    redis("XADD", "s", "*", "f", std::string(1'000'000, 'v'));
  RawClient lazy = server.connect_raw();
  lazy.send("XRANGE", "s", "-", "+");
  REQUIRE(wait_until([&] { return info_number(redis, "mem_clients_normal") > 10'000'000; }));
  redis("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-clients", "1%");
  CHECK(info_becomes(redis, "evicted_clients", 1));
  CHECK(redis("PING") == "PONG");
}

TEST_CASE("No limit is so low that a connection without anything goes", "[maxmemory-clients]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "SET", "maxmemory-clients", "1") == "OK");
  CHECK(redis("PING") == "PONG");
  CHECK(server.connect()("CONFIG", "GET", "maxmemory-clients") == R"(["maxmemory-clients","1"])");
  CHECK(info_number(redis, "evicted_clients") == 0);
}

TEST_CASE("Queued commands of a transaction count for the limit of the query buffer",
          "[multi][client-query-buffer-limit]") {
  TestServer server({"--client-query-buffer-limit", "1mb"});
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client("MULTI");
  const std::string value(300'000, 'v');
  for (int i = 0; i < 3; ++i)
    client("XADD", "s", "*", "f", value);
  client.send("XADD", "s", "*", "f", value);
  CHECK(client.closed());
  CHECK(info_number(redis, "client_query_buffer_limit_disconnections") == 1);
}

}  // namespace
}  // namespace weir::testing
