#include "server/host/mathematics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

constexpr double kExact = 1e-13;

double error_of(double value, double expected) {
  return std::abs(value - expected) / std::max(1e-3, std::abs(expected));
}

}  // namespace

TEST_CASE("Logarithm, power and rounding are those of the library", "[mathematics]") {
  std::mt19937_64 random(20261129);
  std::uniform_real_distribution<double> one(1e-12, 1);
  std::uniform_int_distribution<int> exponents(-1000, 1000);
  std::uniform_real_distribution<double> powers(-700, 700);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::ldexp(one(random), exponents(random));
    const double power = powers(random);
    CAPTURE(value, power);
    REQUIRE(error_of(natural_log(value), std::log(value)) < kExact);
    REQUIRE(std::abs(exponential(power) / std::exp(power) - 1) < kExact);
    REQUIRE(nearest_whole(value) == std::round(value));
    REQUIRE(nearest_whole(power) == std::round(power));
  }
}

TEST_CASE("Logarithm, power and rounding at the ends", "[mathematics]") {
  using Limits = std::numeric_limits<double>;
  CHECK(natural_log(1) == 0);
  CHECK(natural_log(0) == -Limits::infinity());
  CHECK(natural_log(Limits::infinity()) == Limits::infinity());
  CHECK(error_of(natural_log(Limits::denorm_min()), std::log(Limits::denorm_min())) < kExact);
  CHECK(std::isnan(natural_log(-1)));
  CHECK(std::isnan(natural_log(Limits::quiet_NaN())));
  CHECK(exponential(0) == 1);
  CHECK(exponential(-1000) == 0);
  CHECK(exponential(1000) == Limits::infinity());
  CHECK(std::isnan(exponential(Limits::quiet_NaN())));
  for (const double value : {0.5, -0.5, 1.5, -2.5, 0.49999999999999994, 0x1p52, 0x1p60, -0x1p53})
    CHECK(nearest_whole(value) == std::round(value));
}

}  // namespace weir::testing
