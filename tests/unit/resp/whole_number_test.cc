#include "resp/whole_number.h"

#include <cstdint>

#include <catch2/catch.hpp>

namespace weir::resp {

TEST_CASE("A number is all of its text or none", "[whole_number]") {
  CHECK(whole_number<uint64_t>("007") == 7U);
  CHECK(whole_number<int64_t>("-9223372036854775808") == INT64_MIN);
  CHECK(whole_number<uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(whole_number<int>("777", 8) == 0777);
  CHECK(whole_number<uint64_t>("00000000000000fF", 16) == 255U);
  for (const std::string_view none : {"", "-", "+1", " 1", "1 ", "1x", "0x1", "1.0"})
    CHECK_FALSE(whole_number<int64_t>(none));
  CHECK_FALSE(whole_number<int64_t>(std::string_view()));
}

TEST_CASE("A number that is too great for its type is none", "[whole_number]") {
  CHECK_FALSE(whole_number<uint64_t>("18446744073709551616"));
  CHECK_FALSE(whole_number<uint64_t>("-1"));
  CHECK_FALSE(whole_number<int64_t>("9223372036854775808"));
  CHECK_FALSE(whole_number<int>("8", 8));
}

}  // namespace weir::resp
