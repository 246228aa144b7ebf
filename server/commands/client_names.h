// What a client may call itself.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir {

inline constexpr std::string_view kInvalidClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

/// CLIENT LIST separates with blanks, so names consist of '!' to '~'.
inline bool is_valid_client_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace weir
