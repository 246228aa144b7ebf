// How long a model runs: a Model is made from random bytes, and run() throws at the first
// difference or returns the number of operations that the bytes meant.
#pragma once

#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/seed.h"

namespace weir {

template <class Model>
uint64_t run_model(uint64_t seed, size_t bytes) {
  const std::vector<uint8_t> input = random_input(seed, bytes);
  return Model(input).run();
}

/// Lives of `bytes` until there were a million operations.
template <class Model>
void check_a_million_operations(size_t bytes) {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  uint64_t operations = 0;
  for (uint64_t life = 0; operations < 1'000'000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(operations += run_model<Model>(seed + life, bytes));
  }
}

/// Many short lives: what goes wrong early goes wrong more often.
template <class Model>
void check_short_lives(size_t bytes) {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 1000; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(run_model<Model>(seed + life, bytes));
  }
}

}  // namespace weir
