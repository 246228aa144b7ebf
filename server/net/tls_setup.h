// From the tls-* settings to OpenSSL's contexts: certificates, keys, whom to trust, protocols,
// ciphers, what is remembered of sessions.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "server/net/openssl.h"
#include "server/settings.h"

namespace weir {

/// Frees what OpenSSL made.
template <auto Free>
struct OpensslDeleter {
  const Openssl* openssl;
  template <typename T>
  void operator()(T* object) const {
    (openssl->*Free)(object);
  }
};

using SslContext = std::unique_ptr<SSL_CTX, OpensslDeleter<&Openssl::SSL_CTX_free>>;

/// For connections that come in, and for those that this server makes.
struct TlsContexts {
  SslContext server;
  SslContext client;
};

/// Reads all files that the settings name.  The error says which of them does not fit, and why.
tl::expected<TlsContexts, std::string> make_tls_contexts(const Openssl& openssl,
                                                         const Settings& settings);

/// Whether the settings want TLS at all; only then have they to fit together.
bool wants_tls(const Settings& settings);

/// The first of OpenSSL's queued errors, "error:0A000126:SSL routines::…"; the queue is empty then.
/// "" if there was none.
std::string take_openssl_error(const Openssl& openssl);

}  // namespace weir
