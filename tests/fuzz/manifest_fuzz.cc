// Any text is a manifest or is refused without harm; one that is taken is printed as the same, and
// so is what becomes of it when the log grows and is rewritten.
#include <cassert>
#include <cstdint>
#include <string_view>

#include "persistence/aof_manifest.h"

namespace {

void check_printed(const weir::AofManifest& manifest) {
  if (manifest.is_empty()) return;
  const auto again = weir::AofManifest::parse(manifest.print());
  assert(again);
  assert(again->base() == manifest.base());
  assert(again->history() == manifest.history());
  assert(again->increments() == manifest.increments());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto manifest = weir::AofManifest::parse(text);
  if (!manifest) return 0;
  check_printed(*manifest);
  const std::string next = manifest->next_increment_name("log.aof");
  assert(manifest->add_increment("log.aof") == next);
  check_printed(*manifest);
  manifest->replace_base("log.aof", ".base.rdb", 1);
  assert(manifest->increments().size() == 1);
  check_printed(*manifest);
  manifest->forget_history([](const weir::AofFileInfo&) { return true; });
  check_printed(*manifest);
  return 0;
}
