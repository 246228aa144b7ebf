// Waiting for a condition: nothing in a scenario waits for time where it could look.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "tests/bench/failure.h"

namespace weir::bench {

/// How often it is looked, and how long.
struct Looks {
  std::chrono::milliseconds every{5};
  std::chrono::seconds until{60};
};

/// Looks until `is_so()`.  Throws Failure when that takes too long, Interrupted when a signal came.
template <typename IsSo>
void wait_until(IsSo is_so, const std::string& what, Looks looks = {}) {
  const auto end = std::chrono::steady_clock::now() + looks.until;
  while (!is_so()) {
    throw_if_interrupted();
    if (std::chrono::steady_clock::now() > end) throw Failure("it does not happen: " + what);
    std::this_thread::sleep_for(looks.every);
  }
}

}  // namespace weir::bench
