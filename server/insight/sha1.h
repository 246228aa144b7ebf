// SHA-1 (FIPS 180-4), for DEBUG DIGEST alone: nothing here is a secret.
//
// OpenSSL has it too, but a server that does not speak TLS does not load OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

using Sha1 = std::array<uint8_t, 20>;

Sha1 sha1(std::string_view bytes);

}  // namespace weir
