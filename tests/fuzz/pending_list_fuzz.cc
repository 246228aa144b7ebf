// Fuzzes a PEL against a map of its NACKs; the input is a list of operations.
#include "tests/support/pending_model.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::PendingModel({data, size}).run();
  return 0;
}
