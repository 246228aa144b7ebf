#include "server/version.h"

namespace weir {

std::string_view weir_version() {
  return WEIR_VERSION;
}

}  // namespace weir
