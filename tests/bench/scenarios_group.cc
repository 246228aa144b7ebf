// XREADGROUP of a whole stream, and XACK of a whole group.
#include "tests/bench/failure.h"
#include "tests/bench/groups.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr size_t kConsumers = 50;

struct GroupReadRow {
  std::string name;
  size_t count = 1;
  size_t pipeline = 1;
  Goal goal = {};
  bool noack = false;
  size_t entries = 1'000'000;
};

/// As many commands as there are entries to hand out, the consumers in turn.
Source group_reads(const GroupReadRow& row) {
  std::vector<Request> requests(kConsumers);
  for (size_t consumer = 0; consumer < kConsumers; ++consumer) {
    requests[consumer].replies = row.pipeline;
    for (size_t i = 0; i < row.pipeline; ++i) {
      append_xreadgroup(requests[consumer].bytes, {.consumer = consumer_name(consumer),
                                                   .count = row.count,
                                                   .options = row.noack ? "NOACK" : ""});
    }
  }
  return in_turn(std::move(requests), row.entries / (row.count * row.pipeline));
}

Scenario group_read_scenario(const GroupReadRow& row) {
  return {.name = row.name,
          .op = "one command, " + std::to_string(row.count) + " entries, over a whole stream",
          .metrics = load_metrics(row.goal),
          .prepare =
              [row](Trial& trial) {
                preload(trial.server.unix_socket(), {.entries_per_stream = row.entries});
              },
          .refill =
              [row](Trial& trial) {
                restart_group(trial.server);
                trial.roles = {{.connections = kConsumers, .source = group_reads(row)}};
              },
          .measure = measure_all_then([row](Trial& trial) {
            const uint64_t pending = pending_count(trial.server);
            if (pending != (row.noack ? 0 : row.entries)) {
              throw Failure("XREADGROUP left " + std::to_string(pending) + " pending");
            }
          })};
}

struct AckRow {
  std::string name;
  size_t ids = 1;  // per command
  size_t pipeline = 1;
  size_t entries = 0;
  Goal goal = {};
};

Scenario ack_scenario(const AckRow& row) {
  return {.name = row.name,
          .op = "one XACK of " + std::to_string(row.ids) + " IDs, over a whole group",
          .metrics = load_metrics(row.goal),
          .prepare =
              [row](Trial& trial) {
                preload(trial.server.unix_socket(), {.entries_per_stream = row.entries});
              },
          .refill =
              [row](Trial& trial) {
                restart_group(trial.server);
                deliver(trial.server.unix_socket(), {.entries = row.entries});
                trial.roles = {{.source = once(sweep({.head = {"XACK", kStream, kGroup},
                                                      .entries = row.entries,
                                                      .ids = row.ids,
                                                      .pipeline = row.pipeline}))}};
              },
          .measure = measure_all_then([](Trial& trial) {
            const uint64_t left = pending_count(trial.server);
            if (left != 0) throw Failure("XACK left " + std::to_string(left) + " pending");
          })};
}

}  // namespace

std::vector<Scenario> group_scenarios() {
  const std::vector<GroupReadRow> reads = {
      {.name = "xreadgroup-1-p16",
       .count = 1,
       .pipeline = 16,
       .goal = {6, 7.5},
       .entries = 320'000},
      {.name = "xreadgroup-10-p16", .count = 10, .pipeline = 16, .goal = {10, 14}},
      {.name = "xreadgroup-100", .count = 100, .goal = {8, 11}},
      {.name = "xreadgroup-1-noack-p16",
       .count = 1,
       .pipeline = 16,
       .noack = true,
       .entries = 320'000},
      {.name = "xreadgroup-10-noack-p16", .count = 10, .pipeline = 16, .noack = true},
      {.name = "xreadgroup-100-noack", .count = 100, .goal = {2.5, 3.2}, .noack = true},
  };
  const std::vector<AckRow> acks = {
      {.name = "xack-1-p16", .ids = 1, .pipeline = 16, .entries = 320'000, .goal = {2.2, 2.5}},
      {.name = "xack-100-p4", .ids = 100, .pipeline = 4, .entries = 1'000'000, .goal = {3.5, 4.5}},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(reads.size() + acks.size());
  for (const GroupReadRow& row : reads)
    scenarios.push_back(group_read_scenario(row));
  for (const AckRow& row : acks)
    scenarios.push_back(ack_scenario(row));
  return scenarios;
}

}  // namespace weir::bench
