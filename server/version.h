// The version of this program.
#pragma once

#include <string_view>

namespace weir {

std::string_view weir_version();

}  // namespace weir
