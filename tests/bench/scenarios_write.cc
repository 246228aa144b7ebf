// XADD in its shapes, and PING beside it: the price of a request that does nothing.
#include <algorithm>

#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr size_t kIdleConnections = 9'000;
constexpr size_t kFilesKeptFree = 300;  // for the load's own connections and everything else

struct WriteRow {
  std::string name;
  size_t pipeline = 1;
  Goal goal = {};
  size_t connections = 50;
  bool over_unix_socket = false;
  bool over_tls = false;
  EntryShape shape = {};
  size_t streams = 1;
  std::string trim = {};
  bool drops_first_round = false;
};

/// Enough different requests that values do not repeat soon and every stream gets its turn.
size_t requests_for(const WriteRow& row) {
  const size_t commands = std::max<size_t>(4'096, row.streams * 6);
  constexpr size_t kBytesInCache = 2 << 20;
  const size_t fit = kBytesInCache / (row.pipeline * row.shape.fields * row.shape.value_bytes);
  return std::clamp<size_t>(commands / row.pipeline, 1, std::max<size_t>(fit, 64));
}

std::vector<Request> xadd_requests(const WriteRow& row) {
  RandomText random(kSeed);
  std::vector<Request> requests(requests_for(row));
  for (Request& request : requests) {
    request.replies = row.pipeline;
    for (size_t i = 0; i < row.pipeline; ++i) {
      const std::string key = row.streams == 1 ? kStream : stream_key(random.number(row.streams));
      append_xadd(request.bytes, {.key = key, .trim = row.trim, .shape = row.shape}, random);
    }
  }
  return requests;
}

Scenario xadd_scenario(const WriteRow& row) {
  return {
      .name = row.name,
      .op = "one XADD",
      .metrics = load_metrics(row.goal),
      .prepare =
          [row](Trial& trial) {
            trial.over_unix_socket = row.over_unix_socket;
            trial.over_tls = row.over_tls;
            if (row.over_tls) trial.server.serve_tls();
            trial.roles = {{.connections = row.connections, .source = in_turn(xadd_requests(row))}};
          },
      .refill = flush,
      .measure = measure_load,
      .drops_first_round = row.drops_first_round};
}

Scenario ping_scenario(const std::string& name, size_t pipeline) {
  Request request{.replies = pipeline};
  for (size_t i = 0; i < pipeline; ++i)
    append_command(request.bytes, {"PING"});
  return {.name = name,
          .op = "one PING",
          .metrics = load_metrics({}),
          .prepare = [request](Trial& trial) { trial.roles = {{.source = in_turn({request})}}; },
          .measure = measure_load};
}

/// xadd-p1 alone, then beside connections that have done one PING and now do nothing.
std::vector<double> measure_beside_idle(Trial& trial) {
  flush(trial);
  std::vector<double> values = measure_load(trial);
  const size_t count = std::min(kIdleConnections, trial.options.max_clients - kFilesKeptFree);
  std::vector<Fd> idle(count);
  for (Fd& fd : idle)
    fd = connect_and_ping(trial.server.tcp());
  flush(trial);
  const std::vector<double> beside = measure_load(trial);
  values.insert(values.end(), beside.begin(), beside.end());
  values.push_back(static_cast<double>(count));
  return values;
}

}  // namespace

std::vector<Scenario> write_scenarios() {
  const std::vector<WriteRow> rows = {
      {.name = "xadd-p1", .pipeline = 1, .goal = {1.15, 1.2}},
      {.name = "xadd-p1-unix", .pipeline = 1, .goal = {1.4, 1.55}, .over_unix_socket = true},
      {.name = "xadd-1conn-p1", .pipeline = 1, .connections = 1},
      {.name = "xadd-p16", .pipeline = 16, .goal = {2, 2.3}},
      {.name = "xadd-p100", .pipeline = 100, .goal = {3.5, 4.2}},
      {.name = "xadd-p100-unix", .pipeline = 100, .over_unix_socket = true},
      // Within 1.2 times of the peer is what is promised.
      {.name = "xadd-p1-tls", .pipeline = 1, .over_tls = true},
      {.name = "xadd-p16-tls", .pipeline = 16, .goal = {0.84, 1.2}, .over_tls = true},
      {.name = "xadd-p16-1f1000-tls",
       .pipeline = 16,
       .over_tls = true,
       .shape = {1, 1000},
       .drops_first_round = true},
      {.name = "xadd-p16-1f100", .pipeline = 16, .shape = {1, 100}},
      {.name = "xadd-p16-1f1000",
       .pipeline = 16,
       .goal = {1.4, 1.7},
       .shape = {1, 1000},
       .drops_first_round = true},
      {.name = "xadd-p16-5f20", .pipeline = 16, .goal = {2.3, 2.7}, .shape = {5, 20}},
      {.name = "xadd-p16-10kstreams", .pipeline = 16, .goal = {2.7, 3.2}, .streams = 10'000},
      {.name = "xadd-p16-maxlen10k", .pipeline = 16, .goal = {2.2, 2.5}, .trim = "MAXLEN ~ 10000"},
      {.name = "xadd-p16-maxlen1k-exact", .pipeline = 16, .goal = {6, 7}, .trim = "MAXLEN = 1000"},
  };
  std::vector<Scenario> scenarios = {ping_scenario("ping-p1", 1), ping_scenario("ping-p16", 16)};
  for (const WriteRow& row : rows)
    scenarios.push_back(xadd_scenario(row));
  return scenarios;
}

std::vector<Scenario> connection_scenarios() {
  Scenario scenario = xadd_scenario({.name = "idle-connections"});
  scenario.op = "one XADD, alone and beside 9,000 idle connections";
  scenario.refill = {};
  scenario.measure = measure_beside_idle;
  scenario.metrics = load_metrics({1.15, 1.2});
  for (Metric metric : load_metrics({1.15, 1.2})) {
    if (metric.shown == Shown::kOps) metric.shown = Shown::kJsonOnly;
    metric.suffix = "beside" + (metric.suffix.empty() ? "" : " " + metric.suffix);
    scenario.metrics.push_back(metric);
  }
  scenario.metrics[0].suffix = "none";
  scenario.metrics.push_back(
      {.suffix = "connections", .unit = "connections", .shown = Shown::kJsonOnly});
  return {scenario};
}

}  // namespace weir::bench
