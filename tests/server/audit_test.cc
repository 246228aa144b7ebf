// The audit log of a real server.
#include <catch2/catch.hpp>

#include "tests/support/contains.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

std::string audit_of(const TestServer& server) {
  return read_text(server.folder() + "/audit.log");
}

}  // namespace

TEST_CASE("The audit log tells who came, what was refused and what was administered", "[audit]") {
  TestServer server({"--acl-audit-log", "audit.log", "--requirepass", "secret"});
  RawClient redis = server.connect_raw();
  redis("AUTH", "wrong");
  redis("HELLO", "3", "AUTH", "default", "secret");
  redis("ACL", "SETUSER", "bob", "on", ">pw of bob", "~a", "+xadd", "+xread");
  redis("CONFIG", "SET", "maxclients", "77");
  redis("CONFIG", "SET", "nosuch", "1");
  redis("AUTH", "bob", "pw of bob");
  redis("XADD", "a", "*", "field", "the value");
  redis("XADD", "b", "*", "field", "the value");
  redis("XLEN", "a");
  redis("XREAD", "STREAMS", "a", "c", "0", "0");
  const std::string log = audit_of(server);
  CHECK(contains(log, R"("user":"default","command":"auth","keys":[],"outcome":"denied"})"));
  CHECK(contains(log, R"("user":"default","command":"hello","keys":[],"outcome":"ok"})"));
  CHECK(contains(log, R"("event":"admin")"));
  CHECK(contains(log, R"=("command":"acl|setuser","args":["bob","(redacted)",)="));
  CHECK(contains(log, R"("command":"config|set","args":["maxclients","77"],"keys":[])"));
  CHECK(contains(log, R"("outcome":"failed: ERR")"));
  CHECK(contains(log, R"("user":"bob","command":"auth","keys":[],"outcome":"ok"})"));
  CHECK(contains(log, R"("event":"denied")"));
  CHECK(contains(log, R"("command":"xadd","keys":["b"],"outcome":"denied: key","object":"b"})"));
  CHECK(contains(log, R"("keys":["a"],"outcome":"denied: command","object":"xlen"})"));
  CHECK(contains(log, R"("keys":["a","c"],"outcome":"denied: key","object":"c"})"));
}

TEST_CASE("No secret and no value gets into the audit log", "[audit]") {
  TestServer server({"--acl-audit-log", "audit.log"});
  Redis redis = server.connect();
  redis("ACL", "SETUSER", "bob", "on", ">hidden1", "<hidden2", "-@all");
  redis("ACL", "SETUSER", "bob", "on", ">hidden1", "-@all");
  redis("CONFIG", "SET", "masterauth", "hidden3", "requirepass", "hidden4");
  redis("AUTH", "hidden4");
  redis("HELLO", "3", "AUTH", "default", "hidden5");
  redis("AUTH", "bob", "hidden1");
  redis("XADD", "s", "*", "f", "hidden6");
  CHECK(contains(audit_of(server), "\"object\":\"xadd\""));
  CHECK(contains(audit_of(server), R"=(["masterauth","(redacted)","requirepass","(redacted)"])="));
  CHECK_FALSE(contains(audit_of(server), "hidden"));
}

TEST_CASE("The audit log can be switched on and off while the server runs", "[audit]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "SET", "timeout", 0);
  CHECK(redis("CONFIG", "SET", "acl-audit-log", "audit.log") == "OK");
  redis("CONFIG", "SET", "timeout", 1);
  CHECK(redis("CONFIG", "SET", "acl-audit-log", "") == "OK");
  redis("CONFIG", "SET", "timeout", 2);
  const std::string log = audit_of(server);
  // Its own beginning, and what came then.
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);
  CHECK(redis("CONFIG", "SET", "acl-audit-log", "no/such/folder")
            .starts_with("ERR CONFIG SET failed (possibly related to argument 'acl-audit-log') - "
                         "Can't open the audit log: "));
  CHECK(redis("CONFIG", "GET", "acl-audit-log") == R"(["acl-audit-log",""])");
}

TEST_CASE("A full disk under the audit log does not stop the server", "[audit]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "SET", "acl-audit-log", "/dev/full") == "OK");
  for (int i = 0; i < 5; ++i)
    CHECK(redis("CONFIG", "GET", "port").contains("port"));
  const std::string log = server.log();
  const size_t first = log.find("The audit log loses lines: ");
  REQUIRE(first != std::string::npos);
  CHECK(log.find("The audit log loses lines: ", first + 1) == std::string::npos);
}

TEST_CASE("Administration inside a transaction is audited, too", "[audit]") {
  TestServer server({"--acl-audit-log", "audit.log"});
  Redis redis = server.connect();
  redis("MULTI");
  redis("CONFIG", "SET", "timeout", 5);
  CHECK_FALSE(contains(audit_of(server), "config|set"));
  redis("EXEC");
  CHECK(contains(audit_of(server), R"("command":"config|set","args":["timeout","5"])"));
}

}  // namespace weir::testing
