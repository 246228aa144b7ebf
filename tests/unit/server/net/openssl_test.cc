#include "server/net/openssl.h"

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("OpenSSL is found at run time and works without being linked", "[tls]") {
  const tl::expected<const Openssl*, std::string> loaded = Openssl::load();
  REQUIRE(loaded.has_value());
  const Openssl* const openssl = *loaded;
  SSL_CTX* const context = openssl->SSL_CTX_new(openssl->TLS_method());
  CHECK(context != nullptr);
  openssl->SSL_CTX_free(context);
}

}  // namespace weir
