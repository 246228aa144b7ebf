// Fuzzes the radix tree against std::map; the input is a list of operations.
#include "tests/support/radix_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::run_radix_model({data, size});
  return 0;
}
