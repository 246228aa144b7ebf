// How long a test waits: always for a condition, and only so long that a hanging server is noticed.
//
// WEIR_TEST_PATIENCE (a factor, e.g. 5) stretches every deadline on a slow machine; builds with a
// sanitizer start at 4.
#pragma once

#include <chrono>
#include <functional>

namespace weir::testing {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// `wanted`, stretched for this machine.
Milliseconds patient(Milliseconds wanted);

/// How long a reply may take.
inline Milliseconds reply_patience() {
  return patient(Milliseconds(3000));
}

/// Asks again and again until `condition` holds; false when the deadline came first.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition,
                              Milliseconds deadline = patient(Milliseconds(10000)),
                              Milliseconds between_looks = Milliseconds(2));

/// Time goes by, and nothing is waited for: where that is itself what a campaign does to a server.
void let_pass(Milliseconds time);

/// Milliseconds from now until `deadline`, at least 0: what poll() wants.
int milliseconds_left(Clock::time_point deadline);

/// Waits until there is something to read from a descriptor, its end included.
[[nodiscard]] bool becomes_readable(int fd, Clock::time_point deadline);
[[nodiscard]] inline bool becomes_readable(int fd, Milliseconds patience = reply_patience()) {
  return becomes_readable(fd, Clock::now() + patience);
}

}  // namespace weir::testing
