// Random operations on a radix tree and on a std::map, with freezes in between.
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/radix_model.h"
#include "tests/support/seed.h"

namespace weir {
namespace {

/// `size` random bytes that begin with a choice of keys.
std::vector<uint8_t> random_input(uint64_t seed, int spread, int key_count, size_t size) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> input(size);
  for (uint8_t& byte : input)
    byte = static_cast<uint8_t>(random());
  input[0] = static_cast<uint8_t>(spread);
  input[1] = static_cast<uint8_t>(key_count);
  return input;
}

TEST_CASE("A radix tree and its frozen view behave like maps, whatever is done", "[radix]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (int spread = 0; spread < kKeySpreads; ++spread) {
    for (int key_count = 0; key_count < 5; ++key_count) {
      CAPTURE(spread, key_count);
      REQUIRE_NOTHROW(run_radix_model(random_input(seed, spread, key_count, 20'000)));
    }
  }
}

TEST_CASE("Many short lives of a radix tree leave no leaf behind", "[radix]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 500; ++life) {
    const int spread = static_cast<int>(life % kKeySpreads);
    CAPTURE(life, spread);
    REQUIRE_NOTHROW(
        run_radix_model(random_input(seed + life, spread, static_cast<int>(life % 4), 150)));
  }
}

}  // namespace
}  // namespace weir
