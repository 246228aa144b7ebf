// Bytes per item, and what an idle server costs: memory, time to start, size on disk.
#include <algorithm>
#include <cerrno>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr size_t kStarts = 11;
constexpr size_t kIdleConnections = 2'000;

struct MemoryRow {
  std::string name;
  std::string item;
  Preload preload;
  size_t items = 0;
  Goal goal = {};
};

std::vector<Metric> bytes_metric(Goal goal) {
  return {{.suffix = "", .unit = "B", .goal = goal}};
}

Scenario memory_scenario(const MemoryRow& row) {
  return {.name = row.name,
          .op = "used_memory per " + row.item,
          .metrics = bytes_metric(row.goal),
          .refill = flush,
          .measure =
              [row](Trial& trial) {
                const uint64_t before = trial.server.used_memory_alone();
                preload(trial.server.unix_socket(), row.preload);
                const uint64_t after = trial.server.used_memory_alone();
                return std::vector<double>{static_cast<double>(after - before) /
                                           static_cast<double>(row.items)};
              },
          .max_rounds = 1};
}

std::vector<double> idle_connection_bytes(Trial& trial) {
  const uint64_t before = trial.server.used_memory_alone();
  const auto per_connection = [&](uint64_t now) {
    return static_cast<double>(now - before) / static_cast<double>(kIdleConnections);
  };
  std::vector<Fd> idle(kIdleConnections);
  for (Fd& fd : idle)
    fd = connect_and_ping(trial.server.tcp());
  const double after_ping = per_connection(trial.server.used_memory());
  idle = std::vector<Fd>(kIdleConnections);
  trial.server.used_memory_alone();
  for (Fd& fd : idle)
    fd = try_connect(trial.server.tcp());
  const double silent = per_connection(trial.server.used_memory_with(kIdleConnections));
  return {after_ping, silent};
}

std::vector<double> idle_rss(Trial& trial) {
  const ServerProcess fresh(trial.options);
  return {static_cast<double>(fresh.rss_bytes())};
}

std::vector<double> start_time_ms(Trial& trial) {
  std::vector<double> times_ms;
  times_ms.reserve(kStarts);
  for (size_t i = 0; i < kStarts; ++i) {
    const ServerProcess fresh(trial.options);
    times_ms.push_back(static_cast<double>(fresh.start_ns()) / 1e6);
  }
  std::nth_element(times_ms.begin(), times_ms.begin() + kStarts / 2, times_ms.end());
  return {times_ms[kStarts / 2]};
}

/// Runs `strip`; where there is none the file stays as it is.
void strip(const std::filesystem::path& file) {
  const pid_t child = fork();
  if (child < 0) throw system_failure("fork");
  if (child == 0) {
    execlp("strip", "strip", file.c_str(), nullptr);
    _exit(1);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::vector<double> stripped_bytes(Trial& trial) {
  const std::filesystem::path copy = trial.server.folder() / "stripped";
  std::filesystem::copy_file(trial.options.program, copy,
                             std::filesystem::copy_options::overwrite_existing);
  strip(copy);
  return {static_cast<double>(std::filesystem::file_size(copy))};
}

}  // namespace

std::vector<Scenario> memory_scenarios() {
  const std::vector<MemoryRow> rows = {
      {"mem-entry-1f16", "entry", {1, 1'000'000, {1, 16}, ""}, 1'000'000, {1.1, 1.2}},
      {"mem-entry-5f20", "entry", {1, 300'000, {5, 20}, ""}, 300'000, {1, 0}},
      {"mem-entry-1f1000", "entry", {1, 100'000, {1, 1000}, ""}, 100'000, {1, 0}},
      {"mem-entry-1f16-10kstreams",
       "entry, 10,000 streams of 100",
       {10'000, 100, {1, 16}, ""},
       1'000'000,
       {1.4, 1.5}},
      {"mem-one-entry-stream", "stream of one entry", {100'000, 1, {1, 16}, ""}, 100'000, {15, 20}},
      {"mem-empty-stream",
       "stream without entries",
       {100'000, 1, {1, 16}, "MAXLEN = 0"},
       100'000,
       {1.8, 2.1}},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(rows.size() + 1);
  for (const MemoryRow& row : rows)
    scenarios.push_back(memory_scenario(row));
  scenarios.push_back({.name = "mem-idle-connection",
                       .op = "used_memory per connection right after one PING, and before any",
                       .metrics = {{.suffix = "", .unit = "B", .goal = {8, 15}},
                                   {.suffix = "silent", .unit = "B", .goal = {8, 15}}},
                       .measure = idle_connection_bytes});
  return scenarios;
}

std::vector<Scenario> footprint_scenarios() {
  return {{.name = "mem-idle-rss",
           .op = "resident memory of a fresh server",
           .metrics = bytes_metric({3, 0}),
           .measure = idle_rss},
          {.name = "start-time",
           .op = "exec to first PONG, median of 11",
           .metrics = {{.suffix = "", .unit = "ms", .goal = {4, 0}}},
           .measure = start_time_ms},
          {.name = "binary-size",
           .op = "bytes of the stripped binary, without shared libraries",
           .metrics = bytes_metric({2, 0}),
           .measure = stripped_bytes,
           .max_rounds = 1}};
}

}  // namespace weir::bench
