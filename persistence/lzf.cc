#include "persistence/lzf.h"

#include <cassert>

#include <lzf.h>

namespace weir {

bool unpack_lzf(std::string_view packed, size_t size, std::string& out) {
  assert(packed.size() <= kMostLzfBytes);
  if (size == 0 || size > kMostLzfBytes || size > most_unpacked_bytes(packed.size())) return false;
  out.resize(size);
  return lzf_decompress(packed.data(), static_cast<unsigned>(packed.size()), out.data(),
                        static_cast<unsigned>(size)) == size;
}

bool pack_lzf(std::string_view bytes, size_t least_saved, std::string& out) {
  if (bytes.size() > kMostLzfBytes || bytes.size() <= least_saved) return false;
  const size_t room = bytes.size() - least_saved;
  if (out.size() < room) out.resize(room);
  const unsigned packed = lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()),
                                       out.data(), static_cast<unsigned>(room));
  if (packed == 0) return false;
  out.resize(packed);
  return true;
}

}  // namespace weir
