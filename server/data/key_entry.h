// A key and its stream: one allocation, the key's bytes behind the rest.
#pragma once

#include <cstdint>
#include <string_view>

#include "streams/prefetch.h"
#include "streams/stream.h"

namespace weir {

class KeyEntry {
 public:
  static KeyEntry* create(std::string_view key);
  static void destroy(KeyEntry* entry);

  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_length_}; }

  /// Begins to fetch it, with a short key.
  void prefetch() const { weir::prefetch<2>(this); }

  Stream stream;
  /// Unix time of the last access, in seconds (good until 2106).
  uint32_t accessed_s = 0;

 private:
  KeyEntry() = default;

  uint32_t key_length_ = 0;
};

}  // namespace weir
