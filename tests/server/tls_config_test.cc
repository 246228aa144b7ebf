// The options of TLS: what stops a start, and what CONFIG SET does while connections live.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/tls_stage.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr const char* kNoUpdate = "Unable to update TLS configuration. Check server logs.";

/// For a Diffie-Hellman exchange, of 512 bits: too few for anybody.
constexpr const char* kSmallParameters =
    "-----BEGIN DH PARAMETERS-----\n"
    "MEYCQQDCSgoAFpU1PVUZ8QPE/YJfo2HZktr6+d0UgmL4AMcxpM3dE7CfIZ++Lhdk\n"
    "oqVU5qjiEkPdqWLNVQHsCVFXfCVPAgEC\n"
    "-----END DH PARAMETERS-----\n";

std::string refused(const std::string& option, const std::string& reason) {
  return "ERR CONFIG SET failed (possibly related to argument '" + option + "') - " + reason;
}

/// What a server says that must not start with these options, behind good ones.
std::string complaint(const std::vector<std::string>& options) {
  Certificates certificates;
  std::vector<std::string> all =
      TlsStage::options_of(certificates, certificates.issue("server"), free_port());
  all.insert(all.end(), {"--port", "0"});
  all.insert(all.end(), options.begin(), options.end());
  const Finished finished = run_server_to_end(all);
  CHECK(finished.exit_code == 1);
  CHECK(finished.out.find("Failed to configure TLS") != std::string::npos);
  return finished.out;
}

