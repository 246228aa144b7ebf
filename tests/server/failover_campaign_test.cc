// Producers write while the primary is killed, frozen, or told to change places, again and again,
// and Sentinel makes one of two replicas the primary: what was acknowledged is there.
//
// WEIR_FAILOVERS in the environment: how often in each campaign (1), and what came of it is
// printed; `make failovers` does it more.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/server/failover_writer.h"
#include "tests/server/sentinel_group.h"
#include "tests/support/environment.h"
#include "tests/support/replication_stage.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

constexpr size_t kWriters = 4;
/// No sooner than this after the last one do the Sentinels begin another failover.
constexpr Milliseconds kBetweenFailovers{3200};

enum class Blow : uint8_t { kKill, kFreeze, kFailover };

struct Campaign {
  const char* name;
  Blow blow = Blow::kKill;
  std::vector<std::string> lines;
  /// Before the blow a replica is frozen for a moment, so that it is behind.
  bool lags = false;
  bool may_lose = false;
};

uint64_t failovers_wanted() {
  return number_in_environment("WEIR_FAILOVERS").value_or(1);
}

std::vector<std::string> acks(int replicas, std::vector<std::string> more = {}) {
  more.push_back("min-replicas-to-ack " + std::to_string(replicas));
  more.emplace_back("min-replicas-ack-timeout 1000");
  return more;
}

