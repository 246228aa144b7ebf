// Fuzzes a stream against a naive model of its entries and nodes; the input is a list of
// operations.
#include "tests/support/stream_model.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::StreamModel({data, size}, 500).run();
  return 0;
}