bool says(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("A server for TLS does not start without certificate, key and authority",
          "[tls][start]") {
  CHECK(says(complaint({"--tls-cert-file", ""}), "No tls-cert-file configured!"));
  CHECK(says(complaint({"--tls-key-file", ""}), "No tls-key-file configured!"));
  CHECK(says(complaint({"--tls-ca-cert-file", ""}),
             "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"));
}

TEST_CASE("A start for TLS fails with the file that cannot be used, and why", "[tls][start]") {
  Certificates others;
  const KeyPair other = others.issue("other");
  const KeyPair locked = others.issue("locked", {.key_password = "secret"});
  CHECK(says(complaint({"--tls-cert-file", "/nowhere"}),
             "Failed to load certificate: /nowhere: error:80000002:system library::No such file"));
  CHECK(says(complaint({"--tls-key-file", other.key}), "Failed to load private key: " + other.key));
  CHECK(says(complaint({"--tls-cert-file", locked.certificate, "--tls-key-file", locked.key}),
             "Failed to load private key: " + locked.key));
  CHECK(says(complaint({"--tls-ca-cert-file", "/nowhere"}), "Failed to configure CA certificate"));
  CHECK(says(
      complaint({"--tls-client-cert-file", other.certificate, "--tls-client-key-file", locked.key}),
      "Failed to load private key: " + locked.key));
  CHECK(says(complaint({"--tls-dh-params-file", other.certificate}),
             other.certificate + ": failed to read DH params."));
  const std::string small = others.folder() + "/small.pem";
  write_text(small, kSmallParameters);
  CHECK(says(complaint({"--tls-dh-params-file", small}),
             "Failed to load DH params file: " + small + ": error:"));
}

TEST_CASE("A start for TLS fails with protocols and ciphers that nobody knows", "[tls][start]") {
  CHECK(says(complaint({"--tls-protocols", "TLSv9"}), "Invalid tls-protocols specified."));
  CHECK(says(complaint({"--tls-ciphers", "NONE"}), "Failed to configure ciphers: NONE"));
  CHECK(says(complaint({"--tls-ciphersuites", "NO"}), "Failed to configure ciphersuites: NO"));
}

TEST_CASE("tls-replication and tls-cluster want certificates even without a port", "[tls][start]") {
  for (const char* const option : {"--tls-replication", "--tls-cluster"})
    CHECK(says(complaint({"--tls-port", "0", option, "yes", "--tls-cert-file", ""}),
               "No tls-cert-file configured!"));
}

TEST_CASE("A port that is taken stops the start for TLS", "[tls][start]") {
  Certificates certificates;
  const TakenPort taken;
  std::vector<std::string> options =
      TlsStage::options_of(certificates, certificates.issue("server"), taken.port);
  options.insert(options.end(), {"--port", "0", "--bind", "127.0.0.1"});
  const Finished finished = run_server_to_end(options);
  CHECK(finished.exit_code == 1);
  CHECK(says(finished.out, "Warning: Could not create server TCP listening socket 127.0.0.1:"));
  CHECK(says(finished.out,
             "Failed listening on port " + std::to_string(taken.port) + " (tls), aborting."));
}

TEST_CASE("The authorities may be a folder", "[tls]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  Certificates others;
  // As c_rehash names them: by the hash of the subject.
  const std::string name = subject_hash(others.authority()) + ".0";
  std::filesystem::copy_file(others.authority(), others.folder() + "/" + name);
  CHECK(redis("CONFIG", "SET", "tls-ca-cert-dir", others.folder()) == "OK");
  TlsClientOptions options = stage.good();
  options.own = others.issue("friend");
  CHECK(refusal(stage.tls_port, options).empty());
}

TEST_CASE("New certificates are for new connections; those that live go on", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  TlsClient old = stage.connect();
  Certificates others;
  const KeyPair fresh = others.issue("fresh");
  CHECK(redis("CONFIG", "SET", "tls-cert-file", fresh.certificate, "tls-key-file", fresh.key) ==
        "OK");
  CHECK(old("PING") == "+PONG");
  CHECK(refusal(stage.tls_port, stage.good()) == "certificate verify failed");
  TlsClientOptions options = stage.good();
  options.trusts = others.authority();
  CHECK(refusal(stage.tls_port, options).empty());
}

TEST_CASE("The same file with another content is read again by CONFIG SET", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  Certificates others;
  const KeyPair fresh = others.issue("fresh");
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(fresh.certificate, stage.own.certificate, overwrite);
  std::filesystem::copy_file(fresh.key, stage.own.key, overwrite);
  CHECK(redis("CONFIG", "SET", "tls-cert-file", stage.own.certificate) == "OK");
  TlsClientOptions options = stage.good();
  options.trusts = others.authority();
  CHECK(refusal(stage.tls_port, options).empty());
}

TEST_CASE("CONFIG SET of TLS changes all or nothing", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  CHECK(redis("CONFIG", "SET", "tls-protocols", "TLSv1.2", "tls-cert-file", "/nowhere") ==
        refused("tls-protocols", kNoUpdate));
  CHECK(redis("CONFIG", "GET", "tls-protocols") == R"(["tls-protocols",""])");
  CHECK(TlsClient(stage.tls_port, stage.good()).protocol() == "TLSv1.3");
  CHECK(redis("CONFIG", "SET", "tls-ciphers", "NONE") == refused("tls-ciphers", kNoUpdate));
  CHECK(redis("CONFIG", "SET", "tls-auth-clients", "maybe") ==
        refused("tls-auth-clients", "argument(s) must be one of the following: no, yes, optional"));
  CHECK(stage.logs("Failed to configure ciphers: NONE"));
}

TEST_CASE("CONFIG SET changes who has to show a certificate", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  CHECK_FALSE(refusal(stage.tls_port, stage.without_certificate()).empty());
  CHECK(redis("CONFIG", "SET", "tls-auth-clients", "no") == "OK");
  CHECK(refusal(stage.tls_port, stage.without_certificate()).empty());
}

TEST_CASE("CONFIG SET moves TLS to another port, switches it off and on", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  TlsClient old = stage.connect();
  const int port = free_port();
  CHECK(redis("CONFIG", "SET", "tls-port", port) == "OK");
  CHECK(refusal(port, stage.good()).empty());
  CHECK_THROWS(RawClient(stage.tls_port));
  CHECK(redis("CONFIG", "SET", "tls-port", 0) == "OK");
  CHECK_THROWS(RawClient(port));
  CHECK(old("PING") == "+PONG");
  CHECK(redis("CONFIG", "SET", "tls-port", port) == "OK");
  CHECK(refusal(port, stage.good()).empty());
}

TEST_CASE("CONFIG SET tls-port to one that is taken changes nothing", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  const TakenPort taken;
  CHECK(redis("CONFIG", "SET", "tls-port", taken.port) ==
        refused("tls-port", "Unable to listen on this port. Check server logs."));
  CHECK(refusal(stage.tls_port, stage.good()).empty());
  CHECK(stage.server.connect()("PING") == "PONG");
}

TEST_CASE("CONFIG SET bind is for TLS, too", "[tls][config]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  CHECK(redis("CONFIG", "SET", "bind", "127.0.0.2") == "OK");
  CHECK_THROWS(RawClient(stage.tls_port));
  CHECK(ask("127.0.0.2", stage.server.port()) == "+PONG");
}

TEST_CASE("A server that began without TLS gets it by CONFIG SET", "[tls][config]") {
  TestServer server;
  Redis redis = server.connect();
  Certificates certificates;
  const KeyPair own = certificates.issue("server");
  const int port = free_port();
  CHECK(redis("CONFIG", "SET", "tls-port", port) == refused("tls-port", kNoUpdate));
  CHECK(redis("CONFIG", "SET", "tls-cert-file", own.certificate, "tls-key-file", own.key) == "OK");
  CHECK(redis("CONFIG", "SET", "tls-ca-cert-file", certificates.authority(), "tls-port", port) ==
        "OK");
  const TlsClientOptions good{.trusts = certificates.authority(), .own = certificates.issue("ann")};
  CHECK(refusal(port, good).empty());
}

}  // namespace
}  // namespace weir::testing
