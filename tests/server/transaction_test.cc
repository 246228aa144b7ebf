// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {

TEST_CASE("Queued commands run at EXEC and answer in order", "[multi][exec]") {
  TestServer server;
  Redis redis = server.connect();
  Redis other = server.connect();
  CHECK(redis("MULTI") == "OK");
  CHECK(redis("XADD", "s", "1-0", "f", "v") == "QUEUED");
  CHECK(redis("XLEN", "s") == "QUEUED");
  CHECK(other("XLEN", "s") == 0);
  CHECK(redis("EXEC") == R"(["1-0",1])");
  CHECK(redis("MULTI") == "OK");
  CHECK(redis("EXEC") == "[]");
}

TEST_CASE("A nested MULTI and a WATCH inside leave the transaction usable", "[multi][watch]") {
  TestServer server;
  Redis redis = server.connect();
  redis("MULTI");
  CHECK(redis("MULTI") == "ERR MULTI calls can not be nested");
  CHECK(redis("WATCH", "s") == "ERR WATCH inside MULTI is not allowed");
  CHECK(redis("PING") == "QUEUED");
  CHECK(redis("EXEC") == "[PONG]");
}

TEST_CASE("What cannot be queued makes EXEC refuse", "[multi][exec]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  redis("AUTH", "secret");
  for (const char* wrong : {"NOSUCH", "XADD"}) {
    redis("MULTI");
    redis(wrong);
    CHECK(redis("PING") == "QUEUED");
    CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
    CHECK(redis("EXEC") == "ERR EXEC without MULTI");
  }
}

TEST_CASE("SHUTDOWN and CLIENT REPLY are refused inside a transaction", "[multi]") {
  TestServer server;
  Redis redis = server.connect();
  redis("MULTI");
  CHECK(redis("SHUTDOWN", "NOSAVE") == "ERR Command not allowed inside a transaction");
  CHECK(redis("CLIENT", "REPLY", "OFF") == "ERR Command not allowed inside a transaction");
  CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
}

TEST_CASE("Out of memory, a write is not queued and EXEC of one runs nothing", "[exec]") {
  TestServer server;
  Redis redis = server.connect();
  redis("MULTI");
  redis("XADD", "s", "1-0", "f", "v");
  server.connect()("CONFIG", "SET", "maxmemory", 1);
  CHECK(redis("EXEC") ==
        "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > "
        "'maxmemory'.");
  CHECK(redis("XLEN", "s") == 0);
  redis("MULTI");
  CHECK(redis("XADD", "s", "1-0", "f", "v") ==
        "OOM command not allowed when used memory > 'maxmemory'.");
  CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
}

TEST_CASE("Out of memory nothing is queued, and a transaction can still be left", "[multi][exec]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "SET", "maxmemory", 1);
  redis("MULTI");
  for (const char* const command : {"XLEN", "TYPE"})
    CHECK(redis(command, "s") == "OOM command not allowed when used memory > 'maxmemory'.");
  CHECK(redis("XLEN") == "ERR wrong number of arguments for 'xlen' command");
  CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
  redis("MULTI");
  CHECK(redis("DISCARD") == "OK");
  redis("MULTI");
  CHECK(redis("EXEC") == "[]");
  CHECK(redis("XLEN", "s") == 0);
}

