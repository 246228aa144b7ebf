// Many connections write, links tear, servers are killed, moved and promoted: in the end all copies
// are the same.
//
// WEIR_MISHAPS in the environment: how much happens (18); `make mishaps` and `make seeds` do it
// more.
#include <cstdlib>
#include <iostream>
#include <list>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/environment.h"
#include "tests/support/replication_family.h"
#include "tests/support/restless_writer.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

constexpr size_t kWriters = 4;
constexpr uint64_t kUsualMishaps = 18;
/// Between two mishaps: commands that are answered, or time.
constexpr uint64_t kMostCommands = 50'000;
constexpr Milliseconds kLongestPeace{1500};

uint64_t mishaps_wanted() {
  return number_in_environment("WEIR_MISHAPS").value_or(kUsualMishaps);
}

/// Writers in threads of their own, from beginning to end of its life.
class Load {
 public:
  Load(const std::atomic<int>& port, uint64_t seed, bool is_redis_7) {
    const int64_t now_ms = std::chrono::duration_cast<Milliseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
    for (size_t i = 0; i < kWriters; ++i) {
      RestlessWriter& writer = writers_.emplace_back(seed + i, now_ms, is_redis_7);
      threads_.emplace_back([&, this] { writer.run(port, stops_); });
    }
  }
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void stop() {
    stops_ = true;
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
  }
  uint64_t answered() const {
    uint64_t sum = 0;
    for (const RestlessWriter& writer : writers_)
      sum += writer.answered();
    return sum;
  }
  uint64_t accepted() const {
    uint64_t sum = 0;
    for (const RestlessWriter& writer : writers_)
      sum += writer.accepted();
    return sum;
  }
  /// So many more, or as many as come.
  void await(uint64_t commands) const {
    const uint64_t goal = answered() + commands;
    static_cast<void>(wait_until([&] { return answered() >= goal; }, kLongestPeace));
  }

 private:
  std::atomic<bool> stops_ = false;
  std::list<RestlessWriter> writers_;
  std::vector<std::thread> threads_;
};

/// How a server keeps its data: not at all, in a log, or in snapshots.
std::vector<std::string> durability(uint64_t lot, std::vector<std::string> more) {
  if (lot % 3 == 1) more.insert(more.end(), {"--appendonly", "yes"});
  if (lot % 3 == 2) more.insert(more.end(), {"--save", "1 100"});
  return more;
}

/// Mishaps while all write; then links that only break, and nothing has to begin anew.
void run(const std::string& name, const std::vector<ReplicationFamily::Member>& members,
         bool is_mixed, uint64_t seed) {
  ReplicationFamily family(members, seed, is_mixed);
  std::mt19937_64 random(seed);
  uint64_t answered = 0;
  uint64_t accepted = 0;
  {
    Load load(family.primary_port(), seed, is_mixed);
    load.await(kMostCommands);
    family.set_torn(true);
    for (uint64_t left = mishaps_wanted(); left > 0; --left) {
      load.await(random() % kMostCommands);
      family.mishap();
    }
    load.stop();
    answered = load.answered();
    accepted = load.accepted();
  }
  family.set_torn(false);
  const std::string differs = family.await_agreement();
  if (std::getenv("WEIR_MISHAPS") != nullptr) {
    std::cout << name << ", seed " << seed << ": " << answered << " commands, " << accepted
              << " of them no errors; ";
    family.report(std::cout);
  }
  CHECK(differs == "");
  CHECK(family.complaints() == "");
  CHECK(accepted > answered / 4);
}

/// Four of ours, everything told as it is.
std::vector<ReplicationFamily::Member> four_of_ours(uint64_t seed) {
  const std::vector<std::string> newest = {"--propagation-level", "8.8", "--rdb-version", "14"};
  return {{server_binary(), durability(seed, newest), 0},
          {server_binary(), durability(seed / 3, newest), 0},
          {server_binary(), durability(seed / 9, newest), 0},
          {server_binary(), durability(seed / 27, newest), 1}};
}

}  // namespace

TEST_CASE("Whatever befalls a primary and its replicas, all copies are the same in the end",
          "[replica][torture][seed]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  run("ours", four_of_ours(seed), false, seed);
}

TEST_CASE("Whatever befalls our server and replicas of Redis, all copies are the same in the end",
          "[replica][torture][seed]") {
  const uint64_t seed = first_seed() + 1;
  CAPTURE(seed);
  run("ours and Redis",
      {{server_binary(), durability(seed, {}), 0},
       {kRedis, durability(seed / 3, {}), 0},
       {server_binary(), durability(seed / 9, {}), 1},
       {kRedis, durability(seed / 27, {}), 2}},
      true, seed);
}

TEST_CASE("Links that break cost no full resync", "[replica][torture][seed]") {
  const uint64_t seed = first_seed() + 2;
  CAPTURE(seed);
  const std::string other = GENERATE(as<std::string>(), WEIR_SERVER, kRedis);
  CAPTURE(other);
  const std::vector<std::string> keeps = {"--repl-backlog-size", "256mb"};
  ReplicationFamily family(
      {{server_binary(), keeps, 0}, {other, keeps, 0}, {server_binary(), keeps, 1}}, seed, true);
  REQUIRE(family.await_agreement() == "");
  const ReplicationFamily::Syncs before = family.syncs();
  constexpr uint64_t kCuts = 4;
  {
    Load load(family.primary_port(), seed, true);
    for (uint64_t cut = 0; cut < kCuts; ++cut) {
      load.await(kMostCommands);
      family.cut_all();
      const uint64_t wanted = before.partial + 2 * (cut + 1);
      REQUIRE(wait_until([&] { return family.syncs().partial >= wanted; }));
    }
  }
  CHECK(family.await_agreement() == "");
  const ReplicationFamily::Syncs after = family.syncs();
  CHECK(after.full == before.full);
  CHECK(after.refused == before.refused);
  CHECK(family.complaints() == "");
}

}  // namespace weir::testing
