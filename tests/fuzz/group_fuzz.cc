// Fuzzes the commands on consumer groups against a naive model; the input is a list of commands.
#include "tests/support/group_model.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::testing::GroupModel({data, size}).run();
  return 0;
}
