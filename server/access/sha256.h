// SHA-256, in which passwords are kept: written out here because it is all that this server needs
// of a cryptographic library, which would cost every process more than a megabyte (see
// net/openssl.h for how TLS avoids that).
//
//   message ─► blocks of 64 bytes, the last ones padded with 0x80, zeros and the length in bits
//                 └─► 64 rounds each over eight words of state ─► 32 bytes
//
// Source: FIPS 180-4.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest sha256(std::string_view bytes);

/// The digest as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace weir
