// A scenario: one row (or a few) of the table, and how one server is measured for it.
//
//   once per server      prepare   preload what the scenario reads, build the requests
//   before every window  refill    bring the data back to where it was (not measured)
//   every window         measure   run, and return one number per metric
//
// The runner starts both servers, lets them take turns round by round and computes the medians.
// A new scenario is a row in one of the scenarios_*.cc; see README.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load_generator.h"
#include "tests/bench/server_process.h"

namespace weir::bench {

/// Ratios from the performance targets, as "so many times better than the peer"; 0: none.
struct Goal {
  double target = 0;
  double stretch = 0;
};

enum class Shown {
  kRow,      // a row of the table
  kOps,      // beside the scenario's first row: its throughput
  kJsonOnly  // what explains the others
};

struct Metric {
  std::string suffix;  // after the scenario's name
  std::string unit;
  Goal goal = {};
  Shown shown = Shown::kRow;
  bool more_is_better = false;
  double must_agree_within = 0;  // share by which both servers may differ; 0: any
  double bound = 0;              // what Weir has to stay inside of, in the unit; 0: none
};

struct Timing {
  size_t rounds = 7;
  double seconds = 0.4;
  double warmup = 0.15;
  size_t megabytes = 256;  // of data, where much of it is what matters
};

/// One server within one scenario.
struct Trial {
  ServerProcess& server;
  const ServerOptions& options;
  const Timing& timing;
  std::vector<Role> roles = {};  // for measure_load()
  bool over_unix_socket = false;
  bool over_tls = false;            // after server.serve_tls()
  std::shared_ptr<void> kept = {};  // what else a scenario has for this server

  Endpoint endpoint() const {
    if (over_tls) return server.tls();
    return over_unix_socket ? server.unix_socket() : server.tcp();
  }
};

using Step = std::function<void(Trial&)>;
using Measure = std::function<std::vector<double>(Trial&)>;

struct Scenario {
  std::string name;
  std::string op;  // what one operation is, for --list
  std::vector<Metric> metrics;
  Step prepare = {};
  Step refill = {};
  Measure measure = {};
  bool drops_first_round = false;  // one round more than asked: the first touches new memory
  size_t max_rounds = 0;           // 0: as asked; 1 for what does not vary
};

/// The metrics of measure_load() and measure_all(): CPU ns per operation first.
std::vector<Metric> load_metrics(Goal goal);

/// Runs the trial's roles: warm-up, then one window.  The load stays on while it is measured.
std::vector<double> measure_load(Trial& trial);
/// Runs the trial's roles until their sources are empty, without a warm-up.
std::vector<double> measure_all(Trial& trial);

/// measure_all(), and then what throws a Failure if the work was not done.
Measure measure_all_then(Step check);

/// Deletes every key.
void flush(Trial& trial);

std::vector<Scenario> write_scenarios();
std::vector<Scenario> read_scenarios();
std::vector<Scenario> delete_scenarios();
std::vector<Scenario> group_scenarios();
std::vector<Scenario> cycle_scenarios();
std::vector<Scenario> pending_scenarios();
/// With the log on; what it costs.
std::vector<Scenario> log_scenarios();
/// With replicas; what they cost.
std::vector<Scenario> replication_scenarios();
std::vector<Scenario> full_sync_scenarios();
std::vector<Scenario> latency_scenarios();
std::vector<Scenario> connection_scenarios();
/// How others fare beside clients that misbehave.
std::vector<Scenario> crowd_scenarios();
/// How one fares beside clients that mean harm, and what those cost.
std::vector<Scenario> hostile_scenarios();
std::vector<Scenario> memory_scenarios();
std::vector<Scenario> footprint_scenarios();

/// All of them, in the order of the table.
std::vector<Scenario> all_scenarios();

}  // namespace weir::bench
