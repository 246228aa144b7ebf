// How much a test does that can do more: numbers in the environment (tests/README.md).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace weir::testing {

/// What the variable says; nothing where it is not set.  Throws std::runtime_error where it is no
/// number above 0: a test that does nothing would pass.
inline std::optional<uint64_t> number_in_environment(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const uint64_t number = std::strtoull(text, nullptr, 10);
  if (number == 0) throw std::runtime_error(std::string(variable) + " is to be a number above 0");
  return number;
}

}  // namespace weir::testing
