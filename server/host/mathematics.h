// Three functions of the mathematical library, in place of that library.
//
// Of all that is linked into the server, only jemalloc's heap profiler (MALLOC_CONF=prof:true) asks
// for any: log when it draws the distance to the next sample, exp and round when it dumps.  It asks
// before main and inside of malloc, so the library cannot be loaded then; and to map it always
// costs every server 0.4 MB of memory and a tenth of its start.  mathematics.cc gives these the
// names that jemalloc looks for.
//
// Accurate to 1 in 10^13, which is more than a profile needs.  Nothing is allocated.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <numbers>

namespace weir {

/// Of a positive number; of zero minus infinity, of others not a number.
constexpr double natural_log(double value) {
  using Limits = std::numeric_limits<double>;
  constexpr int kBias = 1023;
  constexpr int kFractionBits = 52;
  constexpr uint64_t kFraction = (uint64_t{1} << kFractionBits) - 1;
  constexpr double kTwoTo54 = 0x1p54;
  if (value == 0) return -Limits::infinity();
  if (!(value > 0)) return Limits::quiet_NaN();
  if (value > Limits::max()) return value;
  if (value < Limits::min()) return natural_log(value * kTwoTo54) - 54 * std::numbers::ln2;
  const auto bits = std::bit_cast<uint64_t>(value);
  int exponent = static_cast<int>(bits >> kFractionBits) - kBias;
  auto factor = std::bit_cast<double>((bits & kFraction) | (uint64_t{kBias} << kFractionBits));
  if (factor > std::numbers::sqrt2) {
    factor /= 2;
    ++exponent;
  }
  // ln f = 2 artanh s = 2 (s + s^3 / 3 + s^5 / 5 + ...), where s is at most 0.172.
  const double s = (factor - 1) / (factor + 1);
  double sum = 0;
  for (int power = 21; power > 0; power -= 2)
    sum = sum * s * s + 1.0 / power;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

/// To the nearest whole number, halves away from zero.
constexpr double nearest_whole(double value) {
  constexpr double kAllWhole = 0x1p52;  // from here on there are no fractions
  if (!(value > -kAllWhole && value < kAllWhole)) return value;
  const auto whole = static_cast<double>(static_cast<int64_t>(value));
  if (value - whole >= 0.5) return whole + 1;
  if (value - whole <= -0.5) return whole - 1;
  return whole;
}

/// e to the power of `value`; less than 10^-307 is zero, more than 10^307 infinity.
constexpr double exponential(double value) {
  constexpr double kMost = 709;
  constexpr double kLeast = -708;
  constexpr int kBias = 1023;
  constexpr int kFractionBits = 52;
  if (value > kMost) return std::numeric_limits<double>::infinity();
  if (value < kLeast) return 0;
  if (value != value) return value;
  const double doublings = nearest_whole(value / std::numbers::ln2);
  const double rest = value - doublings * std::numbers::ln2;
  double sum = 1;
  for (int term = 16; term > 0; --term)
    sum = 1 + sum * rest / term;
  const auto exponent = static_cast<uint64_t>(static_cast<int64_t>(doublings) + kBias);
  return sum * std::bit_cast<double>(exponent << kFractionBits);
}

}  // namespace weir
