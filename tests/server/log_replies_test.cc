// Replies while the log holds them back, changes its policy, or is switched off and on; and what a
// disk that fills up does to them.
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/resource.h>

#include "tests/support/patience.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// One connection of RESP3 whose pipelines mix what is held with what is not.  It knows each reply.
class MixedClient {
 public:
  MixedClient(const TestServer& server, int number)
      : client_(server.socket_path()),
        random_(first_seed() + static_cast<uint64_t>(number)),
        key_("own" + std::to_string(number)) {}

  /// Pipelines until `steps` are over; the text says what was wrong, else is empty.
  std::string run(int steps) {
    static_cast<void>(client_("HELLO", "3"));
    client_.send("SUBSCRIBE", "news");
    while (steps > 0 && wrong_.empty()) {
      std::vector<std::string> expected;
      for (uint64_t left = 1 + random_() % 12; left > 0; --left, --steps)
        step(expected);
      for (const std::string& reply : expected) {
        const std::string got = next_reply();
        if (reply == got || is_like(got, reply)) continue;
        wrong_ = key_ + ": " + got + " instead of " + reply;
        break;
      }
    }
    return wrong_;
  }
  const std::string& key() const { return key_; }
  uint64_t entries() const { return entries_; }

 private:
  void step(std::vector<std::string>& expected) {
    const std::string id = std::to_string(entries_ + 1) + "-0";
    switch (random_() % 9) {
      case 0:
        client_.send("ECHO", id);
        expected.push_back("\"" + id + "\"");
        break;
      case 1:
        client_.send("XADD", key_, "0-0", "f", "v");
        expected.push_back("-ERR*");
        break;
      case 2:
        client_.send("XLEN", key_);
        expected.push_back(":" + std::to_string(entries_));
        break;
      case 3:
        client_.send("MULTI");
        client_.send("XADD", key_, id, "f", "v");
        client_.send("ECHO", "x");
        client_.send("EXEC");
        expected.insert(expected.end(), {"+OK", "+QUEUED", "+QUEUED", "*[\"" + id + "\", \"x\"]"});
        ++entries_;
        break;
      case 4:
        client_.send("XREAD", "BLOCK", "0", "STREAMS", "wake", "$");
        expected.push_back("%{\"w*");
        break;
      case 5:
        client_.send("PUBLISH", "news", id);
        expected.push_back(":*");
        break;
      default:
        client_.send("XADD", key_, id, "f", std::string(random_() % 300, 'v'));
        expected.push_back("\"" + id + "\"");
        ++entries_;
    }
  }

  /// "-ERR*" is like any error that begins so.
  static bool is_like(const std::string& got, const std::string& pattern) {
    return pattern.ends_with('*') && got.starts_with(pattern.substr(0, pattern.size() - 1));
  }

  std::string next_reply() {
    for (;;) {
      const Arrival arrival = client_.await(patient(Milliseconds(10'000)));
      const auto* const reply = std::get_if<resp::Reply>(&arrival);
      if (reply == nullptr) return "nothing";
      if (reply->kind != resp::Reply::Kind::kPush) return show(*reply);
    }
  }

  RawClient client_;
  std::mt19937_64 random_;
  std::string key_;
  uint64_t entries_ = 0;
  std::string wrong_;
};

/// Runs clients in threads; in_between: again and again until they are done.
void run_mixed(TestServer& server, const std::function<void(Redis&, int)>& in_between) {
  constexpr int kClients = 5;
  constexpr int kSteps = 400;
  std::vector<std::unique_ptr<MixedClient>> clients;
  std::vector<std::string> wrong(kClients);
  std::vector<std::thread> threads;
  std::atomic<int> running = kClients;
  for (int i = 0; i < kClients; ++i)
    clients.push_back(std::make_unique<MixedClient>(server, i));
  for (size_t i = 0; i < clients.size(); ++i) {
    threads.emplace_back([&, i] {
      wrong[i] = clients[i]->run(kSteps);
      --running;
    });
  }
  Redis redis = server.connect();
  for (int round = 0; running > 0; ++round) {
    redis("XADD", "wake", "MAXLEN", 1, "*", "f", "v");
    in_between(redis, round);
  }
  for (std::thread& thread : threads)
    thread.join();
  for (const std::string& what : wrong)
    CHECK(what == "");
  for (const auto& client : clients)
    CHECK(redis("XLEN", client->key()) == client->entries());
}

void limit_files(const TestServer& server, rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  REQUIRE(prlimit(server.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
}

}  // namespace

TEST_CASE("Under always each connection gets its replies in its order, whatever they are",
          "[aof][gate][seed]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  run_mixed(server, [](Redis&, int) {});
}

TEST_CASE("Replies come in order while appendfsync changes all the time", "[aof][gate][seed]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  run_mixed(server, [](Redis& redis, int round) {
    constexpr const char* kPolicies[] = {"everysec", "always", "no", "always"};
    CHECK(redis("CONFIG", "SET", "appendfsync", kPolicies[round % 4]) == "OK");
  });
}

TEST_CASE("Replies come in order while the log is switched off and on, and it has all in the end",
          "[aof][gate][seed]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  run_mixed(server, [](Redis& redis, int round) {
    if (round % 5 == 0) CHECK(redis("CONFIG", "SET", "appendonly", "no") == "OK");
    if (round % 5 == 1) CHECK(redis("CONFIG", "SET", "appendonly", "yes") == "OK");
    if (round % 5 == 3) redis("BGREWRITEAOF");
  });
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "SET", "appendonly", "yes") == "OK");
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_pending_rewrite:0"); }));
  redis("XADD", "own0", "*", "the", "last");
  const std::string length = redis("XLEN", "own0").text;
  server.crash_now();
  server.start_again();
  CHECK(server.connect()("XLEN", "own0") == length);
}

