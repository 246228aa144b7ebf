// Telling the processor what will be needed, so that several waits for memory become one.
#pragma once

#include <cstddef>
#include <utility>

namespace weir {

/// Begins to fetch cache lines, beginning with the one at `at`.  There need be no memory
/// behind the first.
template <size_t Lines = 1>
inline void prefetch(const void* at) {
  constexpr size_t kLineBytes = 64;
  const char* const begin = static_cast<const char*>(at);
  [begin]<size_t... Line>(std::index_sequence<Line...>) {
    (__builtin_prefetch(begin + Line * kLineBytes), ...);
  }
  (std::make_index_sequence<Lines>{});
}

}  // namespace weir
