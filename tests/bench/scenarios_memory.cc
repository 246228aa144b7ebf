// Bytes per item, and what an idle server costs: memory, time to start, size on disk.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/groups.h"
#include "tests/bench/scenario.h"
#include "tests/bench/wait_until.h"

namespace weir::bench {
namespace {

constexpr size_t kStarts = 11;
constexpr size_t kIdleConnections = 2'000;
constexpr size_t kPending = 1'000'000;
constexpr size_t kGroups = 50'000;
constexpr size_t kConsumers = 50'000;
/// A server is idle when its memory is the same in so many looks, half a second in all.
constexpr int kLooksAtRest = 50;
constexpr Looks kLooks = {.every = testing::Milliseconds(10)};

struct MemoryRow {
  std::string name;
  std::string item;
  Step fill;
  size_t items = 0;
  Goal goal = {};
  Step before = {};  // what is there already and not counted
};

std::vector<Metric> bytes_metric(Goal goal) {
  return {{.suffix = "", .unit = "B", .goal = goal}};
}

Step preloads(const Preload& what) {
  return [what](Trial& trial) { preload(trial.server.unix_socket(), what); };
}

/// One entry, and a group that has not read it.
void make_group(Trial& trial) {
  preload(trial.server.unix_socket(), {.entries_per_stream = 1});
  restart_group(trial.server);
}

void run_each(Trial& trial, const std::vector<Request>& requests) {
  LoadGenerator load(trial.server.unix_socket(), {{.connections = 1, .source = once(requests)}});
  load.run_to_the_end();
}

void make_groups(Trial& trial) {
  std::vector<Request> requests(kGroups);
  for (size_t i = 0; i < kGroups; ++i) {
    append_command(requests[i].bytes, {"XGROUP", "CREATE", kStream, group_name(i + 1), "0"});
    requests[i].replies = 1;
  }
  run_each(trial, requests);
}

void make_consumers(Trial& trial) {
  std::vector<Request> requests(kConsumers);
  for (size_t i = 0; i < kConsumers; ++i) {
    append_command(requests[i].bytes,
                   {"XGROUP", "CREATECONSUMER", kStream, kGroup, consumer_name(i)});
    requests[i].replies = 1;
  }
  run_each(trial, requests);
}

std::vector<MemoryRow> entry_rows() {
  return {
      {"mem-entry-1f16", "entry", preloads({1, 1'000'000, {1, 16}, ""}), 1'000'000, {1.1, 1.2}},
      {"mem-entry-5f20", "entry", preloads({1, 300'000, {5, 20}, ""}), 300'000, {1, 0}},
      {"mem-entry-1f1000", "entry", preloads({1, 100'000, {1, 1000}, ""}), 100'000, {1, 0}},
      {"mem-entry-1f16-10kstreams",
       "entry, 10,000 streams of 100",
       preloads({10'000, 100, {1, 16}, ""}),
       1'000'000,
       {1.4, 1.5}},
      {"mem-one-entry-stream",
       "stream of one entry",
       preloads({100'000, 1, {1, 16}, ""}),
       100'000,
       {15, 20}},
      {"mem-empty-stream",
       "stream without entries",
       preloads({100'000, 1, {1, 16}, "MAXLEN = 0"}),
       100'000,
       {1.8, 2.1}},
  };
}

std::vector<MemoryRow> group_rows() {
  const auto deliver_all = [](Trial& trial) {
    deliver(trial.server.unix_socket(), {.entries = kPending});
  };
  // The tree that Redis keeps pending IDs in takes far less when they differ in the last byte only.
  const auto make_undelivered = [](size_t per_ms) {
    return [per_ms](Trial& trial) {
      preload(trial.server.unix_socket(), {.entries_per_stream = kPending, .per_ms = per_ms});
      restart_group(trial.server);
    };
  };
  return {{"mem-pending",
           "pending entry, 10 consumers, COUNT 100, one entry per ms",
           deliver_all,
           kPending,
           {7, 9},
           make_undelivered(1)},
          {"mem-pending-100perms",
           "pending entry, 10 consumers, COUNT 100, 100 entries per ms",
           deliver_all,
           kPending,
           {},
           make_undelivered(kEntriesPerMs)},
          {"mem-group", "group of one stream", make_groups, kGroups, {1.8, 2.1}, make_group},
          {"mem-consumer",
           "consumer of one group",
           make_consumers,
           kConsumers,
           {1.8, 2.1},
           make_group}};
}

Scenario memory_scenario(const MemoryRow& row) {
  return {.name = row.name,
          .op = "used_memory per " + row.item,
          .metrics = bytes_metric(row.goal),
          .refill =
              [row](Trial& trial) {
                flush(trial);
                if (row.before) row.before(trial);
              },
          .measure =
              [row](Trial& trial) {
                const uint64_t before = trial.server.used_memory_alone();
                row.fill(trial);
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
  uint64_t rss_bytes = 0;
  int looks_at_rest = 0;
  const auto is_at_rest = [&] {
    const uint64_t before = std::exchange(rss_bytes, fresh.rss_bytes());
    looks_at_rest = rss_bytes == before ? looks_at_rest + 1 : 0;
    return looks_at_rest == kLooksAtRest;
  };
  wait_until(is_at_rest, "a fresh server comes to rest", kLooks);
  return {static_cast<double>(rss_bytes)};
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
  std::vector<Scenario> scenarios;
  for (const auto& rows : {entry_rows(), group_rows()}) {
    for (const MemoryRow& row : rows)
      scenarios.push_back(memory_scenario(row));
  }
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
