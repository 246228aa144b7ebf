// Certificates made for one test, in a folder that goes with it: an authority, and what it signs.
//
//   Certificates all;
//   const KeyPair server = all.issue("server");
//   TestServer({"--tls-ca-cert-file", all.authority(), "--tls-cert-file", server.certificate, …});
#pragma once

#include <memory>
#include <string>

#include "tests/support/temp_folder.h"

namespace weir::testing {

/// Paths of two PEM files.
struct KeyPair {
  std::string certificate;
  std::string key;
};

/// How a certificate differs from a good one.
struct IssueOptions {
  bool is_expired = false;
  std::string key_password = {};  // encrypts the key
  bool is_rsa = false;            // not of an elliptic curve
  int chain_length = 0;           // so often the authority's certificate stands behind it
};

class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  /// The authority's certificate.
  const std::string& authority() const { return authority_; }
  const std::string& folder() const { return folder_.path(); }

  /// A certificate with this common name, good for 127.0.0.1 and localhost.
  KeyPair issue(const std::string& name, const IssueOptions& options = {});

 private:
  struct Signer;

  TempFolder folder_;
  std::string authority_;
  std::unique_ptr<Signer> signer_;
  int serial_ = 1;
};

/// Writes parameters for a Diffie-Hellman exchange.
void write_dh_parameters(const std::string& path);

/// The name without its number by which OpenSSL finds an authority in a folder.
std::string subject_hash(const std::string& certificate_file);

}  // namespace weir::testing
