// The histogram of durations.
#include "server/insight/histogram.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

TEST_CASE("A histogram without durations has no percentiles", "[histogram]") {
  const Histogram none;
  CHECK(none.count() == 0);
  CHECK(none.percentile(50) == 0);
  CHECK(none.below_power(36) == 0);
}

TEST_CASE("A percentile is off by at most a sixteenth, upwards", "[histogram]") {
  for (uint64_t ns = 1; ns < 60 * kSecond; ns += 1 + ns / 7) {
    Histogram one;
    one.record(ns);
    CAPTURE(ns);
    CHECK(one.percentile(50) >= ns);
    CHECK(one.percentile(50) <= ns + ns / 16);
  }
}

TEST_CASE("Percentiles split the durations by rank", "[histogram]") {
  Histogram hundred;
  for (uint64_t n = 1; n <= 100; ++n)
    hundred.record(n < 16 ? n : 1024 * n);
  CHECK(hundred.percentile(0) == 1);
  CHECK(hundred.percentile(1) == 1);
  CHECK(hundred.percentile(10) == 10);
  CHECK(hundred.percentile(50) / 1024 >= 50);
  CHECK(hundred.percentile(50) / 1024 <= 53);
  CHECK(hundred.percentile(100) / 1024 >= 100);
  CHECK(hundred.percentile(100) / 1024 <= 106);
}

TEST_CASE("Powers of two are bounds of buckets", "[histogram]") {
  Histogram two;
  for (unsigned exponent = 1; exponent < Histogram::kMaxExponent; ++exponent) {
    two.record((uint64_t{1} << exponent) - 1);
    two.record(uint64_t{1} << exponent);
    CAPTURE(exponent);
    CHECK(two.below_power(exponent) == two.count() - 1);
  }
}

TEST_CASE("A duration beyond the last bucket is counted with it", "[histogram]") {
  Histogram endless;
  endless.record(UINT64_MAX);
  endless.record(uint64_t{1} << Histogram::kMaxExponent);
  CHECK(endless.count() == 2);
  CHECK(endless.below_power(Histogram::kMaxExponent) == 2);
  CHECK(endless.below_power(Histogram::kMaxExponent - 1) == 0);
  CHECK(endless.percentile(50) > 60 * kSecond);
}

}  // namespace
}  // namespace weir
