// The fields of INFO, as the server tests look at them.
//
//   CHECK(info_field(redis, "role") == "master");
//   REQUIRE(info_becomes(redis, "blocked_clients", 2));
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/patience.h"
#include "tests/support/redis.h"

namespace weir::testing {

/// The value behind `name` in a text of "name:value" lines.
inline std::optional<std::string> find_field(const std::string& text, std::string_view name) {
  const std::string start = std::string(name) + ":";
  const size_t line = text.starts_with(start) ? 0 : text.find("\n" + start);
  if (line == std::string::npos) return std::nullopt;
  const size_t value = text.find(':', line) + 1;
  return text.substr(value, text.find('\r', value) - value);
}

/// The same, where it must be there: throws std::runtime_error.
inline std::string field_of(const std::string& text, std::string_view name) {
  if (std::optional<std::string> value = find_field(text, name)) return *value;
  throw std::runtime_error("INFO has no field " + std::string(name));
}

/// A field of INFO; empty where there is none.
inline std::string info_field(Redis& redis, std::string_view name) {
  return find_field(redis("INFO", "everything").text, name).value_or("");
}

/// Throws std::runtime_error when there is none, std::invalid_argument when it is no number.
inline int64_t info_number(Redis& redis, std::string_view name) {
  return std::stoll(field_of(redis("INFO", "everything").text, name));
}

/// Waits until a field of INFO has this value.
[[nodiscard]] inline bool becomes(Redis& redis, std::string_view name, std::string_view value) {
  return wait_until([&] { return info_field(redis, name) == value; });
}

[[nodiscard]] inline bool info_becomes(Redis& redis, std::string_view name, int64_t value) {
  return wait_until([&] { return info_number(redis, name) == value; });
}

}  // namespace weir::testing
