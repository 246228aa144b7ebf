// From the send of an XADD to its arrival at readers blocked in XREAD, or at one consumer of a
// group blocked in XREADGROUP.
//
// One connection adds entries at a rate; the client never sleeps, the server does.  The n-th entry
// carries n in its ID, so a reader that finds the ID in its reply knows when the entry was sent.
#include <algorithm>
#include <charconv>
#include <memory>

#include "tests/bench/failure.h"
#include "tests/bench/groups.h"
#include "tests/bench/machine.h"
#include "tests/bench/percentile.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 3;
constexpr double kWindowsPerRound = 2;  // a percentile wants more samples than a mean
/// ID of entry n: 13 digits and "-1".  No other bulk string of the replies is 15 bytes long.
constexpr uint64_t kFirstIdMs = 1'000'000'000'000;
constexpr size_t kIdBytes = 15;

struct LatencyRow {
  std::string name;
  size_t readers = 10;
  size_t streams = 1;     // readers are spread over them
  bool in_group = false;  // readers are the consumers of kGroup: each entry goes to one of them
  double adds_per_s = 0;
  Goal latency_goal = {};
  Goal cpu_goal = {};
};

/// What is on its way, and how long the rest took.
struct Deliveries {
  std::vector<uint64_t> sent_at_ns;  // of entry n
  std::vector<double> took_us;       // in the window
  uint64_t arrived = 0;
};

std::string latency_key(size_t stream) {
  return "s" + std::to_string(stream);
}

std::string latency_id(uint64_t entry) {
  return std::to_string(kFirstIdMs + entry) + "-1";
}

/// Calls `each` with the number of every entry in `replies` (there are no others of their length).
template <typename Each>
void for_entries(std::string_view replies, const Each& each) {
  static constexpr std::string_view kHeader = "$15\r\n";
  for (size_t at = replies.find(kHeader); at != std::string_view::npos;
       at = replies.find(kHeader, at)) {
    at += kHeader.size();
    uint64_t ms = 0;
    const char* first = replies.data() + at;
    if (replies.size() - at < kIdBytes) throw Failure("a reply ends within an ID");
    std::from_chars(first, first + kIdBytes - 2, ms);
    if (ms < kFirstIdMs) throw Failure("an ID that was never sent");
    each(ms - kFirstIdMs);
  }
}

