#include "server/insight/tick_clock.h"

#include <ctime>

namespace weir {
namespace {

/// How long the first calibration takes: reading both clocks is off by less than 0.1 % of it.
constexpr uint64_t kFirstCalibrationNs = 100'000;
/// Shorter times between two calibrations say too little about the rate.
constexpr uint64_t kMinIntervalNs = 20'000'000;
/// Of how many readings the closest is taken: the process may be interrupted in the middle of one.
constexpr int kReadings = 4;
/// The rate of an interval may differ from that since the start by one part in so many.
constexpr uint64_t kMaxDeviation = 50;

}  // namespace

uint64_t TickClock::monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

TickClock::Moment TickClock::read_both() {
  Moment best;
  uint64_t closest = UINT64_MAX;
  for (int i = 0; i < kReadings; ++i) {
    const uint64_t before = counter();
    const uint64_t ns = monotonic_ns();
    const uint64_t after = counter();
    if (after < before || after - before >= closest) continue;
    closest = after - before;
    best = {.ticks = before + closest / 2, .ns = ns};
  }
  return best;
}

uint64_t TickClock::rate(const Moment& from, const Moment& to) {
  if (to.ticks <= from.ticks) return 0;
  return static_cast<uint64_t>((Wide{to.ns - from.ns} << kFractionBits) / (to.ticks - from.ticks));
}

void TickClock::calibrate_first() {
  while (last_.ns - first_.ns < kFirstCalibrationNs)
    last_ = read_both();
  ns_per_tick_ = rate(first_, last_);
  if (ns_per_tick_ == 0) distrust();
}

void TickClock::distrust() {
  trusted_ = false;
  ns_per_tick_ = uint64_t{1} << kFractionBits;
}

void TickClock::calibrate() {
  if (!trusted_) return;
  if (last_.ns == first_.ns) return calibrate_first();
  const Moment now = read_both();
  if (now.ns - last_.ns < kMinIntervalNs) return;
  const uint64_t since_start = rate(first_, now);
  const uint64_t lately = rate(last_, now);
  const uint64_t off = lately > since_start ? lately - since_start : since_start - lately;
  if (went_back_ || off > since_start / kMaxDeviation) return distrust();
  last_ = now;
  ns_per_tick_ = since_start;
}

}  // namespace weir
