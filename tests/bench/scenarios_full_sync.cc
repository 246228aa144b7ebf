// Full resyncs: a replica that has nothing, or other data, gets all of a server's.
//
//   REPLICAOF ─► … ─► master_link_status:up     the server has a core, and the replica the other
//
// diskless: the snapshot goes to the socket, and is loaded as it comes.  disk: it is a file on both
// sides.  mixed: sent as it is made, received as a file, which is what both servers do if nothing
// is configured.

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"
#include "tests/bench/wait_until.h"

namespace weir::bench {
namespace {

constexpr size_t kStreams = 100;
/// The moment at which a link comes up is part of what is measured.
constexpr Looks kLooks = {.every = testing::Milliseconds(2),
                          .until = testing::Milliseconds(300'000)};
constexpr double kMegabyte = 1 << 20;
constexpr size_t kRounds = 3;

struct FullSyncRow {
  std::string name;
  Goal goal = {};
  EntryShape shape = {};
  size_t bytes_per_entry = 30;  // of memory, about
  const char* is_sent_diskless = "yes";
  const char* diskless_load = "disabled";
  bool has_other_data = false;  // the replica
};

void fill(ServerProcess& server, const FullSyncRow& row, size_t megabytes) {
  const size_t entries = (megabytes << 20) / row.bytes_per_entry;
  preload(server.unix_socket(),
          {.streams = kStreams, .entries_per_stream = entries / kStreams, .shape = row.shape});
}

void await_link(ServerProcess& replica) {
  wait_until([&replica] { return replica.info("replication", "master_link_status") == "up"; },
             "the link comes up", kLooks);
}

std::vector<double> measure_full_sync(Trial& trial, const FullSyncRow& row) {
  ServerProcess& primary = trial.server;
  ServerProcess replica({.program = trial.options.program, .max_clients = 100});
  replica.command({"CONFIG", "SET", "repl-diskless-load", row.diskless_load});
  if (row.has_other_data) fill(replica, row, trial.timing.megabytes);
  primary.forget_peak();
  replica.forget_peak();
  const auto rss = static_cast<double>(primary.rss_bytes());
  const double primary_s = primary.whole_cpu_s();
  const double replica_s = replica.whole_cpu_s();
  const uint64_t begin_ns = now_ns();
  replica.command({"REPLICAOF", "127.0.0.1", std::to_string(primary.tcp().port)});
  await_link(replica);
  const auto spent_ns = static_cast<double>(now_ns() - begin_ns);
  const std::string last = stream_key(kStreams - 1);
  if (replica.command({"XLEN", last}) != primary.command({"XLEN", last}))
    throw Failure("the replica does not have it all");
  return {spent_ns / 1e9,
          primary.whole_cpu_s() - primary_s,
          replica.whole_cpu_s() - replica_s,
          (static_cast<double>(primary.peak_bytes()) - rss) / kMegabyte,
          static_cast<double>(replica.peak_bytes()) / kMegabyte,
          static_cast<double>(replica.rss_bytes()) / kMegabyte};
}

Scenario full_sync(const FullSyncRow& row) {
  return {.name = row.name,
          .op = "a full resync, from REPLICAOF until the link is up",
          .metrics = {{.suffix = "", .unit = "s", .goal = row.goal},
                      {.suffix = "primary cpu", .unit = "s"},
                      {.suffix = "replica cpu", .unit = "s"},
                      {.suffix = "primary extra", .unit = "MiB"},
                      {.suffix = "replica peak", .unit = "MiB"},
                      {.suffix = "replica after", .unit = "MiB"}},
          .prepare =
              [row](Trial& trial) {
                fill(trial.server, row, trial.timing.megabytes);
                trial.server.command({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
                trial.server.command({"CONFIG", "SET", "repl-diskless-sync", row.is_sent_diskless});
              },
          .measure = [row](Trial& trial) { return measure_full_sync(trial, row); },
          .max_rounds = kRounds};
}

}  // namespace

std::vector<Scenario> full_sync_scenarios() {
  constexpr EntryShape kFive{.fields = 5, .value_bytes = 20};
  constexpr Goal kGoal{3, 5};
  const std::vector<FullSyncRow> rows = {
      {.name = "replication-sync-1f16", .goal = kGoal, .diskless_load = "on-empty-db"},
      {.name = "replication-sync-5f20",
       .goal = kGoal,
       .shape = kFive,
       .bytes_per_entry = 120,
       .diskless_load = "on-empty-db"},
      {.name = "replication-sync-1f1000",
       .goal = kGoal,
       .shape = {.fields = 1, .value_bytes = 1000},
       .bytes_per_entry = 1040,
       .diskless_load = "on-empty-db"},
      {.name = "replication-sync-1f16-mixed", .goal = kGoal},
      {.name = "replication-sync-5f20-mixed",
       .goal = kGoal,
       .shape = kFive,
       .bytes_per_entry = 120},
      {.name = "replication-sync-1f16-disk", .goal = kGoal, .is_sent_diskless = "no"},
      {.name = "replication-sync-5f20-disk",
       .goal = kGoal,
       .shape = kFive,
       .bytes_per_entry = 120,
       .is_sent_diskless = "no"},
      {.name = "replication-sync-over",
       .shape = kFive,
       .bytes_per_entry = 120,
       .has_other_data = true},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(rows.size());
  for (const FullSyncRow& row : rows)
    scenarios.push_back(full_sync(row));
  return scenarios;
}

}  // namespace weir::bench
