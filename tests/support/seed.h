// Where a test that draws lots begins.  It shows the seed with CAPTURE, so that a failure can be
// repeated.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

namespace weir {

/// WEIR_SEED, to repeat a failure, or a new one.
inline uint64_t first_seed() {
  const char* text = std::getenv("WEIR_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
}

/// Bytes for a ModelInput.
inline std::vector<uint8_t> random_input(uint64_t seed, size_t size) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> input(size);
  for (uint8_t& byte : input)
    byte = static_cast<uint8_t>(random() >> 32);
  return input;
}

}  // namespace weir
