// Comparing passwords without telling, by the time it takes, how much of one was right.
#pragma once

#include <string_view>

namespace weir {

inline bool passwords_equal(std::string_view given, std::string_view expected) {
  // Every byte of `given` is looked at, whatever the first difference.
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

}  // namespace weir
