// What replication costs: one replica, applying, promises that wait for it, ten that lag.
//
//   replication-xadd-p16  two servers of a kind in turn, one with a replica (ReplicaSink) and one
//                         without: the difference within a round is what the replica costs
#include <algorithm>
#include <memory>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/replica_sink.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"
#include "tests/bench/wait_until.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 11;
constexpr size_t kPipeline = 16;
constexpr size_t kApplied = 500'000;  // entries
constexpr double kMegabyte = 1 << 20;

bool is_weir(Trial& trial) {
  return !trial.server.info("server", "weir_version").empty();
}

Scenario found(std::vector<Scenario> family, const std::string& name) {
  const auto at = std::find_if(family.begin(), family.end(),
                               [&name](const Scenario& one) { return one.name == name; });
  if (at == family.end()) throw Failure("no scenario " + name);
  return std::move(*at);
}

void sync_without_delay(ServerProcess& server) {
  server.command({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
}

// --- One replica ---------------------------------------------------------------------------------

/// A second server of the trial's kind, that has a replica.
struct Replicated {
  explicit Replicated(Trial& like)
      : server(like.options),
        trial{.server = server, .options = like.options, .timing = like.timing} {
    sync_without_delay(server);
    sink = std::make_unique<ReplicaSink>(server.tcp());
  }

  ServerProcess server;
  Trial trial;
  std::unique_ptr<ReplicaSink> sink;
  bool is_first = false;  // they take turns
};

/// The CPU time of an operation with a replica less that without.
Scenario cost_of_one(const Scenario& plain, const std::string& name) {
  const auto replicated = [](Trial& trial) -> Replicated& {
    if (!trial.kept) trial.kept = std::make_shared<Replicated>(trial);
    return *std::static_pointer_cast<Replicated>(trial.kept);
  };
  const auto window = [plain](Trial& trial) {
    if (plain.refill) plain.refill(trial);
    return plain.measure(trial)[0];
  };
  return {.name = name,
          .op = plain.op + ", for one replica",
          .metrics = {{.suffix = "", .unit = "ns/op"},
                      {.suffix = "none", .unit = "ns/op"},
                      {.suffix = "one", .unit = "ns/op"}},
          .prepare =
              [=](Trial& trial) {
                if (!plain.prepare) return;
                plain.prepare(trial);
                plain.prepare(replicated(trial).trial);
              },
          .measure =
              [=](Trial& trial) {
                Replicated& other = replicated(trial);
                other.is_first = !other.is_first;
                double one = other.is_first ? window(other.trial) : 0;
                const double none = window(trial);
                if (!other.is_first) one = window(other.trial);
                return std::vector<double>{one - none, none, one};
              }};
}

// --- A replica of the same kind ------------------------------------------------------------------

/// A server that follows the trial's, on the client's core.
struct Follower {
  explicit Follower(Trial& trial)
      : server({.program = trial.options.program, .max_clients = trial.options.max_clients}) {
    sync_without_delay(trial.server);
    server.command({"REPLICAOF", "127.0.0.1", std::to_string(trial.server.tcp().port)});
    wait_until([this] { return server.info("replication", "master_link_status") == "up"; },
               "the link is up");
  }

  ServerProcess server;
};

Follower& follower(Trial& trial) {
  if (!trial.kept) trial.kept = std::make_shared<Follower>(trial);
  return *std::static_pointer_cast<Follower>(trial.kept);
}

std::vector<Request> xadds(size_t requests, const std::string& trim = {}) {
  RandomText random(kSeed);
  std::vector<Request> made(requests);
  for (Request& request : made) {
    for (; request.replies < kPipeline; ++request.replies)
      append_xadd(request.bytes, {.key = kStream, .trim = trim}, random);
  }
  return made;
}

std::vector<double> measure_applying(Trial& trial) {
  ServerProcess& replica = follower(trial).server;
  flush(trial);
  wait_until([&] { return replica.command({"XLEN", kStream}) == "0"; }, "the replica is empty");
  trial.roles = {{.source = in_turn(xadds(1'000), kApplied / kPipeline)}};
  const uint64_t before_ns = replica.cpu_ns();
  const double primary_ns = measure_all(trial)[0];
  const std::string all = std::to_string(kApplied);
  wait_until([&] { return replica.command({"XLEN", kStream}) == all; }, "the replica has it all");
  const auto spent_ns = static_cast<double>(replica.cpu_ns() - before_ns);
  return {spent_ns / kApplied, primary_ns};
}

Scenario applying() {
  return {.name = "replication-apply",
          .op = "one XADD, applied by a replica; and at its primary",
          .metrics = {{.suffix = "", .unit = "ns/op"}, {.suffix = "primary", .unit = "ns/op"}},
          .measure = measure_applying};
}

// --- Promises ------------------------------------------------------------------------------------

/// CPU per XADD and XADDs a second.
struct Pace {
  double cpu_ns = 0;
  double per_s = 0;
};

/// extra: command at the end of each pipeline, which is no operation.
Pace pace_of(Trial& trial, std::initializer_list<std::string_view> extra) {
  flush(trial);
  std::vector<Request> requests = xadds(200, "MAXLEN ~ 10000");
  for (Request& request : requests) {
    if (extra.size() == 0) break;
    append_command(request.bytes, extra);
    ++request.replies;
  }
  const double share = double{kPipeline} / static_cast<double>(requests[0].replies);
  trial.roles = {{.source = in_turn(std::move(requests))}};
  const std::vector<double> values = measure_load(trial);
  return {values[0] / share, values[1] * share};
}

/// Without a promise, and with one; the peer's clients ask for it with WAIT.
std::vector<double> measure_promise(Trial& trial, bool with_fsync) {
  follower(trial);
  const Pace without = pace_of(trial, {});
  Pace with;
  if (is_weir(trial)) {
    trial.server.command({"CONFIG", "SET", "min-replicas-to-ack", "1"});
    with = pace_of(trial, {});
    trial.server.command({"CONFIG", "SET", "min-replicas-to-ack", "0"});
  } else if (!with_fsync) {
    with = pace_of(trial, {"WAIT", "1", "0"});
  }
  return {with.per_s, without.per_s, with.per_s / without.per_s, with.cpu_ns, without.cpu_ns};
}

Scenario promise(const std::string& name, bool with_fsync) {
  return {
      .name = name,
      .op = with_fsync ? "one XADD, that a replica has on disk" : "one XADD, that a replica has",
      .metrics = {{.suffix = "", .unit = "op/s", .more_is_better = true},
                  {.suffix = "without", .unit = "op/s", .more_is_better = true},
                  {.suffix = "share", .unit = "of it", .more_is_better = true},
                  {.suffix = "cpu", .unit = "ns/op"},
                  {.suffix = "cpu without", .unit = "ns/op"}},
      .prepare =
          [with_fsync](Trial& trial) {
            if (!with_fsync || !is_weir(trial)) return;
            ServerProcess& replica = follower(trial).server;
            replica.command({"CONFIG", "SET", "appendonly", "yes"});
            replica.command({"CONFIG", "SET", "appendfsync", "always"});
            trial.server.command({"CONFIG", "SET", "min-replicas-ack-fsync", "yes"});
          },
      .measure = [with_fsync](Trial& trial) { return measure_promise(trial, with_fsync); }};
}

// --- Replicas that lag ---------------------------------------------------------------------------

/// What so many replicas, of which at least half read nothing, keep in their primary.
double memory_with(const Trial& trial, size_t replicas) {
  constexpr size_t kBytesOfXadd = 100;
  constexpr size_t kWritten = size_t{48} << 20;
  ServerProcess server(trial.options);
  sync_without_delay(server);
  std::vector<std::unique_ptr<ReplicaSink>> sinks;
  for (size_t i = 0; i < replicas; ++i) {
    const auto reads = i % 2 == 0 ? ReplicaSink::Reads::kNothing : ReplicaSink::Reads::kAll;
    sinks.push_back(std::make_unique<ReplicaSink>(server.tcp(), reads));
  }
  const size_t requests = kWritten / kBytesOfXadd / kPipeline;
  LoadGenerator load(server.tcp(), {{.source = in_turn(xadds(1'000, "MAXLEN ~ 1000"), requests)}});
  load.run_to_the_end();
  return static_cast<double>(server.used_memory()) / kMegabyte;
}

Scenario lagging() {
  return {.name = "replication-lagging",
          .op = "used_memory after 48 MiB for one replica, and ten; every other one reads nothing",
          .metrics = {{.suffix = "one", .unit = "MiB"}, {.suffix = "ten", .unit = "MiB"}},
          .measure =
              [](Trial& trial) {
                const double one = memory_with(trial, 1);
                return std::vector<double>{one, memory_with(trial, 10)};
              },
          .max_rounds = 1};
}

}  // namespace

std::vector<Scenario> replication_scenarios() {
  return {cost_of_one(found(write_scenarios(), "xadd-p16"), "replication-xadd-p16"),
          cost_of_one(found(cycle_scenarios(), "cycle-batch10"), "replication-cycle"),
          applying(),
          promise("replication-acked", false),
          promise("replication-acked-fsync", true),
          lagging()};
}

}  // namespace weir::bench
