#include "tests/bench/runner.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"

namespace weir::bench {
namespace {

/// Both servers share a core: what one still has to do after its window (closing connections,
/// returning memory) must not reach into the other's.
constexpr useconds_t kBetweenWindowsUs = 20'000;
constexpr std::array<const char*, kSides> kSideNames = {"weir", "peer"};

/// The two servers of one scenario.  `current` is the side that an error belongs to.
class Match {
 public:
  Match(const std::array<ServerOptions, kSides>& options, const Timing& timing, Side& current) {
    for (size_t side = 0; side < kSides; ++side) {
      current = static_cast<Side>(side);
      servers_[side] = std::make_unique<ServerProcess>(options[side]);
      trials_.push_back({.server = *servers_[side], .options = options[side], .timing = timing});
    }
  }
  Trial& trial(size_t side) { return trials_[side]; }

 private:
  std::array<std::unique_ptr<ServerProcess>, kSides> servers_;
  std::vector<Trial> trials_;
};

void run_rounds(const Scenario& scenario, const std::array<ServerOptions, kSides>& options,
                const Timing& timing, Side& current, ScenarioResult& result) {
  Match match(options, timing, current);
  for (size_t side = 0; side < kSides; ++side) {
    current = static_cast<Side>(side);
    if (scenario.prepare) scenario.prepare(match.trial(side));
  }
  const size_t wanted =
      scenario.max_rounds > 0 ? std::min(scenario.max_rounds, timing.rounds) : timing.rounds;
  const size_t dropped = scenario.drops_first_round ? 1 : 0;
  for (size_t round = 0; round < wanted + dropped; ++round) {
    for (size_t turn = 0; turn < kSides; ++turn) {
      // A B, B A, A B: a drift of the machine favours neither.
      const size_t side = (turn + round) % kSides;
      current = static_cast<Side>(side);
      throw_if_interrupted();
      if (scenario.refill) scenario.refill(match.trial(side));
      usleep(kBetweenWindowsUs);
      const std::vector<double> values = scenario.measure(match.trial(side));
      if (round < dropped) continue;
      for (size_t i = 0; i < values.size(); ++i) {
        result.metrics.at(i).sides[side].rounds.push_back(values[i]);
      }
    }
  }
}

/// Replies of different size mean that the servers did not do the same work; empty if they agree.
std::string disagreement(const ScenarioResult& result) {
  for (const MetricResult& metric : result.metrics) {
    const double tolerance = metric.metric.must_agree_within;
    const double weir = metric.sides[kWeir].median();
    const double peer = metric.sides[kPeer].median();
    if (tolerance == 0 || std::abs(weir - peer) <= tolerance * peer) continue;
    return "different " + metric.metric.suffix + " per op: " + std::to_string(weir) + " and " +
           std::to_string(peer);
  }
  return {};
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Values::spread() const {
  if (rounds.empty() || median() == 0) return 0;
  const auto [least, most] = std::minmax_element(rounds.begin(), rounds.end());
  return (*most - *least) / 2 / median();
}

double MetricResult::ratio() const {
  std::vector<double> ratios;
  for (size_t round = 0; round < sides[kWeir].rounds.size(); ++round) {
    if (round >= sides[kPeer].rounds.size()) return 0;
    const double weir = sides[kWeir].rounds[round];
    const double peer = sides[kPeer].rounds[round];
    if (weir <= 0 || peer <= 0) return 0;
    ratios.push_back(metric.more_is_better ? weir / peer : peer / weir);
  }
  return median_of(std::move(ratios));
}

bool ScenarioResult::is_well() const {
  return error.empty() && std::none_of(metrics.begin(), metrics.end(),
                                       [](const MetricResult& m) { return m.is_beyond(); });
}

ScenarioResult run_scenario(const Scenario& scenario,
                            const std::array<ServerOptions, kSides>& options,
                            const Timing& timing) {
  ScenarioResult result{
      .name = scenario.name, .op = scenario.op, .metrics = {}, .error = {}, .foreign_load = 0};
  for (const Metric& metric : scenario.metrics) {
    result.metrics.push_back({.metric = metric, .sides = {}});
  }
  const ForeignLoad foreign_load;
  Side current = kWeir;
  try {
    run_rounds(scenario, options, timing, current, result);
    result.error = disagreement(result);
  } catch (const Failure& failure) {
    result.error = std::string(kSideNames[current]) + ": " + failure.what();
  }
  result.foreign_load = foreign_load.share();
  return result;
}

}  // namespace weir::bench
