// The rules of a Tls without a server: whose certificate it shows and whom it trusts.
#pragma once

#include <utility>

#include <catch2/catch.hpp>

#include "server/net/tls.h"
#include "server/settings.h"
#include "tests/support/certificates.h"

namespace weir::testing {

/// To show `own` and to trust what the authority has signed, also as a replica.
inline Settings tls_settings(const Certificates& certificates, const KeyPair& own) {
  Settings settings;
  settings.tls_replication = true;
  settings.tls_cert_file = own.certificate;
  settings.tls_key_file = own.key;
  settings.tls_ca_cert_file = certificates.authority();
  return settings;
}

inline void use(Tls& tls, const Settings& settings) {
  auto rules = tls.prepare(settings);
  REQUIRE(rules.has_value());
  tls.use(*std::move(rules));
}

}  // namespace weir::testing
