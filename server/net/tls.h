// TLS as the server knows it: off, or the certificates and rules that are in force, from which
// sessions are made.
//
//   settings ─ prepare() ─► rules ─ use() ─► accept(fd), connect(fd) ─► TlsSession
//
// New settings are for new connections; those that live keep what they began with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/net/openssl.h"
#include "server/net/tls_session.h"
#include "server/net/tls_setup.h"

namespace weir {

class Tls {
 public:
  /// What the settings mean; nothing, if they want no TLS.
  using Rules = std::optional<TlsContexts>;

  /// Reads all files.  The error says which setting does not fit.  Nothing changes yet.
  tl::expected<Rules, std::string> prepare(const Settings& settings);
  void use(Rules rules) { rules_ = std::move(rules); }

  bool is_on() const { return rules_.has_value(); }

  /// A session for a connection that came in, or one that this server made.  Only when it is on.
  std::unique_ptr<TlsSession> accept(int fd) const;
  std::unique_ptr<TlsSession> connect(int fd) const;

 private:
  using BioMethod = std::unique_ptr<BIO_METHOD, OpensslDeleter<&Openssl::BIO_meth_free>>;

  const Openssl* openssl_ = nullptr;  // null until it is needed
  BioMethod bio_method_{nullptr, {nullptr}};
  Rules rules_;
};

}  // namespace weir
