// Short times at the price of one instruction: the processor's own counter.
//
//   counter   ──now()──────────►  ticks ──ns()──►  nanoseconds
//   monotonic ──calibrate()──►  how long a tick is
//
// The time stamp counter on x86-64 and the virtual counter on arm64 run at one rate on all cores of
// today's machines.  That is not taken on trust: calibrate(), called now and then, compares them
// with the monotonic clock.  A counter that ever goes back or changes its rate is given up for
// good, and ticks are nanoseconds of the monotonic clock from then on (some 20 ns dearer).
#pragma once

#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <x86intrin.h>

#endif

namespace weir {

class TickClock {
 public:
  TickClock() : first_(read_both()), last_(first_) {}

  uint64_t now() const { return trusted_ ? counter() : monotonic_ns(); }
  /// Ticks from `before`, an earlier now(), to `after`.  Never negative: a counter that went back
  /// says nothing, and is found out.
  uint64_t between(uint64_t before, uint64_t after) {
    if (after >= before) [[likely]]
      return after - before;
    went_back_ = true;
    return 0;
  }
  uint64_t ns(uint64_t ticks) const {
    return static_cast<uint64_t>((Wide{ticks} * ns_per_tick_) >> kFractionBits);
  }

  /// Some times a second: the longer the time since the start, the better a tick is known.  The
  /// first call, which must come before ns() is asked, may take 100 us.
  void calibrate();
  /// False when the processor's counter was given up.
  bool is_trusted() const { return trusted_; }
  /// What is read, as INFO has it.
  std::string_view name() const { return trusted_ ? kCounterName : kMonotonicName; }
  /// Gives the counter up.
  void distrust();

 private:
  using Wide = unsigned __int128;
  static constexpr unsigned kFractionBits = 32;
  static constexpr std::string_view kMonotonicName = "POSIX clock_gettime";

  /// Both clocks, read so close together that they mean the same moment.
  struct Moment {
    uint64_t ticks = 0;
    uint64_t ns = 0;
  };

  void calibrate_first();
  static uint64_t monotonic_ns();
  static Moment read_both();
  static uint64_t rate(const Moment& from, const Moment& to);
#if defined(__x86_64__)
  static constexpr std::string_view kCounterName = "X86 TSC";
  static uint64_t counter() {
    return __rdtsc();
  }
#elif defined(__aarch64__)
  static constexpr std::string_view kCounterName = "ARM CNTVCT";
  static uint64_t counter() {
    uint64_t ticks = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
  }
#else
  static constexpr std::string_view kCounterName = kMonotonicName;
  static uint64_t counter() {
    return monotonic_ns();
  }
#endif

  Moment first_;
  Moment last_;
  uint64_t ns_per_tick_ = uint64_t{1} << kFractionBits;  // fixed point
  bool trusted_ = true;
  bool went_back_ = false;
};

}  // namespace weir
