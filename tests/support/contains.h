// Whether a text has another one in it, as checks ask it.
#pragma once

#include <string_view>

namespace weir::testing {

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace weir::testing
