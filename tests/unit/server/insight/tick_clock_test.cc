// The clock of single commands, beside the one of the system.
#include "server/insight/tick_clock.h"

#include <ctime>

#include <catch2/catch.hpp>

namespace weir {
namespace {

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// What the clock says of a time, as a multiple of what the system says; the best of some tries,
/// as the process may be interrupted between the two.
double accuracy(TickClock& clock) {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const uint64_t begin_ns = monotonic_ns();
    const uint64_t begin = clock.now();
    while (monotonic_ns() < begin_ns + 1'000'000)
      ;
    const uint64_t ns = clock.ns(clock.between(begin, clock.now()));
    const double ratio = static_cast<double>(ns) / static_cast<double>(monotonic_ns() - begin_ns);
    if (std::abs(ratio - 1) < std::abs(best - 1)) best = ratio;
  }
  return best;
}

TEST_CASE("A calibrated clock measures nanoseconds", "[tick_clock]") {
  TickClock clock;
  clock.calibrate();
  CHECK(accuracy(clock) == Approx(1).epsilon(0.02));
}

TEST_CASE("A clock that was given up measures all the same", "[tick_clock]") {
  TickClock clock;
  clock.distrust();
  clock.calibrate();
  CHECK_FALSE(clock.is_trusted());
  CHECK(clock.name() == "POSIX clock_gettime");
  CHECK(accuracy(clock) == Approx(1).epsilon(0.02));
}

TEST_CASE("A counter that goes back gives no negative time and is given up", "[tick_clock]") {
  TickClock clock;
  clock.calibrate();
  CHECK(clock.between(5, 7) == 2);
  CHECK(clock.between(7, 5) == 0);
  const uint64_t since = monotonic_ns();
  while (clock.is_trusted() && monotonic_ns() < since + 5'000'000'000)
    clock.calibrate();
  CHECK_FALSE(clock.is_trusted());
}

}  // namespace
}  // namespace weir
