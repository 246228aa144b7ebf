// Options that commands refuse, and those that few clients send.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {

TEST_CASE("COMMAND LIST filters by category and by pattern", "[command]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string streams = redis("COMMAND", "LIST", "FILTERBY", "ACLCAT", "stream").text;
  CHECK(streams.find("\"xadd\"") != std::string::npos);
  CHECK(streams.find("\"ping\"") == std::string::npos);
  CHECK(redis("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nothing") == "[]");
  CHECK(redis("COMMAND", "LIST", "FILTERBY", "PATTERN", "xad*") == "[\"xadd\"]");
  CHECK(redis("COMMAND", "LIST", "FILTERBY", "MODULE", "m") == "[]");
  CHECK(redis("COMMAND", "LIST", "FILTERBY", "NAME", "xadd") == "ERR syntax error");
}

TEST_CASE("SHUTDOWN refuses options that contradict each other, and takes NOW", "[shutdown]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("SHUTDOWN", "SAVE", "NOSAVE") == "ERR syntax error");
  CHECK(redis("SHUTDOWN", "ABORT", "NOW") == "ERR syntax error");
  CHECK(redis("SHUTDOWN", "SOON") == "ERR syntax error");
  CHECK(redis("SHUTDOWN", "NOW") == "(closed)");
}

TEST_CASE("REPLCONF refuses an address that is no address", "[replconf]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("REPLCONF", "ip-address", std::string(500, '1')) ==
        "ERR REPLCONF ip-address provided by replica instance is too long: 500 bytes");
  CHECK(redis("REPLCONF", "rdb-no-compress", "1", "rdb-no-checksum", "1") == "OK");
}

TEST_CASE("REPLCONF takes unknown capabilities, and answers nothing from ACK and GETACK on",
          "[replconf]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("REPLCONF", "capa", "dual-channel") == "OK");
  CHECK(redis("REPLCONF", "version") == "ERR syntax error");
  CHECK(redis("REPLCONF") == "OK");
  redis.send("REPLCONF", "capa", "eof", "ack", 4);
  redis.send("REPLCONF", "capa", "eof", "getack", "*");
  redis.send("REPLCONF", "ack", "x", "listening-port", "x");
  CHECK(redis("PING") == "PONG");
}

TEST_CASE("A replica refuses WAITAOF", "[waitaof]") {
  TestServer server({"--replicaof", "127.0.0.1 1"});
  CHECK(server.connect()("WAITAOF", "0", "1", "0") ==
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to "
        "replicas are just local and are not propagated.");
}

TEST_CASE("A selector that is not closed is named, and changes nothing", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("ACL", "SETUSER", "bob", "on", "(+xadd", "~a") ==
        "ERR Unmatched parenthesis in acl selector starting at '(+xadd'.");
  CHECK(redis("ACL", "GETUSER", "bob") == "nil");
}

TEST_CASE("LOLWUT draws for every version, and a version is a number", "[lolwut]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("LOLWUT", "VERSION", 5).text.ends_with("Redis ver. 8.8.0\n"));
  CHECK(redis("LOLWUT", "VERSION", "x") == "ERR value is not an integer or out of range");
}

}  // namespace weir::testing
