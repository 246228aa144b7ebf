// SLOWLOG: which commands are remembered, and what of them.
#include <regex>
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// Remembers commands that take at least so long, from now on.
void remember_from(Redis& redis, int64_t us) {
  redis("CONFIG", "SET", "slowlog-log-slower-than", us);
  redis("SLOWLOG", "RESET");
}

/// Does `words` while every command is remembered, and nothing else.
template <typename... Words>
void remembered(Redis& redis, const Words&... words) {
  remember_from(redis, 0);
  redis(words...);
  redis("CONFIG", "SET", "slowlog-log-slower-than", -1);
}

/// The words of the command before the last two, which `remembered` sends behind it.
std::string words_of(const Shown& reply) {
  std::smatch found;
  std::regex_search(reply.text, found, std::regex(R"re(,(\["[^\]]*\]),"127)re"));
  return found[1];
}

}  // namespace

TEST_CASE("An entry of the slow log says when, how long, what and who", "[slowlog]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CLIENT", "SETNAME", "me");
  remembered(redis, "XADD", "s", "1-0", "f", "v");
  const std::string entry =
      R"re(\[\[\d+,1\d{9},\d+,\["XADD","s","1-0","f","v"\],"127\.0\.0\.1:\d+","me"\]\])re";
  CAPTURE(redis("SLOWLOG", "GET", 1));
  CHECK(std::regex_match(redis("SLOWLOG", "GET", 1).text, std::regex(entry)));
}

TEST_CASE("Only commands that take long are remembered", "[slowlog]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("CONFIG", "SET", "slowlog-log-slower-than", 100'000);
  redis("PING");
  CHECK(redis("SLOWLOG", "LEN") == 0);
  redis("DEBUG", "SLEEP", "0.11");
  CHECK(redis("SLOWLOG", "LEN") == 1);
  CHECK(words_of(redis("SLOWLOG", "GET")) == R"(["DEBUG","SLEEP","0.11"])");
  redis("CONFIG", "SET", "slowlog-log-slower-than", -1);
  redis("DEBUG", "SLEEP", "0.11");
  CHECK(redis("SLOWLOG", "LEN") == 1);
}

TEST_CASE("A reader's waiting is not counted as time that it took", "[slowlog][info]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  redis("CONFIG", "SET", "slowlog-log-slower-than", 100'000);
  reader("XREAD", "BLOCK", 150, "STREAMS", "s", "$");
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(reader.read().contains("1-0"));
  CHECK(redis("SLOWLOG", "LEN") == 0);
  CHECK(info_field(redis, "cmdstat_xread").starts_with("calls=2,usec="));
}

TEST_CASE("A wait that ends with nothing is not in the slow log, one that is served is",
          "[slowlog][blocking]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  remember_from(redis, 0);
  CHECK(reader("XREAD", "BLOCK", 20, "STREAMS", "s", "$") == "nil");
  CHECK(reader("XREADGROUP", "GROUP", "g", "c", "BLOCK", 20, "STREAMS", "s", ">") == "nil");
  CHECK(reader("WAIT", 1, 20) == 0);
  Shown log = redis("SLOWLOG", "GET", -1);
  CHECK_FALSE(log.contains("XREAD"));
  CHECK_FALSE(log.contains("WAIT"));
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(reader.read().contains("1-0"));
  CHECK(redis("SLOWLOG", "GET", -1).contains(R"(["XREAD","BLOCK","0","STREAMS","s",)"));
}

TEST_CASE("The slow log keeps the latest slowlog-max-len commands, latest first", "[slowlog]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "SET", "slowlog-max-len", 5);
  remember_from(redis, 0);
  for (int i = 0; i < 20; ++i)
    redis("ECHO", i);
  CHECK(redis("SLOWLOG", "LEN") == 5);
  CHECK(redis("SLOWLOG", "GET", 2).contains(R"(["SLOWLOG","LEN"])"));
  CHECK(redis("SLOWLOG", "GET", 0) == "[]");
  redis("CONFIG", "SET", "slowlog-max-len", 0);
  redis("SLOWLOG", "RESET");
  redis("PING");
  CHECK(redis("SLOWLOG", "LEN") == 0);
}

TEST_CASE("Long commands are cut in the slow log", "[slowlog]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "SET", "slowlog-entry-max-argc", 4);
  redis("CONFIG", "SET", "slowlog-entry-max-string-len", 3);
  remembered(redis, "XADD", "s", "1-0", "field", "value", "f", "v");
  CHECK(redis("SLOWLOG", "GET")
            .contains(R"re(["XAD... (1 more bytes)","s","1-0","... (4 more arguments)"])re"));
}

TEST_CASE("The slow log has the commands of a transaction, and not EXEC", "[slowlog][exec]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("CONFIG", "SET", "slowlog-log-slower-than", 100'000);
  redis("MULTI");
  redis("DEBUG", "SLEEP", "0.11");
  redis("EXEC");
  CHECK(redis("SLOWLOG", "LEN") == 1);
  CHECK(words_of(redis("SLOWLOG", "GET")) == R"(["DEBUG","SLEEP","0.11"])");
  const std::string all = info_field(redis, "cmdstat_exec");
  CHECK(std::stoll(all.substr(all.find("usec=") + 5)) >= 110'000);
}

TEST_CASE("The slow log shows no passwords", "[slowlog][auth][hello][config]") {
  TestServer server;
  Redis redis = server.connect();
  remember_from(redis, 0);
  redis("CONFIG", "SET", "requirepass", "hush-hush");
  redis("AUTH", "hush-hush");
  redis("AUTH", "default", "hush-hush");
  redis("HELLO", "2", "AUTH", "default", "hush-hush");
  const Shown log = redis("SLOWLOG", "GET", -1);
  CHECK_FALSE(log.contains("hush-hush"));
  CHECK(log.contains(R"re(["CONFIG","SET","requirepass","(redacted)"])re"));
  CHECK(log.contains(R"re(["AUTH","(redacted)"])re"));
}

}  // namespace weir::testing