TEST_CASE("Out of memory no transaction is begun within one, and nothing watched",
          "[multi][exec]") {
  const std::string binary = GENERATE(as<std::string>(), "", kRedis);
  TestServer server({}, binary.empty() ? server_binary() : binary);
  Redis redis = server.connect();
  redis("CONFIG", "SET", "maxmemory", 1);
  CHECK(redis("WATCH", "s") == "OK");
  CHECK(redis("MULTI") == "OK");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"MULTI"}, {"WATCH", "s"}, {"UNWATCH"}}) {
    redis.send_words(words);
    CHECK(redis.read() == "OOM command not allowed when used memory > 'maxmemory'.");
  }
  CHECK(redis("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
  redis("MULTI");
  CHECK(redis("RESET") == "RESET");
  CHECK(redis("EXEC") == "ERR EXEC without MULTI");
}

TEST_CASE("A blocking read inside EXEC does not wait", "[exec]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  redis("MULTI");
  redis("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  redis("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
  redis("WAIT", 1, 0);
  CHECK(redis("EXEC") == "[nil,nil,0]");
}

TEST_CASE("Readers wake after EXEC, with all that it added", "[exec][xread]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  redis("MULTI");
  redis("XADD", "s", "1-0", "f", "a");
  redis("XADD", "s", "2-0", "f", "b");
  redis("EXEC");
  CHECK(reader.read() == R"([["s",[["1-0",["f","a"]],["2-0",["f","b"]]]]])");
}

TEST_CASE("A reader sees nothing of an entry that the same EXEC deletes again", "[exec][xread]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  redis("MULTI");
  redis("XADD", "s", "1-0", "f", "a");
  redis("DEL", "s");
  redis("EXEC");
  redis("XADD", "s", "2-0", "f", "b");
  CHECK(reader.read() == R"([["s",[["2-0",["f","b"]]]]])");
}

TEST_CASE("EXEC runs nothing when a watched key was changed, by whomever", "[watch][exec]") {
  TestServer server;
  Redis redis = server.connect();
  Redis other = server.connect();
  for (Redis* writer : {&redis, &other}) {
    CHECK(redis("WATCH", "s", "t") == "OK");
    (*writer)("XADD", "s", "*", "f", "v");
    redis("MULTI");
    redis("PING");
    CHECK(redis("EXEC") == "nil");
  }
  redis("MULTI");
  redis("PING");
  CHECK(redis("EXEC") == "[PONG]");
}

TEST_CASE("UNWATCH, DISCARD, RESET and EXEC forget what was watched", "[unwatch][discard]") {
  TestServer server;
  Redis redis = server.connect();
  Redis other = server.connect();
  const auto watching = [&other] { return info_number(other, "watching_clients"); };
  const auto watch = [&] {
    redis("WATCH", "s", "t");
    CHECK(watching() == 1);
    CHECK(info_number(other, "total_watched_keys") == 2);
  };
  watch();
  CHECK(redis("UNWATCH") == "OK");
  CHECK(watching() == 0);
  watch();
  redis("MULTI");
  CHECK(redis("DISCARD") == "OK");
  CHECK(watching() == 0);
  watch();
  redis("RESET");
  CHECK(watching() == 0);
  watch();
  redis("MULTI");
  redis("EXEC");
  CHECK(watching() == 0);
}

TEST_CASE("A connection that goes takes its watches and its queue along", "[watch]") {
  TestServer server;
  Redis other = server.connect();
  {
    Redis redis = server.connect();
    redis("WATCH", "s");
    redis("MULTI");
    redis("XADD", "s", "1-0", "f", "v");
  }
  CHECK(wait_until([&] { return info_number(other, "watching_clients") == 0; }));
  CHECK(other("EXISTS", "s") == 0);
}

TEST_CASE("A queue that grows past the query buffer limit ends the connection", "[multi]") {
  TestServer server({"--client-query-buffer-limit", "1mb"});
  Redis redis = server.connect();
  redis("MULTI");
  const std::string value(400'000, 'x');
  redis("XADD", "s", "*", "f", value);
  redis("XADD", "s", "*", "f", value);
  redis.send("XADD", "s", "*", "f", value);
  CHECK(redis.read() == "(closed)");
}

TEST_CASE("CLIENT LIST tells the queue and the watched keys", "[multi][client|list]") {
  TestServer server;
  Redis redis = server.connect();
  redis("WATCH", "s", "t");
  redis("MULTI");
  redis("PING");
  const Shown list = server.connect()("CLIENT", "LIST");
  CHECK(list.contains(" flags=x "));
  CHECK(list.contains(" multi=1 watch=2 "));
}

TEST_CASE("CLIENT LIST tells that EXEC will refuse, since a watched key changed",
          "[watch][client|list]") {
  TestServer server;
  Redis redis = server.connect();
  Redis other = server.connect();
  redis("WATCH", "s");
  CHECK(redis("CLIENT", "INFO").contains(" flags=N "));
  other("XADD", "s", "*", "f", "v");
  CHECK(redis("CLIENT", "INFO").contains(" flags=d "));
  redis("UNWATCH");
  CHECK(redis("CLIENT", "INFO").contains(" flags=N "));
}

}  // namespace weir::testing
