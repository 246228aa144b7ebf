// A text that is a number and nothing else.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace weir::resp {

/// All of `text` in the base: digits, and a minus sign where `Number` has one; leading zeros are
/// allowed.  Nothing if it is anything else, or too great.
template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

}  // namespace weir::resp
