// XPENDING, XCLAIM and XAUTOCLAIM from random places of a million pending entries.
#include <functional>

#include "tests/bench/groups.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 4;
constexpr size_t kPending = 1'000'000;
constexpr size_t kConsumers = 10;
constexpr size_t kRequests = 2'048;
/// So far from the end no command is cut short, not even one that takes a hundred entries of one
/// consumer.
constexpr size_t kLongestReach = 5'000;

/// The words of one command that begins at entry `first` of the pending ones.
using MakeCommand = std::function<std::vector<std::string>(size_t first, const std::string& owner)>;

struct PendingRow {
  std::string name;
  std::string op;
  Goal goal = {};
  size_t pipeline = 1;
  MakeCommand command;
};

std::vector<Request> pending_requests(const PendingRow& row) {
  RandomText random(kSeed);
  std::vector<Request> requests(kRequests);
  for (Request& request : requests) {
    request.replies = row.pipeline;
    for (size_t i = 0; i < row.pipeline; ++i) {
      const size_t first = random.number(kPending - kLongestReach);
      append_command(request.bytes, row.command(first, consumer_name(random.number(kConsumers))));
    }
  }
  return requests;
}

/// Claims change owners and times only, so what is pending needs no refill.
Scenario pending_scenario(const PendingRow& row) {
  return {.name = row.name,
          .op = row.op,
          .metrics = load_metrics(row.goal),
          .prepare =
              [row](Trial& trial) {
                preload(trial.server.unix_socket(), {.entries_per_stream = kPending});
                restart_group(trial.server);
                deliver(trial.server.unix_socket(), {.entries = kPending, .consumers = kConsumers});
                trial.roles = {{.source = in_turn(pending_requests(row))}};
              },
          .measure = measure_load};
}

MakeCommand xclaim(size_t ids, bool justid = false) {
  return [ids, justid](size_t first, const std::string& owner) {
    std::vector<std::string> words = {"XCLAIM", kStream, kGroup, owner, "0"};
    for (size_t i = 0; i < ids; ++i)
      words.push_back(entry_id(first + i));
    if (justid) words.emplace_back("JUSTID");
    return words;
  };
}

MakeCommand xautoclaim(bool justid) {
  return [justid](size_t first, const std::string& owner) {
    std::vector<std::string> words = {"XAUTOCLAIM", kStream,         kGroup,  owner,
                                      "0",          entry_id(first), "COUNT", "100"};
    if (justid) words.emplace_back("JUSTID");
    return words;
  };
}

MakeCommand xpending(bool of_one_consumer) {
  return [of_one_consumer](size_t first, const std::string& owner) {
    std::vector<std::string> words = {"XPENDING", kStream, kGroup, entry_id(first), "+", "100"};
    if (of_one_consumer) words.push_back(owner);
    return words;
  };
}

std::vector<std::string> xpending_summary(size_t, const std::string&) {
  return {"XPENDING", kStream, kGroup};
}

}  // namespace

std::vector<Scenario> pending_scenarios() {
  const std::vector<PendingRow> rows = {
      {"xpending-sum", "one XPENDING, summary, 16 a write", {2.5, 3}, 16, xpending_summary},
      {"xpending-ext-100", "one XPENDING of 100 entries", {2.6, 3.3}, 1, xpending(false)},
      {"xpending-ext-100-cons",
       "one XPENDING of 100 entries of one consumer",
       {2.3, 3.3},
       1,
       xpending(true)},
      {"xclaim-1-p16", "one XCLAIM of one ID", {6, 8}, 16, xclaim(1)},
      {"xclaim-10-justid", "one XCLAIM of 10 IDs, JUSTID", {}, 1, xclaim(10, true)},
      {"xclaim-100", "one XCLAIM of 100 IDs", {12, 18}, 1, xclaim(100)},
      {"xautoclaim-100", "one XAUTOCLAIM of 100 entries", {15, 22}, 1, xautoclaim(false)},
      {"xautoclaim-100-justid",
       "one XAUTOCLAIM of 100 entries, JUSTID",
       {12, 16},
       1,
       xautoclaim(true)},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(rows.size());
  for (const PendingRow& row : rows)
    scenarios.push_back(pending_scenario(row));
  return scenarios;
}

}  // namespace weir::bench
