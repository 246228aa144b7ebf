// Random commands on consumer groups and on a naive model of what they do.
#include "tests/support/group_model.h"

#include <catch2/catch.hpp>

#include "tests/support/seed.h"

namespace weir::testing {
namespace {

/// Runs a server through the commands that `size` random bytes mean; returns their number.
uint64_t run(uint64_t seed, size_t size) {
  const std::vector<uint8_t> input = random_input(seed, size);
  return GroupModel(input).run();
}

TEST_CASE("Commands on groups answer what a model of maps says", "[group]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  uint64_t commands = 0;
  for (uint64_t life = 0; commands < 1'000'000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(commands += run(seed + life, 60'000));
  }
}

TEST_CASE("Commands on groups do so in many short lives, too", "[group]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 1000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(run(seed + life, 1000));
  }
}

}  // namespace
}  // namespace weir::testing
