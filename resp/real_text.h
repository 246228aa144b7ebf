// Real numbers as text: in replies, options and arguments.
//
// Through the C library: <charconv>'s tables for doubles would be a tenth of the whole program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::resp {

/// The shortest text that reads back as the same number; "inf", "-inf", "nan".
std::string real_text(double value);

/// A decimal number with nothing around it; nothing for any other text.
std::optional<double> parse_real(std::string_view text);

}  // namespace weir::resp
