// Random operations on a PEL and on a map.
#include <catch2/catch.hpp>

#include "tests/support/pending_model.h"
#include "tests/support/seed.h"

namespace weir {
namespace {

/// Runs one PEL through the operations that `size` random bytes mean; returns their number.
uint64_t run(uint64_t seed, size_t size) {
  const std::vector<uint8_t> input = random_input(seed, size);
  return PendingModel(input).run();
}

TEST_CASE("A PEL does what a map of its entries says", "[pending_list]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  uint64_t operations = 0;
  for (uint64_t life = 0; operations < 1'000'000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(operations += run(seed + life, 60'000));
  }
}

TEST_CASE("A PEL does so in many short lives, too", "[pending_list]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 1000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(run(seed + life, 1000));
  }
}

}  // namespace
}  // namespace weir
