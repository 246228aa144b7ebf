#include "streams/content_digest.h"

#include <bit>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir {
namespace {

/// Both halves have a place and a length of their own, so that neither the roles of the two can be
/// swapped nor bytes move from one to the other.
XXH128_hash_t digest_of_pair(std::string_view field, std::string_view value) {
  std::array<XXH128_canonical_t, 2> halves;
  XXH128_canonicalFromHash(&halves[0], XXH3_128bits(field.data(), field.size()));
  XXH128_canonicalFromHash(&halves[1], XXH3_128bits(value.data(), value.size()));
  return XXH3_128bits(halves.data(), sizeof(halves));
}

}  // namespace

// A sum does not depend on the order.  (An exclusive or would not either, but a pair given twice
// would vanish from it.)
ContentDigest content_digest(FieldValues fields) {
  XXH128_hash_t sum{.low64 = 0, .high64 = 0};
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    const XXH128_hash_t pair = digest_of_pair(fields[i], fields[i + 1]);
    sum.low64 += pair.low64;
    sum.high64 += pair.high64 + (sum.low64 < pair.low64 ? 1 : 0);
  }
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, sum);
  return std::bit_cast<ContentDigest>(bytes);
}

}  // namespace weir
