// Runs scenarios: both servers up, turn by turn, round by round.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/bench/scenario.h"

namespace weir::bench {

enum Side : size_t { kWeir, kPeer, kSides };

double median_of(std::vector<double> values);

/// One metric on one server.
struct Values {
  std::vector<double> rounds;

  double median() const { return median_of(rounds); }
  /// Half of (max - min), as a share of the median.
  double spread() const;
};

struct MetricResult {
  Metric metric;
  std::array<Values, kSides> sides;

  /// How many times better than the peer Weir is: the median of the rounds' own ratios, as the two
  /// windows of a round lie side by side and see the same machine.  0 when there is nothing to
  /// compare.
  double ratio() const;
  /// Whether Weir's median is not inside of the metric's bound.
  bool is_beyond() const { return metric.bound > 0 && sides[kWeir].median() > metric.bound; }
};

struct ScenarioResult {
  std::string name;
  std::string op;
  std::vector<MetricResult> metrics;
  std::string error;        // why there are no numbers
  double foreign_load = 0;  // share of the cores that other processes took meanwhile

  /// It has numbers, and they are inside of their bounds.
  bool is_well() const;
};

/// Never throws a Failure: it becomes the result's error.
ScenarioResult run_scenario(const Scenario& scenario,
                            const std::array<ServerOptions, kSides>& options, const Timing& timing);

}  // namespace weir::bench
