#include "streams/same_text.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("Texts are the same when every byte is", "[streams]") {
  for (size_t size = 0; size <= 130; ++size) {
    const std::string text(size, 'x');
    CAPTURE(size);
    CHECK(same_text(text, std::string(text)));
    CHECK_FALSE(same_text(text, text + "x"));
    CHECK_FALSE(same_text(text + "x", text));
    for (size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'y';
      CHECK_FALSE(same_text(text, other));
    }
  }
}

}  // namespace weir
