#include "server/net/openssl.h"

#include <dlfcn.h>

namespace weir {
namespace {

/// The names of the interface that the headers describe.
constexpr const char* kSslLibrary = "libssl.so.3";
constexpr const char* kCryptoLibrary = "libcrypto.so.3";
static_assert(OPENSSL_VERSION_MAJOR == 3, "the library's names belong to another version");

/// It lives as long as the process, and no configuration of the machine changes what it does.
constexpr uint64_t kInitialisation = OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG;

std::string last_error() {
  const char* const text = dlerror();
  return text != nullptr ? text : "unknown error";
}

template <typename Function>
bool look_up(void* library, const char* name, Function& function) {
  // NOLINTNEXTLINE(bugprone-casting-through-void): how dlsym is meant to be used
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

const Openssl* Openssl::current = nullptr;

tl::expected<const Openssl*, std::string> Openssl::load() {
  if (current != nullptr) return current;
  void* const crypto = dlopen(kCryptoLibrary, RTLD_NOW | RTLD_LOCAL);
  void* const ssl = crypto != nullptr ? dlopen(kSslLibrary, RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (ssl == nullptr) return tl::unexpected("TLS needs OpenSSL 3: " + last_error());

  static Openssl openssl;
  bool is_complete = true;
#define WEIR_OPENSSL_LOOK_UP(library, name) \
  is_complete = is_complete && look_up(library, #name, openssl.name);
#define WEIR_OF_SSL(name) WEIR_OPENSSL_LOOK_UP(ssl, name)
#define WEIR_OF_CRYPTO(name) WEIR_OPENSSL_LOOK_UP(crypto, name)
  WEIR_SSL_FUNCTIONS(WEIR_OF_SSL)
  WEIR_CRYPTO_FUNCTIONS(WEIR_OF_CRYPTO)
#undef WEIR_OF_CRYPTO
#undef WEIR_OF_SSL
#undef WEIR_OPENSSL_LOOK_UP
  if (!is_complete) return tl::unexpected("TLS needs OpenSSL 3: " + last_error());
  if (openssl.OPENSSL_init_ssl(kInitialisation, nullptr) != 1)
    return tl::unexpected(std::string("OpenSSL cannot be initialised"));
  return current = &openssl;
}

}  // namespace weir
