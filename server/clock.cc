#include "server/clock.h"

#include <ctime>

#include "server/time_units.h"

namespace weir {
namespace {

int64_t read_us(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * kUsPerSecond + now.tv_nsec / 1000;
}

}  // namespace

void Clock::refresh() {
  unix_us_ = read_us(CLOCK_REALTIME);
  monotonic_us_ = read_us(CLOCK_MONOTONIC);
  unix_ms_ = unix_us_ / kUsPerMs;
  unix_s_ = unix_ms_ / kMsPerSecond;
  monotonic_ms_ = (monotonic_us_ + kUsPerMs - 1) / kUsPerMs;
}

int64_t Clock::unix_us_now() {
  return read_us(CLOCK_REALTIME);
}

int64_t Clock::monotonic_us() {
  return read_us(CLOCK_MONOTONIC);
}

}  // namespace weir
