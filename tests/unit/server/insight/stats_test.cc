// Counters and rates.
#include "server/insight/stats.h"

#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr int64_t kSecond = 1'000'000;

/// A rate that was sampled every second for a while, `each` more every time.
Rate rate_of(uint64_t each, int samples) {
  Rate rate;
  for (int i = 0; i <= samples; ++i)
    rate.sample(each * static_cast<uint64_t>(i), (i + 1) * kSecond);
  return rate;
}

TEST_CASE("A rate is the mean of its last 16 samples", "[stats]") {
  CHECK(Rate().per_second() == 0);
  CHECK(rate_of(1600, 1).per_second() == 100);
  CHECK(rate_of(1600, 16).per_second() == 1600);
  CHECK(rate_of(1600, 1000).per_second() == 1600);
}

TEST_CASE("A rate forgets what lies more than 16 samples back", "[stats]") {
  Rate rate = rate_of(1'000'000, 16);
  for (int i = 0; i < 16; ++i)
    rate.sample(16'000'000, (18 + i) * kSecond);
  CHECK(rate.per_second() == 0);
}

TEST_CASE("A rate counts the time that passed, not the samples", "[stats]") {
  Rate rate;
  for (int i = 0; i <= 16; ++i)
    rate.sample(static_cast<uint64_t>(i) * 50, 1 + i * (kSecond / 10));
  CHECK(rate.per_second() == 500);
}

TEST_CASE("The first sample of a rate only says where counting began", "[stats]") {
  Rate rate;
  rate.sample(1'000'000, kSecond);
  CHECK(rate.per_second() == 0);
  rate.sample(1'000'016, 2 * kSecond);
  CHECK(rate.per_second() == 1);
}

TEST_CASE("A counter that went back to zero and a clock that stood still give no sample",
          "[stats]") {
  Rate rate = rate_of(160, 16);
  rate.sample(5, 18 * kSecond);
  CHECK(rate.per_second() == 160);
  rate.sample(500, 18 * kSecond);
  CHECK(rate.per_second() == 160);
  rate.sample(660, 19 * kSecond);
  CHECK(rate.per_second() == 160);
}

TEST_CASE("A cleared rate is zero and goes on from the last total", "[stats]") {
  Rate rate = rate_of(160, 16);
  rate.clear();
  CHECK(rate.per_second() == 0);
  rate.sample(16 * 160 + 32, 18 * kSecond);
  CHECK(rate.per_second() == 2);
}

TEST_CASE("Errors are counted by their first word", "[stats]") {
  Stats stats(0);
  stats.count_error("ERR syntax error");
  stats.count_error("ERR no such key");
  stats.count_error("WRONGTYPE Operation against a key");
  stats.count_error("ALONE");
  CHECK(stats.errors == 4);
  CHECK(stats.errors_by_code.size() == 3);
  CHECK(stats.errors_by_code.at("ERR") == 2);
  CHECK(stats.errors_by_code.at("WRONGTYPE") == 1);
  CHECK(stats.errors_by_code.at("ALONE") == 1);
}

TEST_CASE("Made-up error codes take no more memory after the 128th", "[stats]") {
  Stats stats(0);
  for (int i = 0; i < 10'000; ++i)
    stats.count_error("CODE" + std::to_string(i) + " text");
  CHECK(stats.errors_by_code.size() == 128);
  CHECK(stats.errors == 10'000);
  stats.count_error("CODE0 again");
  CHECK(stats.errors_by_code.at("CODE0") == 2);
}

TEST_CASE("A reset takes back what was counted and leaves the peak", "[stats]") {
  Stats stats(2);
  stats.by_command[1] = {
      .calls = 3, .ns = 40, .rejected_calls = 5, .failed_calls = 6, .durations = nullptr};
  stats.by_command[1].count_call(40, true);
  stats.count_error("ERR x");
  stats.commands = stats.connections = stats.rejected_connections = stats.auth_failures = 9;
  stats.command_rate = rate_of(160, 16);
  stats.peak_memory_bytes = 1000;
  stats.reset({.bytes_in = 7});
  CHECK((IoCounts{.bytes_in = 9, .reads = 2} - stats.io_at_reset).bytes_in == 2);
  REQUIRE(stats.by_command.size() == 2);
  CHECK(stats.by_command[1].calls + stats.by_command[1].ns == 0);
  CHECK(stats.by_command[1].rejected_calls + stats.by_command[1].failed_calls == 0);
  CHECK(stats.by_command[1].durations == nullptr);
  CHECK(stats.errors_by_code.empty());
  CHECK(stats.errors + stats.commands + stats.connections == 0);
  CHECK(stats.rejected_connections + stats.auth_failures == 0);
  CHECK(stats.command_rate.per_second() == 0);
  CHECK(stats.peak_memory_bytes == 1000);
}

}  // namespace
}  // namespace weir