TEST_CASE("Clients that go while their replies are held disturb nobody", "[aof][gate][seed]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  run_mixed(server, [&](Redis& redis, int) {
    RawClient closes = server.connect_raw();
    Redis is_killed = server.connect();
    const std::string id = is_killed("CLIENT", "ID").text;
    for (int i = 0; i < 10; ++i) {
      closes.send("XADD", "t", "*", "f", "v");
      is_killed.send("XADD", "t", "*", "f", "v");
    }
    closes.close();
    redis("CLIENT", "KILL", "ID", id);
  });
}

TEST_CASE("A disk that fills and drains again and again loses nothing that is in memory",
          "[aof][full]") {
  TestServer server({"--appendonly", "yes"});
  Redis redis = server.connect();
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    limit_files(server, 400 + static_cast<rlim_t>(round) * 1000);
    REQUIRE(wait_until([&] { return redis("XADD", "s", "*", "f", "v").starts_with("MISCONF"); }));
    CHECK(redis("XRANGE", "s", "-", "+", "COUNT", 1).contains("\"f\""));
    CHECK(redis("PUBLISH", "news", "is told") == 0);
    CHECK(redis("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">").starts_with("MISCONF"));
    limit_files(server, RLIM_INFINITY);
    REQUIRE(wait_until([&] { return redis("PING") == "PONG"; }));
  }
  CHECK(server.has_logged("AOF write error looks solved, Redis can write again."));
  const std::string all = redis("XRANGE", "s", "-", "+").text;
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_buffer_length:0"); }));
  server.crash_now();
  server.start_again();
  CHECK(server.connect()("XRANGE", "s", "-", "+") == all);
}

TEST_CASE("Under always a full disk is the end, and what was acknowledged is there",
          "[aof][full]") {
  TestServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Redis redis = server.connect();
  limit_files(server, 2000);
  std::vector<std::string> acknowledged;
  const auto is_over = [&] {
    const Shown reply = redis("XADD", "s", "*", "f", "v");
    if (reply == "(closed)") return true;
    acknowledged.push_back(reply.text);
    return false;
  };
  REQUIRE(wait_until(is_over));
  REQUIRE(wait_until([&] { return !server.is_running(); }));
  CHECK(
      server.has_logged("Can't recover from AOF write error when the AOF fsync policy is "
                        "'always'. Exiting..."));
  server.start_again();
  Redis again = server.connect();
  CHECK(acknowledged.size() > 5);
  for (const std::string& id : acknowledged)
    REQUIRE(again("XRANGE", "s", id, id).contains(id));
}

TEST_CASE("A base that finds no room fails the rewrite, and nothing else", "[aof][full]") {
  TestServer server({"--appendonly", "yes", "--rdbcompression", "no"});
  Redis redis = server.connect();
  for (int i = 0; i < 40; ++i)
    redis("XADD", "s", "*", "f", std::string(5000, 'v'));
  redis("BGREWRITEAOF");
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_rewrites:1"); }));
  limit_files(server, 100'000);
  CHECK(redis("BGREWRITEAOF").starts_with("Background"));
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_last_bgrewrite_status:err"); }));
  CHECK(redis("XADD", "s", "*", "f", "v").contains("-"));
  limit_files(server, RLIM_INFINITY);
  CHECK(redis("BGREWRITEAOF").starts_with("Background"));
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_last_bgrewrite_status:ok"); }));
  REQUIRE(wait_until([&] { return redis("INFO").contains("aof_buffer_length:0"); }));
  server.crash_now();
  server.start_again();
  CHECK(server.connect()("XLEN", "s") == 41);
}

}  // namespace weir::testing
