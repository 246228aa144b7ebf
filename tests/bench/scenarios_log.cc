// What the log costs: scenarios of other families with the log on, replay, and its size.
//
//   log-xadd-p16, log-xadd-p16-no, log-xadd-p16-everysec: without it, and with each policy, so that
//   the difference of two rows of one server is what the log costs
#include <algorithm>

#include "tests/bench/failure.h"
#include "tests/bench/groups.h"
#include "tests/bench/machine.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"
#include "tests/bench/wait_until.h"

namespace weir::bench {
namespace {

constexpr size_t kReplayed = 300'000;  // entries
constexpr size_t kDelivered = 10'000;  // entries

/// Begins the log, and waits until it counts.
void keep_log(Trial& trial, const std::string& policy) {
  trial.server.command(
      {"CONFIG", "SET", "appendfsync", policy, "auto-aof-rewrite-percentage", "0"});
  trial.server.command({"CONFIG", "SET", "appendonly", "yes"});
  const auto is_kept = [&trial] {
    return trial.server.info("persistence", "aof_enabled") == "1" &&
           trial.server.info("persistence", "aof_rewrite_in_progress") == "0" &&
           trial.server.info("persistence", "aof_rewrite_scheduled") == "0";
  };
  wait_until(is_kept, "the log begins");
}

uint64_t log_bytes(Trial& trial) {
  return std::stoull(trial.server.info("persistence", "aof_current_size"));
}

Scenario found(std::vector<Scenario> family, const std::string& name) {
  const auto at = std::find_if(family.begin(), family.end(),
                               [&name](const Scenario& one) { return one.name == name; });
  if (at == family.end()) throw Failure("no scenario " + name);
  return std::move(*at);
}

/// The scenario with the log on.
Scenario with_log(Scenario scenario, const std::string& name, const std::string& policy) {
  scenario.name = name + "-" + policy;
  scenario.op += ", with the log, appendfsync " + policy;
  scenario.metrics = load_metrics({});
  scenario.prepare = [prepare = scenario.prepare, policy](Trial& trial) {
    keep_log(trial, policy);
    if (prepare) prepare(trial);
  };
  return scenario;
}

void add_policies(std::vector<Scenario>& all, const Scenario& plain, const std::string& name) {
  all.push_back(plain);
  all.back().name = name + "-off";
  all.back().metrics = load_metrics({});
  for (const char* const policy : {"no", "everysec"})
    all.push_back(with_log(plain, name, policy));
}

/// Single XADDs whose replies wait for the disk: the throughput counts.
Scenario always(size_t connections, Goal goal) {
  Scenario scenario = with_log(found(write_scenarios(), "xadd-p1"), "log-xadd-p1", "always");
  scenario.name += "-" + std::to_string(connections);
  scenario.metrics[0].shown = Shown::kJsonOnly;
  scenario.metrics[1].shown = Shown::kRow;
  scenario.metrics[1].goal = goal;
  scenario.prepare = [prepare = scenario.prepare, connections](Trial& trial) {
    prepare(trial);
    trial.roles[0].connections = connections;
  };
  return scenario;
}

/// A hundred entries are delivered and acknowledged; how many there were.
size_t take_batch(Trial& trial) {
  const std::string entries = trial.server.command(
      {"XREADGROUP", "GROUP", kGroup, consumer_name(0), "COUNT", "100", "STREAMS", kStream, ">"});
  std::vector<std::string> ack = {"XACK", kStream, kGroup};
  for_delivered_ids(entries, [&ack](std::string_view id) { ack.emplace_back(id); });
  std::string request;
  append_command(request, ack);
  run_requests(connect_and_ping(trial.server.unix_socket()), request);
  if (ack.size() == 3) throw Failure("nothing was delivered");
  return ack.size() - 3;
}

/// What one operation of a scenario leaves in the log.
Scenario bytes_of(Scenario scenario, const std::string& name) {
  scenario = with_log(std::move(scenario), name, "no");
  scenario.name = name;
  scenario.metrics = {{.suffix = "", .unit = "B/op"}};
  scenario.measure = [](Trial& trial) {
    const uint64_t before = log_bytes(trial);
    LoadGenerator load(trial.endpoint(), trial.roles);
    load.run_for(trial.timing.seconds);
    load.drain();
    return std::vector<double>{static_cast<double>(log_bytes(trial) - before) /
                               static_cast<double>(load.ops())};
  };
  return scenario;
}

/// What it leaves in the log that an entry is delivered and acknowledged, 100 at a time.
Scenario bytes_of_delivery() {
  return {.name = "log-bytes-delivered",
          .op = "one entry, delivered and acknowledged",
          .metrics = {{.suffix = "", .unit = "B/op", .goal = {3, 3}}},
          .prepare =
              [](Trial& trial) {
                keep_log(trial, "no");
                preload(trial.server.unix_socket(), {.entries_per_stream = kDelivered});
              },
          .measure =
              [](Trial& trial) {
                restart_group(trial.server);
                const uint64_t before = log_bytes(trial);
                size_t ids = 0;
                while (ids < kDelivered)
                  ids += take_batch(trial);
                return std::vector<double>{static_cast<double>(log_bytes(trial) - before) /
                                           static_cast<double>(ids)};
              }};
}

/// The log of so many XADDs is read back; millions of entries in a second.
Scenario replay(const std::string& name, const EntryShape& shape, Goal goal) {
  return {.name = name,
          .op = "one entry, read from the log",
          .metrics = {{.suffix = "", .unit = "M/s", .goal = goal, .more_is_better = true}},
          .prepare =
              [shape](Trial& trial) {
                keep_log(trial, "no");
                preload(trial.server.unix_socket(),
                        {.entries_per_stream = kReplayed, .shape = shape});
              },
          .measure =
              [](Trial& trial) {
                const uint64_t cpu_ns = trial.server.cpu_ns();
                trial.server.command({"DEBUG", "LOADAOF"});
                const auto spent_ns = static_cast<double>(trial.server.cpu_ns() - cpu_ns);
                if (trial.server.command({"XLEN", kStream}) != std::to_string(kReplayed))
                  throw Failure("not all entries came back");
                return std::vector<double>{static_cast<double>(kReplayed) / spent_ns * 1e3};
              }};
}

}  // namespace

std::vector<Scenario> log_scenarios() {
  std::vector<Scenario> all;
  add_policies(all, found(write_scenarios(), "xadd-p16"), "log-xadd-p16");
  const Scenario cycle = found(cycle_scenarios(), "cycle-batch100-maxlen");
  add_policies(all, cycle, "log-cycle");
  all.push_back(always(50, {2, 2.5}));
  all.push_back(always(1, {1.5, 2}));
  all.push_back(bytes_of(cycle, "log-bytes-cycle"));
  all.push_back(bytes_of_delivery());
  all.push_back(replay("log-replay-1f16", {}, {4, 6}));
  all.push_back(replay("log-replay-5f20", {.fields = 5, .value_bytes = 20}, {4, 6}));
  return all;
}

}  // namespace weir::bench
