// One case against a running server: obeys its steps from top to bottom and stops at the first
// difference.
#pragma once

#include <optional>
#include <string>

#include "tests/wire/control.h"
#include "tests/wire/dialogue.h"

namespace weir::wire {

struct Failure {
  int line = 0;
  std::string expected;
  std::string got;
  std::string detail{};  // the innermost difference, where that says more
};

struct Timing {
  /// How long nothing must come before (blocked) and (nothing) are believed.
  testing::Milliseconds quiet{60};
  testing::Milliseconds reply{3000};
};

/// Sets the stage, plays the case, clears the stage whatever happened.  Throws std::runtime_error
/// when the server is gone and no step of the case has noticed.
std::optional<Failure> run_case(const Case& recorded, Control& control, const Timing& timing);

}  // namespace weir::wire
