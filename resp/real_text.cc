#include "resp/real_text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace weir::resp {
namespace {

/// No number that makes sense is longer, in bytes.
constexpr size_t kMaxRealText = 128;
/// Decimal digits that every double keeps, and that tell any two doubles apart.
constexpr int kSafeDigits = 15;
constexpr int kEnoughDigits = 17;

}  // namespace

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[40];
  for (int digits = kSafeDigits; digits <= kEnoughDigits; ++digits) {
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

std::optional<double> parse_real(std::string_view text) {
  if (text.empty() || text.size() > kMaxRealText) return std::nullopt;
  // strtod also takes blanks in front, hexadecimal digits and "inf".
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size()) return std::nullopt;
  return value;
}

}  // namespace weir::resp
