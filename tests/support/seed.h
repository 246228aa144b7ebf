// Where a test that draws lots begins.  It shows the seed with CAPTURE, so that a failure can be
// repeated.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace weir {

/// The same run every time, so that a change is judged by what it changes.  WEIR_SEED names another
/// one, to repeat a failure; "new" draws one, as `make seeds` does again and again.
inline uint64_t first_seed() {
  constexpr uint64_t kUsual = 20261;
  const char* text = std::getenv("WEIR_SEED");
  if (text == nullptr) return kUsual;
  if (std::strcmp(text, "new") == 0) return std::random_device()();
  return std::strtoull(text, nullptr, 10);
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
