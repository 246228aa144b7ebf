// XRANGE, XREVRANGE and XREAD from random places of a preloaded stream; XDEL of a whole one.
#include "tests/bench/failure.h"
#include "tests/bench/requests.h"
#include "tests/bench/scenario.h"

namespace weir::bench {
namespace {

constexpr uint64_t kSeed = 2;
constexpr size_t kRequests = 2'048;
constexpr size_t kLongestRead = 1'000;  // so far from both ends a read is never cut short

enum class Read { kXrange, kXrevrange, kXread };

struct ReadRow {
  std::string name;
  Read read = Read::kXrange;
  size_t count = 1;
  size_t pipeline = 1;
  Goal goal = {};
  EntryShape shape = {};
  size_t entries = 300'000;
};

void append_read(std::string& bytes, Read read, const std::string& count, const std::string& id) {
  switch (read) {
    case Read::kXrange:
      return append_command(bytes, {"XRANGE", kStream, id, "+", "COUNT", count});
    case Read::kXrevrange:
      return append_command(bytes, {"XREVRANGE", kStream, id, "-", "COUNT", count});
    case Read::kXread:
      return append_command(bytes, {"XREAD", "COUNT", count, "STREAMS", kStream, id});
  }
}

std::vector<Request> read_requests(const ReadRow& row) {
  RandomText random(kSeed);
  std::vector<Request> requests(kRequests);
  for (Request& request : requests) {
    request.replies = row.pipeline;
    for (size_t i = 0; i < row.pipeline; ++i) {
      const size_t entry = kLongestRead + random.number(row.entries - 2 * kLongestRead);
      append_read(request.bytes, row.read, std::to_string(row.count), entry_id(entry));
    }
  }
  return requests;
}

Scenario read_scenario(const ReadRow& row) {
  return {.name = row.name,
          .op = "one command, " + std::to_string(row.count) + " entries",
          .metrics = load_metrics(row.goal),
          .prepare =
              [row](Trial& trial) {
                preload(trial.server.unix_socket(),
                        {.entries_per_stream = row.entries, .shape = row.shape});
                trial.roles = {{.source = in_turn(read_requests(row))}};
              },
          .measure = measure_load};
}

struct DeleteRow {
  std::string name;
  size_t ids = 1;  // per command
  size_t pipeline = 1;
  size_t entries = 0;
  Goal goal = {};
};

Scenario delete_scenario(const DeleteRow& row) {
  return {.name = row.name,
          .op = "one XDEL of " + std::to_string(row.ids) + " IDs, over a whole stream",
          .metrics = load_metrics(row.goal),
          .refill =
              [row](Trial& trial) {
                flush(trial);
                preload(trial.server.unix_socket(), {.entries_per_stream = row.entries});
                trial.roles = {{.source = once(sweep({.head = {"XDEL", kStream},
                                                      .entries = row.entries,
                                                      .ids = row.ids,
                                                      .pipeline = row.pipeline}))}};
              },
          .measure = measure_all_then([](Trial& trial) {
            const std::string left = trial.server.command({"XLEN", kStream});
            if (left != "0") throw Failure("XDEL left " + left + " entries");
          })};
}

}  // namespace

std::vector<Scenario> read_scenarios() {
  const std::vector<ReadRow> rows = {
      {.name = "xrange-1-p16", .count = 1, .pipeline = 16, .goal = {5, 7}},
      {.name = "xrange-10", .count = 10},
      {.name = "xrange-100", .count = 100, .goal = {2.6, 3.2}},
      {.name = "xrange-1000", .count = 1000, .goal = {4.5, 5.5}},
      {.name = "xrange-100-5f20", .count = 100, .shape = {5, 20}},
      {.name = "xrange-100-1f1000",
       .count = 100,
       .goal = {2, 2.5},
       .shape = {1, 1000},
       .entries = 100'000},
      {.name = "xrevrange-100", .read = Read::kXrevrange, .count = 100},
      {.name = "xread-1-p16", .read = Read::kXread, .count = 1, .pipeline = 16, .goal = {6, 7}},
      {.name = "xread-10-p16", .read = Read::kXread, .count = 10, .pipeline = 16, .goal = {6, 7.5}},
      {.name = "xread-100", .read = Read::kXread, .count = 100},
      {.name = "xread-1000", .read = Read::kXread, .count = 1000},
  };
  std::vector<Scenario> scenarios;
  scenarios.reserve(rows.size());
  for (const ReadRow& row : rows)
    scenarios.push_back(read_scenario(row));
  return scenarios;
}

std::vector<Scenario> delete_scenarios() {
  return {
      delete_scenario(
          {.name = "xdel-1-p16", .ids = 1, .pipeline = 16, .entries = 300'000, .goal = {4.5, 6}}),
      delete_scenario({.name = "xdel-100-p4",
                       .ids = 100,
                       .pipeline = 4,
                       .entries = 1'000'000,
                       .goal = {10, 18}})};
}

}  // namespace weir::bench
