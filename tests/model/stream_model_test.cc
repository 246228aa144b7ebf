// Random operations on a stream and on a naive model of its entries and nodes.
#include "tests/support/stream_model.h"

#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/seed.h"

namespace weir {
namespace {

/// Runs one stream through the operations that `size` random bytes mean; returns their number.
uint64_t run(uint64_t seed, size_t size) {
  const std::vector<uint8_t> input = random_input(seed, size);
  return StreamModel(input).run();
}

TEST_CASE("A stream does what a map of entries and a table of node sizes say", "[stream]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  uint64_t operations = 0;
  for (uint64_t life = 0; operations < 1'000'000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(operations += run(seed + life, 400'000));
  }
}

TEST_CASE("A stream does so in many short lives, too", "[stream]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 1000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(run(seed + life, 500));
  }
}

}  // namespace
}  // namespace weir
