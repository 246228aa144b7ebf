// Many connections write, the server is killed at any moment and started again: what was promised
// is there, whole transactions only, in the order in which it was written.
//
// WEIR_KILLS in the environment: how often each server is killed (6); `make seeds` does it more.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/crash_writer.h"
#include "tests/support/environment.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr size_t kWriters = 6;

struct Campaign {
  const char* policy;
  bool rewrites;  // and snapshots, all the time
  const char* preamble = "yes";
};

uint64_t kills_wanted() {
  return number_in_environment("WEIR_KILLS").value_or(6);
}

/// Lets the writers write until so many units were acknowledged, and kills the server then.
void live_and_die(TestServer& server, std::vector<CrashWriter>& writers, uint64_t life,
                  bool rewrites) {
  std::atomic<uint64_t> progress = 0;
  std::vector<std::thread> threads;
  threads.reserve(writers.size());
  for (CrashWriter& writer : writers)
    threads.emplace_back([&] { writer.write_until_closed(server.socket_path(), progress); });
  Redis redis = server.connect();
  uint64_t next = 0;
  const bool lived = wait_until([&] {
    const uint64_t done = progress.load(std::memory_order_relaxed);
    if (rewrites && done >= next) {
      redis(next % 2 == 0 ? "BGREWRITEAOF" : "BGSAVE");
      next = done + 25;
    }
    return done >= life;
  });
  server.crash_now();
  for (std::thread& thread : threads)
    thread.join();
  REQUIRE(lived);
}

/// What is left of rewrites that were killed: files that nothing names.
size_t strange_files(const TestServer& server) {
  size_t strange = 0;
  for (const auto& file : std::filesystem::directory_iterator(server.folder() + "/appendonlydir")) {
    const std::string name = file.path().filename();
    if (name.starts_with("temp-")) ++strange;
  }
  return strange;
}

void run(const Campaign& campaign) {
  const uint64_t seed = first_seed();
  CAPTURE(seed, campaign.policy, campaign.rewrites);
  std::mt19937_64 random(seed);
  TestServer server({"--appendonly", "yes", "--appendfsync", campaign.policy,
                     "--aof-use-rdb-preamble", campaign.preamble});
  TestServer reference_server;
  Redis reference = reference_server.connect();
  std::vector<CrashWriter> writers;
  for (size_t i = 0; i < kWriters; ++i)
    writers.emplace_back(i, seed);
  const uint64_t kills = kills_wanted();
  uint64_t acknowledged = 0;
  uint64_t lost = 0;
  for (uint64_t kill = 1; kill <= kills; ++kill) {
    CAPTURE(kill);
    live_and_die(server, writers, 1 + random() % 600, campaign.rewrites);
    // Under everysec what came while a sync ran may wait for its end in memory, up to 2 s.
    std::optional<Clock::time_point> young;
    if (std::string_view(campaign.policy) == "everysec") young = Clock::now() - Milliseconds(3000);
    server.start_again();
    CHECK(strange_files(server) == 0);
    Redis found = server.connect();
    acknowledged = lost = 0;
    for (CrashWriter& writer : writers) {
      REQUIRE(writer.check(found, reference, young) == "");
      acknowledged += writer.acknowledged();
      lost += writer.lost();
    }
  }
  CHECK_FALSE(server.has_logged("CRITICAL"));
  CHECK(acknowledged > 0);
  if (std::getenv("WEIR_KILLS") != nullptr)
    std::cout << campaign.policy << ": " << kills << " kills, " << acknowledged
              << " units, of them lost " << lost << "\n";
}

}  // namespace

TEST_CASE("Under always a kill loses nothing that was acknowledged", "[aof][crash][seed]") {
  run({.policy = "always", .rewrites = false});
}

TEST_CASE("Under always a kill loses nothing, while rewrites and snapshots run",
          "[aof][crash][seed]") {
  run({.policy = "always", .rewrites = true});
}

TEST_CASE("Under everysec a kill loses at most the last seconds", "[aof][crash][seed]") {
  run({.policy = "everysec", .rewrites = true});
}

TEST_CASE("A kill loses nothing that the system was given", "[aof][crash][seed]") {
  run({.policy = "no", .rewrites = true});
}

}  // namespace weir::testing
