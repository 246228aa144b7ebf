// Any bytes: validating reads nothing outside of them, and what validates is walked backwards over
// the same elements as forwards, and reads as texts that are written and read back the same.
//
// The bytes lie alone in an allocation of their size, so that AddressSanitizer sees every step
// over their end.  An input is tried as it is, and as elements that a right header is put around.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "streams/listpack.h"

namespace weir::listpack {
namespace {

void check_text(std::string_view text) {
  std::vector<uint8_t> element(text_bytes(text));
  const uint8_t* const end = write_text(element.data(), text);
  assert(end == element.data() + element.size());
  char scratch[kMaxDecimalLength];
  const uint8_t* at = element.data();
  assert(read_text(at, scratch) == text);
  assert(at == end);
  assert(previous(end) == element.data());
}

void check_walk(std::span<const uint8_t> pack) {
  const uint8_t* const end = pack.data() + pack.size() - 1;
  std::vector<const uint8_t*> places;
  for (const uint8_t* at = pack.data() + kHeaderBytes; at != end; at = skip(at)) {
    assert(at < end);
    places.push_back(at);
    char scratch[kMaxDecimalLength];
    const uint8_t* behind = at;
    check_text(read_text(behind, scratch));
    assert(behind == skip(at));
  }
  const uint16_t stated = element_count(pack.data());
  assert(stated == kUnknownCount || stated == places.size());
  const uint8_t* at = end;
  for (; !places.empty(); places.pop_back()) {
    at = previous(at);
    assert(at == places.back());
  }
  assert(at == pack.data() + kHeaderBytes);
}

bool check(std::span<const uint8_t> bytes) {
  const auto alone = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), alone.get());
  const std::span<const uint8_t> pack(alone.get(), bytes.size());
  if (!validate_listpack(pack)) return false;
  check_walk(pack);
  return true;
}

/// Tries `elements` inside a listpack, and beginnings of that.
void check_as_elements(std::span<const uint8_t> elements) {
  std::vector<uint8_t> pack(kHeaderBytes);
  pack.insert(pack.end(), elements.begin(), elements.end());
  pack.push_back(kEnd);
  set_total_bytes(pack.data(), static_cast<uint32_t>(pack.size()));
  set_element_count(pack.data(), kUnknownCount);
  if (!check(pack)) return;
  for (size_t shorter = 0; shorter < std::min<size_t>(pack.size(), 64); ++shorter)
    check({pack.data(), shorter});
}

}  // namespace
}  // namespace weir::listpack

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::listpack::check({data, size});
  weir::listpack::check_as_elements({data, size});
  weir::listpack::check_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
