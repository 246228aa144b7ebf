// DEBUG: what test suites send to any server.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {

TEST_CASE("DEBUG accepts the switches of Redis that have nothing to switch here", "[debug]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  for (const char* name :
       {"AOF-FLUSH-SLEEP", "DICT-RESIZING", "PAUSE-CRON", "QUICKLIST-PACKED-THRESHOLD",
        "SET-ACTIVE-EXPIRE", "SET-DISABLE-DENY-SCRIPTS", "SET-SKIP-CHECKSUM-VALIDATION"}) {
    CAPTURE(name);
    CHECK(redis("DEBUG", name, "1") == "OK");
    CHECK(redis("DEBUG", name).starts_with("ERR unknown subcommand or wrong number of arguments"));
  }
  CHECK(redis("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "never") == "OK");
  CHECK(redis("DEBUG", "replybuffer", "resizing", "0") == "OK");
  CHECK(redis("DEBUG", "REPLYBUFFER", "resizing").starts_with("ERR unknown subcommand or wrong"));
  CHECK(redis("DEBUG", "STRINGMATCH-LEN", "10", "a*") == "OK");
  CHECK(redis("DEBUG", "JMAP") ==
        "ERR unknown subcommand or wrong number of arguments for 'JMAP'. Try DEBUG HELP.");
}

TEST_CASE("DEBUG ERROR answers with any error, and HELP names every subcommand", "[debug]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  CHECK(redis("DEBUG", "ERROR", "LOADING not yet") == "LOADING not yet");
  CHECK(redis("DEBUG", "ERROR", "") == "ERR");
  CHECK(redis("DEBUG", "HELP").text.find("STRINGMATCH-LEN <len> <pattern>") != std::string::npos);
  for (const char* type : {"attrib", "push"})
    CHECK(redis("DEBUG", "PROTOCOL", type) == "ERR RESP2 is not supported by this command");
  CHECK(redis("DEBUG", "LOADAOF") == "ERR The append only file is not in use");
}

TEST_CASE("The push of DEBUG PROTOCOL comes behind the reply of EXEC", "[debug][exec]") {
  TestServer server({"--enable-debug-command", "yes"});
  RawClient client = server.connect_resp3();
  client("MULTI");
  client("DEBUG", "PROTOCOL", "push");
  client("PING");
  CHECK(resp::show(client("EXEC")) == R"(*["Some real reply following the push reply", +"PONG"])");
  CHECK(resp::show(client.read()) == R"(>["server-cpu-usage", :42])");
}

}  // namespace weir::testing
