// CLIENT PAUSE and UNPAUSE, WAIT and WAITAOF.

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {

TEST_CASE("A pause of writes lets reads pass and runs the writes afterwards, in order",
          "[client|pause][client|unpause]") {
  TestServer server;
  Redis redis = server.connect();
  Redis first = server.connect();
  Redis second = server.connect();
  CHECK(redis("CLIENT", "PAUSE", 100'000, "WRITE") == "OK");
  first.send("XADD", "s", "1-0", "f", "v");
  REQUIRE(blocked_become(redis, 1));
  second.send("XADD", "s", "2-0", "f", "v");
  REQUIRE(blocked_become(redis, 2));
  CHECK(redis("XLEN", "s") == 0);
  CHECK(redis("CLIENT", "UNPAUSE") == "OK");
  CHECK(first.read() == "1-0");
  CHECK(second.read() == "2-0");
  CHECK(blocked_become(redis, 0));
}

TEST_CASE("A pause ends by itself", "[client|pause]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CLIENT", "PAUSE", 50);
  CHECK(redis("PING") == "PONG");
}

TEST_CASE("What was sent behind a command that is put off waits behind it", "[client|pause]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient writer = server.connect_raw();
  redis("CLIENT", "PAUSE", 100'000, "WRITE");
  writer.send("XADD", "s", "1-0", "f", "v");
  writer.send("XLEN", "s");
  REQUIRE(blocked_become(redis, 1));
  redis("CLIENT", "UNPAUSE");
  CHECK(resp::show(writer.read()) == R"("1-0")");
  CHECK(resp::show(writer.read()) == ":1");
}

TEST_CASE("Of two pauses the stricter mode and the later end hold", "[client|pause]") {
  TestServer server;
  Redis redis = server.connect();
  Redis other = server.connect();
  redis("CLIENT", "PAUSE", 100'000, "WRITE");
  redis("CLIENT", "PAUSE", 10, "WRITE");
  other.send("XADD", "s", "1-0", "f", "v");
  REQUIRE(blocked_become(redis, 1));
  CHECK(redis("XLEN", "s") == 0);
  redis("CLIENT", "UNPAUSE");
  CHECK(other.read() == "1-0");
}

TEST_CASE("EXEC of a write is put off as a whole, EXEC of reads is not", "[client|pause][exec]") {
  TestServer server;
  Redis redis = server.connect();
  Redis writer = server.connect();
  writer("MULTI");
  writer("XADD", "s", "1-0", "f", "v");
  redis("MULTI");
  redis("XLEN", "s");
  Redis operator_ = server.connect();
  operator_("CLIENT", "PAUSE", 100'000, "WRITE");
  writer.send("EXEC");
  REQUIRE(blocked_become(operator_, 1));
  CHECK(redis("EXEC") == "[0]");
  operator_("CLIENT", "UNPAUSE");
  CHECK(writer.read() == R"(["1-0"])");
}

TEST_CASE("A client that leaves while it is put off is forgotten", "[client|pause]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CLIENT", "PAUSE", 100'000, "WRITE");
  {
    Redis writer = server.connect();
    writer.send("XADD", "s", "1-0", "f", "v");
    REQUIRE(blocked_become(redis, 1));
  }
  REQUIRE(wait_until([&] { return info_number(redis, "connected_clients") == 1; }));
  redis("CLIENT", "UNPAUSE");
  CHECK(redis("XLEN", "s") == 0);
}

TEST_CASE("CLIENT UNBLOCK does not end a pause", "[client|pause][client|unblock]") {
  TestServer server;
  Redis redis = server.connect();
  Redis writer = server.connect();
  const int64_t id = writer("CLIENT", "ID").number();
  redis("CLIENT", "PAUSE", 100'000, "WRITE");
  writer.send("XADD", "s", "1-0", "f", "v");
  REQUIRE(blocked_become(redis, 1));
  CHECK(redis("CLIENT", "UNBLOCK", id) == 0);
  redis("CLIENT", "UNPAUSE");
  CHECK(writer.read() == "1-0");
}

TEST_CASE("WAIT answers when its time is over, since there are no replicas", "[wait][waitaof]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("WAIT", 0, 0) == 0);
  CHECK(redis("WAIT", 1, 20) == 0);
  CHECK(redis("WAITAOF", 0, 1, 20) == "[0,0]");
  CHECK(redis("PING") == "PONG");
}

TEST_CASE("CLIENT UNBLOCK ends a WAIT with its count, or with an error", "[wait]") {
  TestServer server;
  Redis redis = server.connect();
  Redis waiting = server.connect();
  const int64_t id = waiting("CLIENT", "ID").number();
  waiting.send("WAIT", 1, 0);
  REQUIRE(blocked_become(redis, 1));
  CHECK(redis("CLIENT", "UNBLOCK", id) == 1);
  CHECK(waiting.read() == 0);
  waiting.send("WAIT", 1, 0);
  REQUIRE(blocked_become(redis, 1));
  CHECK(redis("CLIENT", "UNBLOCK", id, "ERROR") == 1);
  CHECK(waiting.read() == "UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

}  // namespace weir::testing
