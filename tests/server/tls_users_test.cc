// tls-auth-clients-user: a client's certificate says who it is.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/tls_stage.h"
#include "tests/server/watching.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

using Catch::Contains;

/// A server whose users are known by the common names of their certificates.
struct NamedStage : TlsStage {
  explicit NamedStage(const std::vector<std::string>& options = {})
      : TlsStage([&] {
          std::vector<std::string> all = {"--tls-auth-clients-user", "CN"};
          all.insert(all.end(), options.begin(), options.end());
          return all;
        }()) {}

  TlsClientOptions shows(const std::string& name) {
    return {.trusts = certificates.authority(), .own = certificates.issue(name)};
  }
};

}  // namespace

TEST_CASE("A client of TLS is the user whom its certificate names, without a password",
          "[tls][acl]") {
  NamedStage stage;
  Redis admin = stage.server.connect();
  admin("ACL", "SETUSER", "ann", "on", ">hidden", "~a*", "+xadd", "+acl|whoami");
  TlsClient ann(stage.tls_port, stage.shows("ann"));
  CHECK(ann("ACL", "WHOAMI") == "ann");
  CHECK(ann("XADD", "a", "1-0", "f", "v") == "1-0");
  CHECK_THAT(ann("XADD", "b", "1-0", "f", "v"), Contains("NOPERM"));
  CHECK_THAT(ann("XLEN", "a"), Contains("NOPERM"));
}

TEST_CASE("A certificate opens a server that wants a password", "[tls][acl]") {
  NamedStage stage({"--requirepass", "hidden"});
  Redis admin = stage.server.connect();
  admin("AUTH", "hidden");
  admin("ACL", "SETUSER", "ann", "on", "+@all");
  CHECK(TlsClient(stage.tls_port, stage.shows("ann"))("ACL", "WHOAMI") == "ann");
  CHECK_THAT(TlsClient(stage.tls_port, stage.shows("bob"))("PING"), Contains("NOAUTH"));
}

TEST_CASE("A certificate that names nobody, or a user who is off, leaves its client the default",
          "[tls][acl]") {
  NamedStage stage({"--acl-audit-log", "audit.log"});
  Redis admin = stage.server.connect();
  admin("ACL", "SETUSER", "off", "+@all");
  for (const char* const name : {"nobody", "off"}) {
    CHECK(TlsClient(stage.tls_port, stage.shows(name))("ACL", "WHOAMI") == "default");
    CHECK(admin("ACL", "LOG", 1).contains(R"("reason","tls-cert")"));
    CHECK(admin("ACL", "LOG", 1).contains("\"username\",\"" + std::string(name) + "\""));
  }
  CHECK(info_number(admin, "acl_access_denied_tls_cert") == 2);
  CHECK_THAT(read_text(stage.server.folder() + "/audit.log"),
             Contains(R"("user":"off","command":"tls-cert","keys":[],"outcome":"denied"})"));
}

TEST_CASE("A client without a certificate is the default user and no refusal", "[tls][acl]") {
  NamedStage stage({"--tls-auth-clients", "optional"});
  Redis admin = stage.server.connect();
  CHECK(TlsClient(stage.tls_port, stage.without_certificate())("ACL", "WHOAMI") == "default");
  CHECK(info_number(admin, "acl_access_denied_tls_cert") == 0);
}

TEST_CASE("Who resumes a session of TLS is the same user again", "[tls][acl]") {
  NamedStage stage;
  stage.server.connect()("ACL", "SETUSER", "ann", "on", "+@all");
  for (const int protocol : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions options = stage.shows("ann");
    options.protocol = protocol;
    TlsClient first(stage.tls_port, options);
    CHECK(first("ACL", "WHOAMI") == "ann");
    options.resumes = first.session();
    TlsClient second(stage.tls_port, options);
    CHECK(second("ACL", "WHOAMI") == "ann");
    CHECK(second.has_resumed());
  }
}

TEST_CASE("A client may become another user than its certificate says, by AUTH", "[tls][acl]") {
  NamedStage stage;
  Redis admin = stage.server.connect();
  admin("ACL", "SETUSER", "ann", "on", "+@all");
  admin("ACL", "SETUSER", "bob", "on", ">pw", "+@all");
  TlsClient client(stage.tls_port, stage.shows("ann"));
  CHECK(client("AUTH", "bob", "pw") == "+OK");
  CHECK(client("ACL", "WHOAMI") == "bob");
}

TEST_CASE("CONFIG SET tls-auth-clients-user is for new connections", "[tls][acl][config]") {
  TlsStage stage;
  Redis admin = stage.server.connect();
  admin("ACL", "SETUSER", "client", "on", "+@all");
  CHECK(stage.connect()("ACL", "WHOAMI") == "default");
  CHECK(admin("CONFIG", "SET", "tls-auth-clients-user", "cn") == "OK");
  CHECK(stage.connect()("ACL", "WHOAMI") == "client");
}

}  // namespace weir::testing
