// Logs go both ways: what Weir wrote, Redis finds sound and replays to the same data, and the other
// way round.
#include <algorithm>
#include <chrono>
#include <regex>

#include <catch2/catch.hpp>

#include "tests/differential/random_changes.h"
#include "tests/support/child_process.h"
#include "tests/support/random_commands.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kCheckLog = "/usr/bin/redis-check-aof";
constexpr int kCommands = 3000;

int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Milliseconds>(now).count();
}

/// How often the log was rewritten.
std::string rewrites(Redis& redis) {
  const std::string text = redis("INFO", "persistence").text;
  const size_t at = text.find("aof_rewrites:");
  return text.substr(at, text.find('\r', at) - at);
}

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

bool waits(const Words& words) {
  return std::find(words.begin(), words.end(), "BLOCK") != words.end();
}

/// All data of the database, as far as time does not change it.  The lag is left out: what it is
/// when entries were deleted has changed since Redis 7.0.
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
    static const std::regex lag(R"re(,"lag",(-?\d+|nil))re");
    const std::string groups = std::regex_replace(redis("XINFO", "GROUPS", key).text, lag, "");
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
    if (command[0].find("EXPIRE") != std::string::npos || waits(command)) continue;
    redis.send_words(command);
    redis.read();
  }
  redis("DISCARD");  // what is asked next is not to be queued
}

/// Random commands of every kind, now and then a rewrite.
void change_and_rewrite(Redis& redis, uint64_t seed) {
  RandomCommands random(seed, now_ms());
  for (int i = 1; i <= kCommands; ++i) {
    const Words words = random.next();
    if (!waits(words)) {
      redis.send_words(words);
      redis.read();
    }
    if (i % (kCommands / 3) != 0) continue;
    redis("DISCARD");  // it may be in a transaction
    const std::string before = rewrites(redis);
    REQUIRE(redis("BGREWRITEAOF").starts_with("Background append only file rewriting"));
    REQUIRE(wait_until([&] {
      return rewrites(redis) != before &&
             redis("INFO", "persistence").contains("aof_rewrite_in_progress:0");
    }));
  }
  redis("DISCARD");
}

std::string replaced(const std::string& text, const char* pattern, const char* by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

/// All that can be asked of the first databases, but what Redis 7.0 does not tell or, as the lag,
/// counts otherwise, and when consumers were seen: that was in the replay.
std::string everything(Redis& redis) {
  static const std::regex left_out(
      R"re("(seen-time|active-time|nacked-count|lag|[a-z]*id[mps]+-[a-z]+)",(-?\d+|nil),?)re");
  std::string text;
  for (const char* const db : {"0", "1", "2", "3"}) {
    redis("SELECT", db);
    text += std::regex_replace(all_info(redis) + describe(redis), left_out, "");
  }
  redis("SELECT", 0);
  return replaced(text, ",+(,|\\])", "$1") + redis("DEBUG", "DIGEST").text;
}

/// Redis 7.0 makes no consumer when XCLAIM finds that all entries to claim are gone; in a base of
/// commands that is what becomes of such a consumer.
std::string without_idle_consumers(const std::string& text) {
  const std::string rest =
      replaced(text, R"re(\["name","[^"]*","pel-count",0,"pending",\[\]\],?)re", "");
  return replaced(replaced(rest, R"re("consumers",\d+)re", ""), ",+(,|\\])", "$1");
}

std::vector<std::string> debug_log(const std::string& preamble) {
  return {"--appendonly",           "yes",   "--enable-debug-command", "yes",
          "--aof-use-rdb-preamble", preamble};
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
    REQUIRE(wait_until([&] {
      Redis asking = weir.connect();
      return asking("INFO", "persistence").contains("aof_buffer_length:0");
    }));
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
    REQUIRE(
        wait_until([&] { return ours("INFO", "persistence").contains("aof_buffer_length:0"); }));
    weir.crash_now();
  }
  redis.start_again();
  Redis again = redis.connect();
  CHECK(describe(again) == expected);
}

TEST_CASE("What Weir logged and rewrote, Redis replays to the same, base and increments",
          "[differential][aof]") {
  for (const char* const preamble : {"yes", "no"}) {
    const uint64_t seed = first_seed() + 10;
    CAPTURE(seed, preamble);
    TestServer weir(debug_log(preamble));
    Redis ours = weir.connect();
    change_and_rewrite(ours, seed);
    const std::string before = everything(ours);
    weir.stop();
    const Finished check =
        run_to_end(kCheckLog, {weir.folder() + "/appendonlydir/appendonly.aof.manifest"});
    CAPTURE(check.out);
    CHECK(check.exit_code == 0);
    weir.start_again();
    Redis again = weir.connect();
    const std::string reloaded = everything(again);
    if (std::string_view(preamble) == "yes") CHECK(reloaded == before);
    weir.stop();
    std::vector<std::string> options = debug_log(preamble);
    options.insert(options.end(), {"--dir", weir.folder()});
    TestServer redis(options, kRedis);
    Redis theirs = redis.connect();
    CHECK(everything(theirs) == reloaded);
    CHECK_FALSE(redis.has_logged("CRITICAL"));
  }
}

TEST_CASE("What Redis logged and rewrote, Weir replays to the same, base and increments",
          "[differential][aof]") {
  for (const char* const preamble : {"yes", "no"}) {
    const uint64_t seed = first_seed() + 20;
    CAPTURE(seed, preamble);
    const auto comparable = [&](const std::string& text) {
      return std::string_view(preamble) == "yes" ? text : without_idle_consumers(text);
    };
    TestServer redis(debug_log(preamble), kRedis);
    Redis theirs = redis.connect();
    change_and_rewrite(theirs, seed);
    redis.stop();
    redis.start_again();
    Redis again = redis.connect();
    const std::string reloaded = everything(again);
    redis.stop();
    std::vector<std::string> options = debug_log(preamble);
    options.insert(options.end(), {"--dir", redis.folder()});
    TestServer weir(options);
    Redis ours = weir.connect();
    CHECK(comparable(everything(ours)) == comparable(reloaded));
    CHECK_FALSE(weir.has_logged("CRITICAL"));
  }
}

}  // namespace weir::testing
