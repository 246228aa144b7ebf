// Decimal text against the standard library's.
#include "streams/decimal.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

template <class Number>
std::string written(Number value) {
  char text[kMaxDecimalLength];
  return {text, write_decimal(text, value)};
}

void check_round_trip(uint64_t value) {
  REQUIRE(written(value) == std::to_string(value));
  REQUIRE(decimal_length(value) == std::to_string(value).size());
  REQUIRE(parse_unsigned(written(value)) == value);
  const auto signed_value = static_cast<int64_t>(value);
  REQUIRE(written(signed_value) == std::to_string(signed_value));
  REQUIRE(parse_canonical(written(signed_value)) == signed_value);
}

TEST_CASE("Numbers become text and numbers again", "[decimal]") {
  for (uint64_t value = 0; value < 20'000; ++value)
    check_round_trip(value);
  uint64_t power = 1;
  for (int digits = 1; digits <= 20; ++digits, power *= 10) {
    check_round_trip(power - 1);
    check_round_trip(power);
    check_round_trip(power + 1);
  }
  for (const uint64_t value : {UINT64_MAX, UINT64_MAX - 1, uint64_t{INT64_MAX}, uint64_t{1} << 63})
    check_round_trip(value);
  std::mt19937_64 random(11);
  for (int i = 0; i < 50'000; ++i)
    check_round_trip(random() >> random() % 64);
}

TEST_CASE("Only what printing would give is canonical", "[decimal]") {
  for (const std::string_view text :
       {"", "-", "-0", "00", "007", "-07", "+5", " 1", "1 ", "1a", "12345678a", "1234567a9",
        "9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "99999999999999999999", "100000000000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_canonical(text));
  }
  CHECK(parse_canonical("9223372036854775807") == INT64_MAX);
  CHECK(parse_canonical("-9223372036854775808") == INT64_MIN);
}

TEST_CASE("Unsigned numbers may begin with zeros, and with nothing else", "[decimal]") {
  CHECK(parse_unsigned("0000000000000000000000000000000000007") == 7u);
  CHECK(parse_unsigned("018446744073709551615") == UINT64_MAX);
  for (const std::string_view text :
       {"", "-1", "+1", "1-", "/1", ":1", "1:", "12345678:", "1234567:8", "1234567/8",
        "\xff"
        "1234567",
        "18446744073709551616", "99999999999999999999", "123456789012345678x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_unsigned(text));
  }
}

TEST_CASE("Reading stops behind the last digit", "[decimal]") {
  const std::string_view text = "1795269578495-17";
  uint64_t value = 0;
  const char* const dash = read_unsigned(text.data(), text.data() + text.size(), value);
  CHECK(value == 1795269578495u);
  REQUIRE(dash == text.data() + 13);
  CHECK(read_unsigned(dash, text.data() + text.size(), value) == nullptr);
}

}  // namespace
}  // namespace weir
