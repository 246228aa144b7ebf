#include "tests/bench/scenario.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"

namespace weir::bench {
namespace {

/// Longer than a server works on after its last reply; then it sleeps and its run time is exact.
constexpr useconds_t kSettleUs = 3'000;

/// What has happened between its construction and values().
class Window {
 public:
  Window(const ServerProcess& server, const LoadGenerator& load)
      : server_(server),
        load_(load),
        cpu_ns_(server.cpu_ns()),
        started_ns_(now_ns()),
        ops_(load.ops()),
        reply_bytes_(load.reply_bytes()) {}

  /// In the order of load_metrics().
  std::vector<double> values(uint64_t ended_ns) const {
    const auto cpu_ns = static_cast<double>(server_.cpu_ns() - cpu_ns_);
    const auto elapsed_ns = static_cast<double>(ended_ns - started_ns_);
    const auto ops = static_cast<double>(load_.ops() - ops_);
    if (ops == 0) throw Failure("no operation was completed in the window");
    const auto bytes = static_cast<double>(load_.reply_bytes() - reply_bytes_);
    return {cpu_ns / ops, ops / elapsed_ns * 1e9, bytes / ops, cpu_ns / elapsed_ns};
  }

 private:
  const ServerProcess& server_;
  const LoadGenerator& load_;
  uint64_t cpu_ns_;
  uint64_t started_ns_;
  uint64_t ops_;
  uint64_t reply_bytes_;
};

}  // namespace

std::vector<Metric> load_metrics(Goal goal) {
  // The IDs that XADD * returns grow with the rate, by two digits of some twenty bytes.
  constexpr double kReplyTolerance = 0.15;
  return {{.suffix = "", .unit = "ns/op", .goal = goal},
          {.suffix = "op/s", .unit = "op/s", .shown = Shown::kOps, .more_is_better = true},
          {.suffix = "reply bytes",
           .unit = "B/op",
           .shown = Shown::kJsonOnly,
           .must_agree_within = kReplyTolerance},
          {.suffix = "server busy", .unit = "share", .shown = Shown::kJsonOnly}};
}

std::vector<double> measure_load(Trial& trial) {
  LoadGenerator load(trial.endpoint(), trial.roles);
  load.run_for(trial.timing.warmup);
  const Window window(trial.server, load);
  load.run_for(trial.timing.seconds);
  std::vector<double> values = window.values(now_ns());
  load.drain();
  return values;
}

std::vector<double> measure_all(Trial& trial) {
  LoadGenerator load(trial.endpoint(), trial.roles);
  usleep(kSettleUs);
  const Window window(trial.server, load);
  load.run_to_the_end();
  const uint64_t ended_ns = now_ns();
  usleep(kSettleUs);
  return window.values(ended_ns);
}

Measure measure_all_then(Step check) {
  return [check = std::move(check)](Trial& trial) {
    std::vector<double> values = measure_all(trial);
    check(trial);
    return values;
  };
}

void flush(Trial& trial) {
  trial.server.command({"FLUSHALL"});
}

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all;
  for (const auto& family :
       {write_scenarios, read_scenarios, delete_scenarios, group_scenarios, cycle_scenarios,
        pending_scenarios, log_scenarios, replication_scenarios, full_sync_scenarios,
        latency_scenarios, connection_scenarios, crowd_scenarios, hostile_scenarios,
        memory_scenarios, footprint_scenarios}) {
    std::vector<Scenario> some = family();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace weir::bench
