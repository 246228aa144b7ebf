// The results as a table for people and as JSON for programs.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "tests/bench/runner.h"

namespace weir::bench {

struct Report {
  std::array<std::string, kSides> programs;  // paths
  std::array<std::string, kSides> versions;
  std::string machine;
  std::string date;
  Timing timing;
  std::vector<ScenarioResult> scenarios;
};

/// "STRETCH", "target" or "below", by the ratio as it is printed; "inside" or "BEYOND" its bound.
/// Empty without a goal or a ratio, and without a bound.
std::string verdict(const MetricResult& result);

/// At most 110 columns.
void print_table(const Report& report, std::ostream& out);

/// Every number: goal, ratio, and per server the median, the spread and each round.
void print_json(const Report& report, std::ostream& out);

}  // namespace weir::bench
