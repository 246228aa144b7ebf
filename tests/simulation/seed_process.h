// A seed has a process of its own: what dies in it stays where it is, and an assertion that fails
// there is a finding like any other.
#pragma once

#include <cstdint>
#include <string>

namespace weir::simulation {

struct SeedResult {
  std::string finding;  // empty: all is as it should be
  uint64_t trace = 0;
  uint64_t promises = 0;
  uint64_t oldest_excused_ms = 0;
  uint64_t steps = 0;
};

SeedResult run_seed(uint64_t seed);

}  // namespace weir::simulation
