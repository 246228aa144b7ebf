// Stories of a primary, its replicas, their disks and the network; story.h says what is judged.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "tests/simulation/seed_process.h"
#include "tests/support/environment.h"
#include "tests/support/seed.h"

namespace weir::simulation {
namespace {

/// WEIR_STORIES: so many; WEIR_SEED alone names the one to repeat.
uint64_t stories() {
  const uint64_t usual = std::getenv("WEIR_SEED") != nullptr ? 1 : 12;
  return testing::number_in_environment("WEIR_STORIES").value_or(usual);
}

void tell(uint64_t first, uint64_t count) {
  uint64_t promises = 0;
  uint64_t oldest_excused_ms = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const SeedResult result = run_seed(seed);
    INFO("repeat it with WEIR_SEED=" << seed);
    CHECK(result.finding == "");
    promises += result.promises;
    oldest_excused_ms = std::max(oldest_excused_ms, result.oldest_excused_ms);
  }
  CHECK(promises > 0);
  if (std::getenv("WEIR_STORIES") != nullptr)
    std::printf("%llu stories from seed %llu on: %llu promises; everysec lost up to %llu ms\n",
                static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(promises),
                static_cast<unsigned long long>(oldest_excused_ms));
}

}  // namespace

TEST_CASE("No promise is broken and all copies become equal, whatever a seed brings",
          "[simulation][seed]") {
  tell(first_seed(), stories());
}

TEST_CASE("A seed tells the same story twice", "[simulation]") {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    CAPTURE(seed);
    const SeedResult first = run_seed(seed);
    const SeedResult second = run_seed(seed);
    CHECK(first.trace == second.trace);
    CHECK(first.steps == second.steps);
    CHECK(first.trace != run_seed(seed + 100).trace);
  }
}

}  // namespace weir::simulation
