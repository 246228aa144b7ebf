// The one door to time.
//
// The loop reads the clock when it wakes for a connection, and again for another one if that was a
// while ago; every command of a batch sees the same millisecond.  Unix time names entries,
// monotonic time measures and sets deadlines.
#pragma once

#include <cstdint>

namespace weir {

class Clock {
 public:
  Clock() { refresh(); }

  /// Reads both clocks.
  void refresh();
  /// Reads the monotonic clock alone: for measuring.
  static int64_t monotonic_us();
  /// The same in ms, rounded down.
  static int64_t monotonic_ms_now() { return monotonic_us() / 1000; }
  /// Reads the clock of Unix time alone.
  static int64_t unix_us_now();

  int64_t unix_s() const { return unix_s_; }
  int64_t unix_ms() const { return unix_ms_; }
  int64_t unix_us() const { return unix_us_; }
  /// Rounded up, so that a deadline made from it is never early.
  int64_t monotonic_ms() const { return monotonic_ms_; }
  int64_t last_monotonic_us() const { return monotonic_us_; }

 private:
  int64_t unix_us_ = 0;
  int64_t monotonic_us_ = 0;
  // The same, divided once for all commands of a batch.
  int64_t unix_s_ = 0;
  int64_t unix_ms_ = 0;
  int64_t monotonic_ms_ = 0;
};

}  // namespace weir
