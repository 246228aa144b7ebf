// Fuzzes what RESTORE takes: the input is a type and a value, to which version and checksum are
// added.  What it takes is consistent, and dumped again it is restored as the same.
#include <cassert>
#include <string>

#include "persistence/crc64.h"
#include "persistence/rdb_payload.h"
#include "tests/support/describe_stream.h"
#include "tests/support/rdb_in_memory.h"

namespace {

std::string framed(std::string payload) {
  payload += {'\x0e', '\0'};
  uint64_t crc = weir::crc64(0, payload);
  for (int i = 0; i < 8; ++i, crc >>= 8)
    payload += static_cast<char>(crc);
  return payload;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  const std::string input(reinterpret_cast<const char*>(data), size);
  (void)restore_payload(input, {});
  const auto stream = restore_payload(framed(input), {});
  if (!stream) return 0;
  testing::assert_consistent(*stream);
  const std::string again = dump_payload(StreamView(*stream), 10, {});
  const auto restored = restore_payload(again, {});
  assert(restored);
  testing::assert_consistent(*restored);
  assert(testing::describe(*restored) == testing::describe(*stream));
  return 0;
}