/// Adds entry after entry, but waits while very many deliveries are outstanding: a saturated
/// server then shows its own pace instead of an ever longer queue.
Role adder(const LatencyRow& row, const std::shared_ptr<Deliveries>& deliveries) {
  const size_t readers_per_entry = row.in_group ? 1 : row.readers / row.streams;
  const size_t most_outstanding = std::max<size_t>(1'000, 2 * row.readers);
  auto random = std::make_shared<RandomText>(kSeed);
  const Source next = [=, request = Request{}]() mutable -> const Request* {
    const size_t entry = deliveries->sent_at_ns.size();
    if (entry * readers_per_entry - deliveries->arrived >= most_outstanding) return nullptr;
    request.bytes.clear();
    request.replies = 1;
    append_xadd(request.bytes,
                {.key = latency_key(row.streams == 1 ? 0 : random->number(row.streams)),
                 .id = latency_id(entry)},
                *random);
    deliveries->sent_at_ns.push_back(now_ns());
    return &request;
  };
  return {.connections = 1, .source = next, .requests_per_s = row.adds_per_s, .counts = false};
}

/// What a consumer sends after it was given `ids`.
void append_group_turn(Request& next, size_t consumer, std::vector<std::string> ids) {
  const std::string key = latency_key(0);
  if (!ids.empty()) {
    ids.insert(ids.begin(), {"XACK", key, kGroup});
    append_command(next.bytes, ids);
    ++next.replies;
  }
  append_xreadgroup(next.bytes,
                    {.key = key, .consumer = consumer_name(consumer), .options = "BLOCK 0"});
  ++next.replies;
}

Role readers(const LatencyRow& row, const std::shared_ptr<Deliveries>& deliveries) {
  const Script script = [=](size_t reader, std::string_view replies, Request& next) {
    const uint64_t arrived_at_ns = now_ns();
    std::vector<std::string> ids;
    for_entries(replies, [&](uint64_t entry) {
      const uint64_t took_ns = arrived_at_ns - deliveries->sent_at_ns.at(entry);
      deliveries->took_us.push_back(static_cast<double>(took_ns) / 1e3);
      ids.push_back(latency_id(entry));
    });
    const uint64_t count = ids.size();
    deliveries->arrived += count;
    if (row.in_group) {
      append_group_turn(next, reader, std::move(ids));
      return count;
    }
    append_command(next.bytes, {"XREAD", "BLOCK", "0", "STREAMS", latency_key(reader % row.streams),
                                ids.empty() ? "0-0" : ids.back()});
    next.replies = 1;
    return count;
  };
  return {.connections = row.readers, .script = script, .waits_forever = true};
}

std::vector<double> measure_latency(const LatencyRow& row, Trial& trial) {
  const auto deliveries = std::make_shared<Deliveries>();
  LoadGenerator load(trial.server.tcp(), {adder(row, deliveries), readers(row, deliveries)});
  load.run_for(trial.timing.warmup);
  deliveries->took_us.clear();
  const double seconds = trial.timing.seconds * kWindowsPerRound;
  const uint64_t ops_before = load.ops();
  const uint64_t cpu_before_ns = trial.server.cpu_ns();
  const uint64_t started_ns = now_ns();
  load.run_for(seconds);
  const auto elapsed_ns = static_cast<double>(now_ns() - started_ns);
  const auto cpu_ns = static_cast<double>(trial.server.cpu_ns() - cpu_before_ns);
  const auto count = static_cast<double>(load.ops() - ops_before);
  if (count == 0) throw Failure("no entry was delivered in the window");
  std::sort(deliveries->took_us.begin(), deliveries->took_us.end());
  return {percentile(deliveries->took_us, 0.5), count / elapsed_ns * 1e9,
          percentile(deliveries->took_us, 0.99), percentile(deliveries->took_us, 0.999),
          cpu_ns / count};
}

Scenario latency_scenario(const LatencyRow& row) {
  return {.name = row.name,
          .op = "one delivery to a blocked reader",
          .metrics = {{.suffix = "p50", .unit = "us", .goal = row.latency_goal},
                      {.suffix = "deliveries/s",
                       .unit = "1/s",
                       .shown = Shown::kOps,
                       .more_is_better = true},
                      {.suffix = "p99", .unit = "us", .goal = row.latency_goal},
                      {.suffix = "p99.9", .unit = "us"},
                      {.suffix = "cpu", .unit = "ns/op", .goal = row.cpu_goal}},
          .refill =
              [row](Trial& trial) {
                flush(trial);
                if (!row.in_group) return;
                trial.server.command({"XGROUP", "CREATE", latency_key(0), kGroup, "$", "MKSTREAM"});
              },
          .measure = [row](Trial& trial) { return measure_latency(row, trial); }};
}

}  // namespace

std::vector<Scenario> latency_scenarios() {
  constexpr Goal kNotWorse = {1, 1.43};  // the stretch: 0.7 of the peer's
  return {latency_scenario({.name = "lat-group-k10-5k",
                            .readers = 10,
                            .in_group = true,
                            .adds_per_s = 5'000,
                            .latency_goal = kNotWorse}),
          latency_scenario({.name = "lat-group-k1000-2k",
                            .readers = 1'000,
                            .in_group = true,
                            .adds_per_s = 2'000,
                            .latency_goal = kNotWorse,
                            .cpu_goal = {2, 2.5}}),
          latency_scenario({.name = "lat-read-k10-2k",
                            .readers = 10,
                            .adds_per_s = 2'000,
                            .latency_goal = kNotWorse}),
          latency_scenario({.name = "lat-read-k1000-100",
                            .readers = 1'000,
                            .adds_per_s = 100,
                            .latency_goal = {},
                            .cpu_goal = {1.5, 1.8}}),
          latency_scenario({.name = "lat-1000streams-k1000-2k",
                            .readers = 1'000,
                            .streams = 1'000,
                            .adds_per_s = 2'000,
                            .latency_goal = kNotWorse,
                            .cpu_goal = {}})};
}

}  // namespace weir::bench
