#include "resp/real_text.h"

#include <limits>

#include <catch2/catch.hpp>

namespace weir::resp {

TEST_CASE("a real number is printed with as few digits as tell it apart", "[real_text]") {
  CHECK(real_text(3.141) == "3.141");
  CHECK(real_text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(real_text(100) == "100");
  CHECK(real_text(99.9) == "99.9");
  CHECK(real_text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(real_text(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(real_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("a real number is read only when the whole text is one", "[real_text]") {
  CHECK(parse_real("0.5") == 0.5);
  CHECK(parse_real("-1e3") == -1000);
  for (const char* text : {"", " 1", "1 ", "1x", "0x10", "inf", "nan", "--1", "1.2.3", "e"}) {
    CAPTURE(text);
    CHECK(!parse_real(text));
  }
}

}  // namespace weir::resp
