// Fuzzes the reader of RDB files: what it takes is consistent, and written again, in any version,
// it is read as the same.  Checksums are not looked at, so that changed files get anywhere.
#include <cassert>

#include "tests/support/describe_stream.h"
#include "tests/support/random_stream.h"
#include "tests/support/rdb_in_memory.h"

namespace {

using namespace weir;
using namespace weir::testing;

void check_same(const RdbContent& content, uint16_t version) {
  RdbContent again;
  const RdbResult read = read_rdb(write_rdb(content, {.version = version}), again);
  assert(read);
  assert(again.keys.size() == content.keys.size());
  for (size_t i = 0; i < content.keys.size(); ++i) {
    assert(again.keys[i].key.name == content.keys[i].key.name);
    assert(again.keys[i].key.deadline_ms == content.keys[i].key.deadline_ms);
    assert_consistent(again.keys[i].stream);
    assert(describe(again.keys[i].stream) == describe(content.keys[i].stream));
    assert(describe_times(again.keys[i].stream) == describe_times(content.keys[i].stream));
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RdbContent content;
  RdbReadOptions options;
  options.checks_sum = false;
  options.other_types = RdbOtherTypes::kSkip;
  const RdbResult read = read_rdb({reinterpret_cast<const char*>(data), size}, content, options);
  for (const RdbContent::Key& one : content.keys)
    assert_consistent(one.stream);
  if (!read) return 0;
  check_same(content, 10);
  check_same(content, static_cast<uint16_t>(11 + size % 4));
  return 0;
}
