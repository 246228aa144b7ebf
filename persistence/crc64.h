// The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial AD93D23594C935A9, bits
// reflected, beginning with 0 and not inverted at the end.
//
// So a run of zero bytes at the start has the checksum 0: it tells files apart that were torn or
// damaged, not files that somebody made up.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

/// The checksum of what `crc` stands for and `bytes` behind it; crc64(0, …) begins.
/// Cost: about 0.1 ns a byte with carry-less multiplication, which all x86 processors since 2010
/// have, otherwise 0.7 ns.
uint64_t crc64(uint64_t crc, std::string_view bytes);

}  // namespace weir
