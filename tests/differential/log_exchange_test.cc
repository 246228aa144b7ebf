// Logs go both ways: what Weir wrote, Redis finds sound and replays to the same data, and the other
// way round.
#include <filesystem>
#include <regex>

#include <catch2/catch.hpp>

#include "tests/support/child_process.h"
#include "tests/support/random_commands.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kRedis = "/usr/bin/redis-server";
constexpr const char* kCheckLog = "/usr/bin/redis-check-aof";
constexpr int kCommands = 3000;

std::vector<std::string> words_in(const std::string& array) {
  std::vector<std::string> words;
  for (size_t at = array.find('"'); at != std::string::npos; at = array.find('"', at + 1)) {
    const size_t end = array.find('"', at + 1);
    words.push_back(array.substr(at + 1, end - at - 1));
    at = end;
  }
  return words;
}

/// From "last-generated-id" to what depends on the nodes.
std::string counters(const std::string& info) {
  const size_t from = info.find("\"last-generated-id\"");
  if (from == std::string::npos) return info;
  return info.substr(from, info.find("\"recorded-first", from) - from);
}

/// All data of database 0, as far as time does not change it.
std::string describe(Redis& redis) {
  static const std::regex idle(R"re((\["[^"]*","[^"]*",)\d+,)re");
  std::vector<std::string> keys = words_in(redis("KEYS", "*").text);
  std::sort(keys.begin(), keys.end());
  std::string text;
  for (const std::string& key : keys) {
    if (redis("TYPE", key) != "stream") continue;
    text += key + " " + redis("XRANGE", key, "-", "+").text + "\n" +
            counters(redis("XINFO", "STREAM", key).text) + "\n" + redis("PEXPIRETIME", key).text +
            "\n";
    const std::string groups = redis("XINFO", "GROUPS", key).text;
    text += groups + "\n";
    for (size_t at = groups.find("[\"name\",\""); at != std::string::npos;
         at = groups.find("[\"name\",\"", at + 1)) {
      const size_t from = at + 9;
      const std::string group = groups.substr(from, groups.find('"', from) - from);
      text += std::regex_replace(redis("XPENDING", key, group, "-", "+", 10000).text, idle, "$1") +
              "\n";
    }
  }
  return text;
}

void run_random_commands(Redis& redis, uint64_t seed) {
  RandomCommands random(seed, 1'700'000'000'000);
  for (int i = 0; i < kCommands; ++i) {
    Words command = random.next();
    if (command[0].find("EXPIRE") != std::string::npos) continue;
    redis.send_words(command);
    redis.read();
  }
}

}  // namespace

TEST_CASE("Redis finds the log of Weir sound, and replays it to the same data",
          "[differential][aof]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  TestServer weir({"--appendonly", "yes"});
  Redis ours = weir.connect();
  run_random_commands(ours, seed);
  const std::string expected = describe(ours);
  for (const bool is_killed : {true, false}) {
    CAPTURE(is_killed);
    is_killed ? weir.crash_now() : static_cast<void>(weir.stop());
    const Finished check =
        run_to_end(kCheckLog, {weir.folder() + "/appendonlydir/appendonly.aof.manifest"});
    CAPTURE(check.out);
    CHECK(check.exit_code == 0);
    {
      TestServer redis({"--appendonly", "yes", "--dir", weir.folder()}, kRedis);
      Redis theirs = redis.connect();
      CHECK(describe(theirs) == expected);
    }
    weir.start_again();
    Redis again = weir.connect();
    CHECK(describe(again) == expected);
  }
}

TEST_CASE("Weir goes on with the log of Redis, and Redis with that", "[differential][aof]") {
  const uint64_t seed = first_seed() + 1;
  CAPTURE(seed);
  TestServer redis({"--appendonly", "yes"}, kRedis);
  Redis theirs = redis.connect();
  run_random_commands(theirs, seed);
  redis.stop();
  std::string expected;
  {
    TestServer weir({"--appendonly", "yes", "--dir", redis.folder()});
    Redis ours = weir.connect();
    run_random_commands(ours, seed + 1);
    expected = describe(ours);
    weir.crash_now();
  }
  redis.start_again();
  Redis again = redis.connect();
  CHECK(describe(again) == expected);
}

}  // namespace weir::testing