class Run {
 public:
  Run(const Campaign& campaign, uint64_t seed)
      : campaign_(campaign),
        random_(seed),
        group_({.server_lines = campaign.lines, .failover_timeout_ms = 1500}) {
    std::vector<int> sentinels;
    for (size_t i = 0; i < SentinelGroup::kSentinels; ++i)
      sentinels.push_back(group_.sentinel(i).port());
    for (size_t i = 0; i < kWriters; ++i)
      writers_.push_back(std::make_unique<FailoverWriter>(i, sentinels, seed + i));
  }
  ~Run() { end_writing(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void begin_writing() {
    REQUIRE(group_.becomes_well());
    for (const auto& writer : writers_)
      threads_.emplace_back([this, &writer = *writer] { writer.run(ends_); });
  }
  void end_writing() {
    ends_ = true;
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
  }

  /// One failover, to its end, and what is missing then.
  void fail_over() {
    REQUIRE(wait_until([&] { return Clock::now() - last_blow_ > kBetweenFailovers; }));
    REQUIRE(group_.becomes_well());
    let_write(1 + random_() % 2000);
    const size_t former = group_.primary().value();
    lag(former);
    last_blow_ = Clock::now();
    strike(former);
    const bool has_changed = wait_until([&] { return group_.primary().value_or(former) != former; },
                                        patient(Milliseconds(30000)));
    if (!has_changed) FAIL(group_.logs());
    if (campaign_.blow != Blow::kFailover) outages_.push_back(outage());
    if (campaign_.blow == Blow::kKill) group_.server(former).start();
    if (campaign_.blow == Blow::kFreeze) group_.server(former).thaw();
    REQUIRE(group_.becomes_well(patient(Milliseconds(40000))));
    look_for_missing(true);
  }

  void look_for_missing(bool only_new) {
    Redis primary = group_.server(group_.primary().value()).connect();
    for (const auto& writer : writers_) {
      const auto missing = writer->take_missing(primary, only_new);
      lost_ += missing.size();
      if (missing.empty()) continue;
      INFO("entry " << missing.front().id << " and " << missing.size() - 1 << " more");
      CHECK(campaign_.may_lose);
      // What was acknowledged long before was on all replicas.
      CHECK(missing.front().at > last_blow_ - patient(Milliseconds(1000)));
    }
  }

  /// All servers have the same data.
  void compare() {
    REQUIRE(group_.becomes_well());
    const size_t primary = group_.primary().value();
    group_.end_watching();
    Redis one = group_.server(primary).connect();
    for (size_t i = 0; i < SentinelGroup::kServers; ++i) {
      if (i == primary) continue;
      Redis other = group_.server(i).connect();
      REQUIRE(in_step(one, other));
      for (const auto& writer : writers_)
        CHECK(writer->is_same_on(one, other));
    }
  }

  uint64_t acknowledged() const {
    uint64_t sum = 0;
    for (const auto& writer : writers_)
      sum += writer->acknowledged_count();
    return sum;
  }

  void report() {
    if (std::getenv("WEIR_FAILOVERS") == nullptr) return;
    std::cout << campaign_.name << ": " << acknowledged() << " acknowledged, " << lost_ << " lost";
    std::sort(outages_.begin(), outages_.end());
    if (!outages_.empty())
      std::cout << "; no write for " << outages_[outages_.size() / 2] << " ms (half of them), "
                << outages_.back() << " ms (the longest)";
    std::cout << std::endl;
  }
  std::string logs() const { return group_.logs(); }

 private:
  void let_write(uint64_t entries) {
    const uint64_t wanted = acknowledged() + entries;
    REQUIRE(wait_until([&] { return acknowledged() >= wanted; }));
  }

  void lag(size_t primary) {
    if (!campaign_.lags) return;
    const size_t slow = (primary + 1 + random_() % 2) % SentinelGroup::kServers;
    group_.server(slow).freeze();
    let_write(random_() % 300);
    group_.server(slow).thaw();
  }

  void strike(size_t primary) {
    ConfiguredServer& server = group_.server(primary);
    switch (campaign_.blow) {
      case Blow::kKill:
        return server.crash_now();
      case Blow::kFreeze:
        return server.freeze();
      case Blow::kFailover:
        Redis sentinel = group_.sentinel(random_() % SentinelGroup::kSentinels).connect();
        REQUIRE(wait_until([&] { return sentinel("SENTINEL", "FAILOVER", "weir") == "OK"; }));
    }
  }

  /// Until a write is acknowledged that was sent after the blow, in ms.
  int64_t outage() {
    std::optional<Clock::time_point> first;
    REQUIRE(wait_until([&] {
      for (const auto& writer : writers_) {
        const auto at = writer->first_acknowledged(last_blow_);
        if (at && (!first || *at < *first)) first = at;
      }
      return first.has_value();
    }));
    return std::chrono::duration_cast<Milliseconds>(*first - last_blow_).count();
  }

  const Campaign campaign_;
  std::mt19937_64 random_;
  SentinelGroup group_;
  std::vector<std::unique_ptr<FailoverWriter>> writers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> ends_ = false;
  Clock::time_point last_blow_;
  std::vector<int64_t> outages_;
  uint64_t lost_ = 0;
};

void run(const Campaign& campaign) {
  const uint64_t seed = first_seed();
  CAPTURE(campaign.name, seed);
  Run run(campaign, seed);
  run.begin_writing();
  for (uint64_t i = 0; i < failovers_wanted(); ++i)
    run.fail_over();
  run.end_writing();
  run.look_for_missing(false);
  run.compare();
  run.report();
  CHECK(run.acknowledged() > 0);
}

}  // namespace

TEST_CASE("With one acknowledgement of two replicas a killed primary loses nothing acknowledged",
          "[sentinel][campaign]") {
  run({.name = "killed, 1 of 2", .lines = acks(1), .lags = true});
}

TEST_CASE("With one acknowledgement from a disk a killed primary loses nothing acknowledged",
          "[sentinel][campaign]") {
  run({.name = "killed, 1 of 2, on its disk",
       .lines = acks(1, {"min-replicas-ack-fsync yes", "appendonly yes", "appendfsync always"}),
       .lags = true});
}

TEST_CASE("A primary that was frozen, and comes back as a replica, has acknowledged nothing alone",
          "[sentinel][campaign]") {
  run({.name = "frozen, 1 of 2", .blow = Blow::kFreeze, .lines = acks(1)});
}

TEST_CASE("With acknowledgements of all replicas SENTINEL FAILOVER loses nothing acknowledged",
          "[sentinel][campaign]") {
  run({.name = "SENTINEL FAILOVER, 2 of 2", .blow = Blow::kFailover, .lines = acks(2)});
}

TEST_CASE("With one acknowledgement of two SENTINEL FAILOVER may lose what was written meanwhile",
          "[sentinel][campaign]") {
  run({.name = "SENTINEL FAILOVER, 1 of 2",
       .blow = Blow::kFailover,
       .lines = acks(1),
       .may_lose = true});
}

TEST_CASE("Without acknowledgements SENTINEL FAILOVER loses what was written meanwhile, at most",
          "[sentinel][campaign]") {
  run({.name = "SENTINEL FAILOVER, none", .blow = Blow::kFailover, .lines = {}, .may_lose = true});
}

TEST_CASE("Without acknowledgements a killed primary loses the last moment at most",
          "[sentinel][campaign]") {
  run({.name = "killed, none", .lines = {}, .lags = true, .may_lose = true});
}

}  // namespace weir::testing
