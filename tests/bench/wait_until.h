// Waiting for a condition: nothing in a scenario waits for time where it could look.
#pragma once

#include <functional>
#include <string>

#include "tests/bench/failure.h"
#include "tests/support/patience.h"

namespace weir::bench {

/// How often it is looked, and how long.
struct Looks {
  testing::Milliseconds every{5};
  testing::Milliseconds until{60'000};
};

/// Looks until `is_so()`.  Throws Failure when that takes too long, Interrupted when a signal came.
inline void wait_until(const std::function<bool()>& is_so, const std::string& what,
                       Looks looks = {}) {
  const auto looked = [&is_so] {
    throw_if_interrupted();
    return is_so();
  };
  if (!testing::wait_until(looked, looks.until, looks.every))
    throw Failure("it does not happen: " + what);
}

}  // namespace weir::bench
