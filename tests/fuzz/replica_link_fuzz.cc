// Fuzzes what a primary may say to a replica: the same is told however the bytes are cut, and
// nothing of a transfer is lost or told twice.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/link_player.h"

namespace {

using weir::PrimaryLink;
using weir::StreamPosition;
using weir::testing::LinkPlayer;

/// The first byte says who we are.
PrimaryLink::Introduction introduction_of(uint8_t choice) {
  PrimaryLink::Introduction introduction{.port = 6379};
  if ((choice & 1) != 0) introduction.position = StreamPosition{std::string(40, 'a'), 7};
  if ((choice & 2) != 0) introduction.password = "pw";
  if ((choice & 4) != 0) introduction.announced_ip = "::1";
  return introduction;
}

LinkPlayer played(uint8_t choice, std::string_view bytes, size_t step) {
  LinkPlayer player(introduction_of(choice));
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
    player.feed(bytes.substr(0, step));
  return player;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t choice = data[0];
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const LinkPlayer whole = played(choice, bytes, size);
  for (const size_t step : {size_t{1}, 2 + size % 61}) {
    const LinkPlayer cut = played(choice, bytes, step);
    assert(cut.told == whole.told);
    assert(cut.said == whole.said);
  }
  return 0;
}
