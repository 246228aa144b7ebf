// Telling the processor what will be needed, so that several waits for memory become one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace weir {

/// Begins to fetch cache lines, beginning with the one at `at`.  There need be no memory.
template <size_t Lines = 1>
inline void prefetch(const void* at) {
  constexpr size_t kLineBytes = 64;
  const auto address = reinterpret_cast<uintptr_t>(at);
  [address]<size_t... Line>(std::index_sequence<Line...>) {
    (__builtin_prefetch(reinterpret_cast<const void*>(address + Line * kLineBytes)), ...);
  }
  (std::make_index_sequence<Lines>{});
}

}  // namespace weir
