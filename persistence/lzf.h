// Strings packed with LZF, as RDB files have them.  The work is liblzf's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

/// Most bytes that so many packed bytes can unpack to: a longer claim is a lie, and is not to size
/// an allocation.  (264 bytes come of three at best.)
constexpr size_t most_unpacked_bytes(size_t packed_bytes) {
  return 88 * packed_bytes + 264;
}

/// Most bytes that are packed, or that something unpacks to, in one piece.
inline constexpr size_t kMostLzfBytes = UINT32_MAX;

/// Unpacks exactly `size` bytes into `out`; false if `packed` is not that.  Neither is greater than
/// kMostLzfBytes.
[[nodiscard]] bool unpack_lzf(std::string_view packed, size_t size, std::string& out);

/// Packs into `out`, if that saves at least `least_saved` bytes.
[[nodiscard]] bool pack_lzf(std::string_view bytes, size_t least_saved, std::string& out);

}  // namespace weir
