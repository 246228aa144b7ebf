// The samples of LATENCY, without a server.
#include "server/insight/latency.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr int64_t kThresholdMs = 10;

LatencyMonitor with_samples(int count) {
  LatencyMonitor monitor;
  for (int i = 0; i < count; ++i)
    monitor.note("command", static_cast<uint64_t>(100 + i), 1000 + i, kThresholdMs);
  return monitor;
}

TEST_CASE("Nothing below the threshold is noted, and nothing at all without one", "[latency]") {
  LatencyMonitor monitor;
  monitor.note("command", 9, 1000, kThresholdMs);
  monitor.note("command", 5000, 1000, 0);
  CHECK(monitor.events().empty());
  monitor.note("command", 10, 1000, kThresholdMs);
  CHECK(monitor.find("command")->samples.size() == 1);
}

TEST_CASE("The samples of one second are one: the longest", "[latency]") {
  LatencyMonitor monitor;
  for (const uint64_t ms : {20U, 50U, 30U})
    monitor.note("command", ms, 1000, kThresholdMs);
  monitor.note("command", 15, 1001, kThresholdMs);
  const LatencyHistory& history = *monitor.find("command");
  REQUIRE(history.samples.size() == 2);
  CHECK(history.samples.front().ms == 50);
  CHECK(history.samples.back().ms == 15);
  CHECK(history.max_ms == 50);
}

TEST_CASE("The last 160 samples are kept, and the longest of all", "[latency]") {
  LatencyMonitor monitor;
  monitor.note("command", 9999, 1, kThresholdMs);
  for (int i = 0; i < 300; ++i)
    monitor.note("command", 20, 1000 + i, kThresholdMs);
  CHECK(monitor.find("command")->samples.size() == 160);
  CHECK(monitor.find("command")->max_ms == 9999);
}

TEST_CASE("A graph is as wide as there are samples, and higher where it took longer", "[latency]") {
  const LatencyMonitor monitor = with_samples(3);
  CHECK(latency_graph("command", *monitor.find("command"), 1002) ==
        "command - high 102 ms, low 100 ms (all time high 102 ms)\n" + std::string(80, '-') +
            "\n"
            "  #\n"
            "  #\n"
            " ##\n"
            "_##\n"
            "\n"
            "210\n"
            "sss\n");
}

TEST_CASE("The report says what was measured, or why there is nothing", "[latency]") {
  CHECK(latency_report({}, 0, 0).find("latency-monitor-threshold") != std::string::npos);
  CHECK(latency_report({}, 7, 0).starts_with("Nothing took 7 ms"));
  const std::string report = latency_report(with_samples(3), kThresholdMs, 1062);
  CHECK(
      report.starts_with("command: 3 spikes, average 101 ms, mean deviation 0 ms, worst 102 ms, "
                         "last 102 ms 1m ago.\n"));
  CHECK(report.find("SLOWLOG GET") != std::string::npos);
}

TEST_CASE("Events are forgotten one by one or all at once", "[latency]") {
  LatencyMonitor monitor = with_samples(1);
  monitor.note("fast-command", 20, 1000, kThresholdMs);
  CHECK(monitor.forget("command"));
  CHECK_FALSE(monitor.forget("command"));
  CHECK(monitor.forget_all() == 1);
  CHECK(monitor.find("fast-command") == nullptr);
}

}  // namespace
}  // namespace weir
