#include "streams/stream_id.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "streams/decimal.h"

namespace weir {
namespace {

/// How a text reads as an ID, in canonical form; "no" if it does not.
std::string read(std::string_view text, uint64_t missing_seq = 0) {
  const std::optional<StreamId> id = parse_stream_id(text, missing_seq);
  return id ? to_string(*id) : "no";
}

std::string show(const std::optional<StreamId>& id) {
  return id ? to_string(*id) : "none";
}

TEST_CASE("An ID is ordered by ms, then by sequence", "[stream_id]") {
  CHECK(StreamId{1, 9} < StreamId{2, 0});
  CHECK(StreamId{2, 0} < StreamId{2, 1});
  CHECK(StreamId{2, 1} == StreamId{2, 1});
  CHECK(kMinStreamId.is_zero());
  CHECK_FALSE(StreamId{0, 1}.is_zero());
}

TEST_CASE("An ID is printed as two decimals without padding", "[stream_id]") {
  CHECK(to_string(StreamId{0, 0}) == "0-0");
  CHECK(to_string(StreamId{1700000000000, 12}) == "1700000000000-12");
  CHECK(to_string(kMaxStreamId) == "18446744073709551615-18446744073709551615");
  CHECK(to_string(kMaxStreamId).size() == kMaxStreamIdLength);
}

TEST_CASE("An ID without a sequence gets the one that the caller names", "[stream_id]") {
  CHECK(read("123") == "123-0");
  CHECK(read("123", 7) == "123-7");
  CHECK(read("123", UINT64_MAX) == "123-18446744073709551615");
  CHECK(read("123-4", 7) == "123-4");
}

TEST_CASE("Leading zeros of an ID are accepted and forgotten", "[stream_id]") {
  CHECK(read("00006-0002") == "6-2");
  CHECK(read(std::string(120, '0') + "5-6") == "5-6");
}

TEST_CASE("Both parts of an ID go up to 2^64 - 1 and no further", "[stream_id]") {
  CHECK(read("18446744073709551615-18446744073709551615") == to_string(kMaxStreamId));
  CHECK(read("18446744073709551616") == "no");
  CHECK(read("0-18446744073709551616") == "no");
  CHECK(read("99999999999999999999999-0") == "no");
}

TEST_CASE("Whatever is not one or two decimals is not an ID", "[stream_id]") {
  for (const char* text :
       {"",     "-",   "+",    "$",    "*",    ">",    "5-",   "-5",   "5-6-7", "5--6", "abc",
        "0x10", "5-*", " 7-1", "7-1 ", "7 -1", "7- 1", "+7-1", "6-+1", "5- -5", "1.0"}) {
    CAPTURE(text);
    CHECK(read(text) == "no");
  }
  CHECK(read(std::string_view("1-0\0", 4)) == "no");
}

TEST_CASE("A text of more than 127 bytes is not looked at as an ID", "[stream_id]") {
  CHECK(read(std::string(126, '0') + "5") == "5-0");
  CHECK(read(std::string(127, '0') + "5") == "no");
}

TEST_CASE("Successor and predecessor carry between sequence and ms", "[stream_id]") {
  CHECK(show(successor({5, 6})) == "5-7");
  CHECK(show(successor({5, UINT64_MAX})) == "6-0");
  CHECK(show(predecessor({5, 6})) == "5-5");
  CHECK(show(predecessor({6, 0})) == "5-18446744073709551615");
}

TEST_CASE("The greatest ID has no successor and 0-0 no predecessor", "[stream_id]") {
  CHECK(show(successor(kMaxStreamId)) == "none");
  CHECK(show(predecessor(kMinStreamId)) == "none");
}

TEST_CASE("The bytes of an ID's key are big-endian, so their order is the order of IDs",
          "[stream_id]") {
  const StreamId id{0x0102030405060708, 0x090a0b0c0d0e0f10};
  for (int depth = 0; depth < kRadixKeyBytes; ++depth)
    CHECK(key_byte(id, depth) == depth + 1);
}

TEST_CASE("A canonical integer is what printing it gives, and nothing else is", "[decimal]") {
  for (const char* text :
       {"0", "7", "-7", "-1", "10", "9223372036854775807", "-9223372036854775808"}) {
    CAPTURE(text);
    REQUIRE(parse_canonical(text));
    CHECK(std::to_string(*parse_canonical(text)) == text);
  }
  for (const char* text : {"", "-", "00", "007", "-0", "-07", "+5", " 1", "1 ", "1.0", "1e3", "0x1",
                           "--1", "a", "9223372036854775808", "-9223372036854775809",
                           "18446744073709551615", "100000000000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_canonical(text));
  }
}

TEST_CASE("Decimals are written like the standard library writes them", "[decimal]") {
  std::vector<uint64_t> numbers{0, UINT64_MAX, INT64_MAX, uint64_t{INT64_MAX} + 1};
  for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
    for (const uint64_t number : {power - 1, power, power + 1, power * 10 - 1})
      numbers.push_back(number);
  }
  for (const uint64_t number : numbers) {
    char text[kMaxDecimalLength];
    CHECK(std::string(text, write_decimal(text, number)) == std::to_string(number));
    const auto with_sign = static_cast<int64_t>(number);
    CHECK(std::string(text, write_decimal(text, with_sign)) == std::to_string(with_sign));
  }
}

}  // namespace
}  // namespace weir
