// Who gets in over TLS, and how: certificates, protocols, ciphers, sessions.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/tls_stage.h"
#include "tests/server/watching.h"

namespace weir::testing {
namespace {

using Catch::Contains;

TEST_CASE("A client of TLS is served as one of TCP is, in the same server", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  CHECK(client("XADD", "s", "1-0", "f", "v") == "1-0");
  CHECK(stage.server.connect()("XLEN", "s") == 1);
  CHECK_THAT(client("CLIENT", "INFO"),
             Contains("laddr=127.0.0.1:" + std::to_string(stage.tls_port)));
}

TEST_CASE("The log and INFO tell where TLS is served", "[tls][info]") {
  TlsStage stage;
  CHECK(stage.logs("Ready to accept connections tls"));
  const Shown info = stage.server.connect()("INFO", "server");
  CHECK(info.contains("listener2:name=tls,bind=127.0.0.1,port=" + std::to_string(stage.tls_port)));
}

TEST_CASE("Without a TCP port TLS is all there is, and INFO calls its port tcp_port",
          "[tls][info]") {
  TlsStage stage({"--port", "0"});
  CHECK_THAT(stage.connect()("INFO", "server"),
             Contains("tcp_port:" + std::to_string(stage.tls_port)));
  CHECK(ask("127.0.0.1", stage.server.port()) == std::nullopt);
}

TEST_CASE("A client finds out when the server's certificate is not from its authority", "[tls]") {
  TlsStage stage;
  const Certificates others;
  TlsClientOptions options = stage.good();
  options.trusts = others.authority();
  CHECK(refusal(stage.tls_port, options) == "certificate verify failed");
}

TEST_CASE("A client needs a certificate by default", "[tls]") {
  TlsStage stage;
  CHECK(refusal(stage.tls_port, stage.good()).empty());
  CHECK_FALSE(refusal(stage.tls_port, stage.without_certificate()).empty());
  CHECK(
      stage.logs("Error accepting a client connection: error:0A0000C7:SSL routines::peer did not "
                 "return a certificate (addr=127.0.0.1:"));
}

TEST_CASE("A client's certificate is refused when it is of another authority or expired", "[tls]") {
  TlsStage stage;
  Certificates others;
  TlsClientOptions options = stage.without_certificate();
  options.own = others.issue("stranger");
  CHECK_FALSE(refusal(stage.tls_port, options).empty());
  CHECK(stage.logs("certificate verify failed (unable to get local issuer certificate)"));
  options.own = stage.certificates.issue("late", {.is_expired = true});
  CHECK_FALSE(refusal(stage.tls_port, options).empty());
  CHECK(stage.logs("certificate verify failed (certificate has expired)"));
}

TEST_CASE("With tls-auth-clients optional a certificate may be missing, but not be wrong",
          "[tls]") {
  TlsStage stage({"--tls-auth-clients", "optional"});
  Certificates others;
  TlsClientOptions wrong = stage.without_certificate();
  wrong.own = others.issue("stranger");
  CHECK(refusal(stage.tls_port, stage.without_certificate()).empty());
  CHECK(refusal(stage.tls_port, stage.good()).empty());
  CHECK_FALSE(refusal(stage.tls_port, wrong).empty());
}

TEST_CASE("With tls-auth-clients no nobody is asked, and no authority is needed", "[tls]") {
  TlsStage stage({"--tls-auth-clients", "no", "--tls-ca-cert-file", ""});
  Certificates others;
  TlsClientOptions wrong = stage.without_certificate();
  wrong.own = others.issue("stranger");
  CHECK(refusal(stage.tls_port, stage.without_certificate()).empty());
  CHECK(refusal(stage.tls_port, wrong).empty());
}

TEST_CASE("TLS 1.2 and 1.3 are spoken by default, older ones are not", "[tls]") {
  TlsStage stage;
  TlsClientOptions options = stage.good();
  CHECK(TlsClient(stage.tls_port, options).protocol() == "TLSv1.3");
  options.protocol = TLS1_2_VERSION;
  CHECK(TlsClient(stage.tls_port, options).protocol() == "TLSv1.2");
  options.protocol = TLS1_1_VERSION;
  options.ciphers = "ALL:@SECLEVEL=0";
  CHECK_FALSE(refusal(stage.tls_port, options).empty());
}

TEST_CASE("tls-protocols leaves only what it names", "[tls]") {
  TlsStage stage({"--tls-protocols", "tlsv1.2"});
  TlsClientOptions options = stage.good();
  CHECK(TlsClient(stage.tls_port, options).protocol() == "TLSv1.2");
  options.protocol = TLS1_3_VERSION;
  CHECK(refusal(stage.tls_port, options) == "tlsv1 alert protocol version");
}

TEST_CASE("tls-ciphers and tls-ciphersuites leave only what they name", "[tls]") {
  TlsStage stage({"--tls-ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", "--tls-ciphersuites",
                  "TLS_CHACHA20_POLY1305_SHA256"});
  TlsClientOptions options = stage.good();
  CHECK(TlsClient(stage.tls_port, options).cipher() == "TLS_CHACHA20_POLY1305_SHA256");
  options.protocol = TLS1_2_VERSION;
  CHECK(TlsClient(stage.tls_port, options).cipher() == "ECDHE-ECDSA-AES128-GCM-SHA256");
  options.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK_FALSE(refusal(stage.tls_port, options).empty());
}

TEST_CASE("The order of ciphers is the client's, or the server's when it is preferred", "[tls]") {
  const std::string strong = "ECDHE-ECDSA-AES256-GCM-SHA384";
  const std::string fast = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const std::string ours = strong + ":" + fast;
  TlsStage client_first({"--tls-ciphers", ours});
  TlsStage server_first({"--tls-ciphers", ours, "--tls-prefer-server-ciphers", "yes"});
  for (TlsStage* stage : {&client_first, &server_first}) {
    TlsClientOptions options = stage->good();
    options.protocol = TLS1_2_VERSION;
    options.ciphers = fast + ":" + strong;
    CHECK(TlsClient(stage->tls_port, options).cipher() == (stage == &client_first ? fast : strong));
  }
}

/// Whether a second client can resume the session of a first.
bool resumes(TlsStage& stage, int protocol) {
  TlsClientOptions options = stage.good();
  options.protocol = protocol;
  TlsClient first(stage.tls_port, options);
  first("PING");  // with TLS 1.3 the ticket comes behind the handshake
  options.resumes = first.session();
  TlsClient second(stage.tls_port, options);
  return second("PING") == "+PONG" && second.has_resumed();
}

TEST_CASE("Sessions are resumed, unless tls-session-caching says no", "[tls]") {
  TlsStage caching;
  TlsStage forgetful({"--tls-session-caching", "no"});
  for (const int protocol : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(protocol);
    CHECK(resumes(caching, protocol));
    CHECK_FALSE(resumes(forgetful, protocol));
  }
}

TEST_CASE("A key may have a password", "[tls]") {
  Certificates certificates;
  const KeyPair own = certificates.issue("server", {.key_password = "open sesame"});
  const int port = free_port();
  std::vector<std::string> options = TlsStage::options_of(certificates, own, port);
  options.insert(options.end(), {"--tls-key-file-pass", "open sesame"});
  TestServer server(options);
  CHECK(refusal(port, {.trusts = certificates.authority(), .own = certificates.issue("ann")})
            .empty());
}

TEST_CASE("Nobody gets a second handshake within a connection", "[tls]") {
  TlsStage stage;
  TlsClientOptions options = stage.good();
  options.protocol = TLS1_2_VERSION;
  TlsClient client(stage.tls_port, options);
  CHECK(client("PING") == "+PONG");
  CHECK_THROWS_WITH(client.renegotiate(), "no renegotiation");
  CHECK(refusal(stage.tls_port, options).empty());
}

TEST_CASE("Keys may change within a connection of TLS 1.3", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  for (int n = 0; n < 5; ++n) {
    client.change_keys();
    CHECK(client("PING") == "+PONG");
  }
}

TEST_CASE("Clients that know no elliptic curves are served, with parameters given or not",
          "[tls]") {
  Certificates certificates;
  const KeyPair own = certificates.issue("server", {.is_rsa = true});
  const std::string parameters = certificates.folder() + "/dh.pem";
  write_dh_parameters(parameters);
  for (const std::string& file : {std::string(), parameters}) {
    TlsStage stage({"--tls-cert-file", own.certificate, "--tls-key-file", own.key,
                    "--tls-dh-params-file", file, "--tls-auth-clients", "no"});
    const TlsClientOptions options{.trusts = certificates.authority(),
                                   .protocol = TLS1_2_VERSION,
                                   .ciphers = "DHE-RSA-AES128-GCM-SHA256"};
    CHECK(TlsClient(stage.tls_port, options).cipher() == "DHE-RSA-AES128-GCM-SHA256");
  }
}

TEST_CASE("The server says that it ends a connection", "[tls]") {
  TlsStage stage;
  TlsClient by_quit = stage.connect();
  TlsClient by_kill = stage.connect();
  TlsClient by_shutdown = stage.connect();
  by_kill("CLIENT", "SETNAME", "victim");
  CHECK(by_quit("QUIT") == "+OK");
  CHECK(by_quit.is_ended_properly());
  const Shown id = stage.server.connect()("CLIENT", "KILL", "LADDR",
                                          "127.0.0.1:" + std::to_string(stage.tls_port));
  CHECK(id == 2);
  CHECK(by_kill.is_ended_properly());
  TlsClient last = stage.connect();
  CHECK(last("PING") == "+PONG");
  CHECK(stage.server.terminate() == 0);
  CHECK(last.is_ended_properly());
}

TEST_CASE("A client above maxclients finds its connection closed", "[tls]") {
  TlsStage stage({"--maxclients", "2"});
  Redis redis = stage.server.connect();
  REQUIRE(connected_become(redis, 1));
  TlsClient last = stage.connect();
  CHECK_FALSE(refusal(stage.tls_port, stage.good()).empty());
  CHECK(last("PING") == "+PONG");
  CHECK(info_number(redis, "rejected_connections") == 1);
}

}  // namespace
}  // namespace weir::testing
