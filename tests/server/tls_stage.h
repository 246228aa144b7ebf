// A server with TLS beside TCP, and certificates for it and for its clients.
#pragma once

#include <string>
#include <vector>

#include "tests/server/address.h"
#include "tests/support/certificates.h"
#include "tests/support/test_server.h"
#include "tests/support/tls_client.h"

namespace weir::testing {

class TlsStage {
 public:
  /// `options`: behind those for TLS, which they may overrule.
  explicit TlsStage(const std::vector<std::string>& options = {})
      : own(certificates.issue("server")),
        tls_port(free_port()),
        server(together(options_of(certificates, own, tls_port), options)) {}

  /// What a server needs to serve TLS on a port.
  static std::vector<std::string> options_of(const Certificates& certificates, const KeyPair& own,
                                             int port) {
    return {"--tls-port",         std::to_string(port),
            "--tls-cert-file",    own.certificate,
            "--tls-key-file",     own.key,
            "--tls-ca-cert-file", certificates.authority(),
            "--loglevel",         "verbose"};
  }

  /// A client that the server trusts, and that trusts the server.
  TlsClient connect() { return TlsClient(tls_port, good()); }
  TlsClientOptions good() {
    if (client.certificate.empty()) client = certificates.issue("client");
    return {.trusts = certificates.authority(), .own = client};
  }
  TlsClientOptions without_certificate() { return {.trusts = certificates.authority()}; }

  bool logs(const std::string& text) {
    return wait_until([&] { return server.has_logged(text); });
  }

  Certificates certificates;
  KeyPair own;
  KeyPair client;
  int tls_port;
  TestServer server;

 private:
  static std::vector<std::string> together(std::vector<std::string> first,
                                           const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
};

}  // namespace weir::testing
