#include "streams/random_bits.h"

#include <set>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

TEST_CASE("random bits are others each time, in both halves") {
  std::set<uint32_t> low;
  std::set<uint32_t> high;
  for (int i = 0; i < 64; ++i) {
    const uint64_t bits = random_bits();
    low.insert(static_cast<uint32_t>(bits));
    high.insert(static_cast<uint32_t>(bits >> 32));
  }
  CHECK(low.size() == 64);
  CHECK(high.size() == 64);
}

TEST_CASE("random hexadecimal digits are as many as asked for, and not the same at once and then") {
  CHECK(random_hex(0).empty());
  CHECK(random_hex(1).size() == 1);
  const std::string text = random_hex(256);
  CHECK(text.size() == 256);
  CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(std::set<char>(text.begin(), text.end()).size() == 16);
  CHECK(text.substr(0, 16) != text.substr(16, 16));
  CHECK(text != random_hex(256));
}

}  // namespace
}  // namespace weir::testing
