// Every error that the dispatcher and the generic commands give, byte for byte.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

struct Refusal {
  std::vector<std::string> words;
  std::string text;
};

void check_refusals(Redis& redis, const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.words);
    redis.send_words(refusal.words);
    CHECK(redis.read() == refusal.text);
  }
  CHECK(redis("PING") == "PONG");
}

const std::string kLong(200, 'x');
const std::string kCut(128, 'x');

}  // namespace

TEST_CASE("Errors about commands that cannot be found or lack words", "[errors]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  check_refusals(
      redis,
      {{{"foo"}, "ERR unknown command 'foo'"},
       {{"FOO", "a", "b c"}, "ERR unknown command 'FOO', with args beginning with: 'a' 'b c' "},
       {{"FOO", std::string("a\0b", 3), "c"},
        "ERR unknown command 'FOO', with args beginning with: 'a' 'c' "},
       {{kLong}, "ERR unknown command '" + kCut + "'"},
       {{"FOO", kLong, "b"},
        "ERR unknown command 'FOO', with args beginning with: '" + kCut + "' "},
       {{"CLIENT", "FOO"}, "ERR unknown subcommand 'FOO'. Try CLIENT HELP."},
       {{"client", kLong}, "ERR unknown subcommand '" + kCut + "'. Try CLIENT HELP."},
       {{"DEBUG", "FOO"},
        "ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG HELP."},
       {{"DEBUG", "SLEEP"},
        "ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP."},
       {{"SLOWLOG", "GET", "1", "2"},
        "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."},
       {{"CLIENT", "PAUSE", "1", "ALL", "x"},
        "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."},
       {{"CLIENT", "UNBLOCK", "1", "ERROR", "x"},
        "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP."},
       {{"XLEN"}, "ERR wrong number of arguments for 'xlen' command"},
       {{"CONFIG", "SET", "a"}, "ERR wrong number of arguments for 'config|set' command"},
       {{"CONFIG"}, "ERR wrong number of arguments for 'config' command"}});
}

TEST_CASE("What a client sent is named in errors up to a NUL", "[errors]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  const std::string name("a\0b", 3);
  check_refusals(
      redis,
      {{{name}, "ERR unknown command 'a'"},
       {{"FOO", name, "c"}, "ERR unknown command 'FOO', with args beginning with: 'a' 'c' "},
       {{"XGROUP", name}, "ERR unknown subcommand 'a'. Try XGROUP HELP."},
       {{"XGROUP", "SETID", "s", name, "0"}, "NOGROUP No such consumer group 'a' for key name 's'"},
       {{"XPENDING", name, name}, "NOGROUP No such key 'a' or consumer group 'a'"},
       {{"XCLAIM", "s", "g", "c", "0", "1", name}, "ERR Unrecognized XCLAIM option 'a'"}});
}

TEST_CASE("Errors about what is not allowed", "[errors]") {
  TestServer server({"--requirepass", "hush"});
  Redis redis = server.connect();
  check_refusals(
      redis, {{{"XLEN", "s"}, "NOAUTH Authentication required."},
              {{"AUTH", "wrong"}, "WRONGPASS invalid username-password pair or user is disabled."},
              {{"NOSUCH"}, "ERR unknown command 'NOSUCH'"},
              {{"XLEN"}, "ERR wrong number of arguments for 'xlen' command"},
              {{"AUTH", "hush"}, "OK"}});
  const std::string not_allowed =
      " command not allowed. If the enable-debug-command option is set to \"local\", you can run "
      "it from a local connection, otherwise you need to set this option in the configuration "
      "file, and then restart the server.";
  std::string module_not_allowed = not_allowed;
  module_not_allowed.replace(not_allowed.find("debug"), 5, "module");
  check_refusals(redis, {{{"DEBUG", "SLEEP", "0"}, "ERR DEBUG" + not_allowed},
                         {{"MODULE", "LOAD", "x"}, "ERR MODULE" + module_not_allowed}});
}

TEST_CASE("Errors about values", "[errors]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  check_refusals(
      redis,
      {{{"SCAN", "0", "COUNT", "0"}, "ERR syntax error"},
       {{"XINFO", "STREAM", "absent"}, "ERR no such key"},
       {{"SELECT", "x"}, "ERR value is not an integer or out of range"},
       {{"SELECT", "99999999999"},
        "ERR value is out of range, value must between -2147483648 and 2147483647"},
       {{"SELECT", "16"}, "ERR DB index is out of range"},
       {{"DEBUG", "SLEEP", "x"}, "ERR value is not a valid float"},
       {{"SCAN", "x"}, "ERR invalid cursor"},
       {{"XREAD", "BLOCK", "-1", "STREAMS", "s", "$"}, "ERR timeout is negative"},
       {{"XREAD", "BLOCK", "x", "STREAMS", "s", "$"},
        "ERR timeout is not an integer or out of range"},
       {{"XREAD", "BLOCK", "9223372036854775807", "STREAMS", "s", "$"},
        "ERR timeout is out of range"},
       {{"HELLO", "4"}, "NOPROTO unsupported protocol version"},
       {{"SCRIPT", "KILL"}, "NOTBUSY No scripts in execution right now."},
       {{"CLUSTER", "INFO"}, "ERR This instance has cluster support disabled"},
       {{"SLOWLOG", "GET", "-2"}, "ERR count should be greater than or equal to -1"},
       {{"LATENCY", "GRAPH", "x"}, "ERR No samples available for event 'x'"},
       {{"AUTH", "x"},
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?"}});
}

TEST_CASE("Errors of the state that the server is in", "[errors]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  check_refusals(
      redis, {{{"XGROUP", "CREATE", "s", "g", "0"}, "BUSYGROUP Consumer Group name already exists"},
              {{"XPENDING", "s", "x"}, "NOGROUP No such key 's' or consumer group 'x'"}});
  Redis reader = server.connect();
  const int64_t id = reader("CLIENT", "ID").number();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  redis("CLIENT", "UNBLOCK", id, "ERROR");
  CHECK(reader.read() == "UNBLOCKED client unblocked via CLIENT UNBLOCK");
  if (!counts_memory(redis)) return;
  redis("CONFIG", "SET", "maxmemory", 1);
  check_refusals(redis, {{{"XADD", "s", "*", "f", "v"},
                          "OOM command not allowed when used memory > 'maxmemory'."}});
}

}  // namespace weir::testing
