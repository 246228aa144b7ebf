#include "server/durability/complaint_pace.h"

#include <catch2/catch.hpp>

namespace weir::testing {

TEST_CASE("What lasts is complained of at once, and again every thirty seconds", "[aof]") {
  constexpr int64_t kBegin = 5;
  constexpr int64_t kHalfMinute = 30'000'000;
  ComplaintPace pace;
  CHECK(pace.take(kBegin));
  CHECK_FALSE(pace.take(kBegin + kHalfMinute - 1));
  CHECK(pace.take(kBegin + kHalfMinute));
  CHECK_FALSE(pace.take(kBegin + 2 * kHalfMinute - 1));
  CHECK(pace.take(kBegin + 2 * kHalfMinute));
}

TEST_CASE("What begins anew is complained of at once", "[aof]") {
  ComplaintPace pace;
  CHECK(pace.take(5));
  pace.end();
  CHECK(pace.take(6));
  CHECK_FALSE(pace.take(7));
}

}  // namespace weir::testing
