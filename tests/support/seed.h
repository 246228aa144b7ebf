// Where a test that draws lots begins.  It shows the seed with CAPTURE, so that a failure can be
// repeated.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace weir {

/// WEIR_SEED, to repeat a failure, or a new one.
inline uint64_t first_seed() {
  const char* text = std::getenv("WEIR_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
}

}  // namespace weir
