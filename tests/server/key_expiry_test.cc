// Keys that live for a while: who removes them, and who hears of it.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

TEST_CASE("A key that nobody asks for expires by itself", "[expire]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client("XADD", "s", "1-0", "f", "v");
  client("PEXPIRE", "s", "20");
  REQUIRE(wait_until([&] { return client("DBSIZE").integer == 0; }));
  CHECK(client("INFO", "stats").text.find("\r\nexpired_keys:1\r\n") != std::string::npos);
}

TEST_CASE("Thirty thousand keys of two databases expire by themselves, in more than one run",
          "[expire]") {
  TestServer server;
  RawClient client = server.connect_raw();
  for (const std::string db : {"0", "1"}) {
    client("SELECT", db);
    std::string requests;
    for (int i = 0; i < 15'000; ++i) {
      const std::string key = "k" + std::to_string(i);
      requests += "XADD " + key + " 1-0 f v\r\nPEXPIRE " + key + " 100\r\n";
    }
    client.write(requests);
    for (int i = 0; i < 30'000; ++i)
      client.read();
  }
  REQUIRE(wait_until([&] { return client("INFO", "keyspace").text == "# Keyspace\r\n"; }));
  CHECK(client("INFO", "stats").text.find("\r\nexpired_keys:30000\r\n") != std::string::npos);
}

TEST_CASE("With active expiry off, a key goes when somebody asks for it", "[expire]") {
  TestServer server({"--enable-debug-command", "yes"});
  RawClient client = server.connect_raw();
  client("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  client("XADD", "s", "1-0", "f", "v");
  client("PEXPIRE", "s", "1");
  REQUIRE(wait_until([&] { return client("KEYS", "*").elements.empty(); }));
  CHECK(client("DBSIZE").integer == 1);
  CHECK(client("INFO", "stats").text.find("\r\nexpired_stale_perc:100.00\r\n") !=
        std::string::npos);
  CHECK(client("EXISTS", "s").integer == 0);
  CHECK(client("DBSIZE").integer == 0);

  client("XADD", "s", "1-0", "f", "v");
  client("PEXPIRE", "s", "1");
  client("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  REQUIRE(wait_until([&] { return client("DBSIZE").integer == 0; }));
  CHECK(client("DEBUG", "SET-ACTIVE-EXPIRE", "2").is_error());
}

TEST_CASE("With active expiry off, SCAN removes the keys that it would have returned", "[expire]") {
  TestServer server({"--enable-debug-command", "yes"});
  RawClient client = server.connect_raw();
  client("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  for (const char* const key : {"a", "b"}) {
    client("XADD", key, "1-0", "f", "v");
    client("PEXPIRE", key, "1");
  }
  REQUIRE(wait_until([&] { return client("KEYS", "*").elements.empty(); }));
  CHECK(resp::show(client("SCAN", "0", "MATCH", "a")) == R"(*["0", *[]])");
  CHECK(client("DBSIZE").integer == 1);
  client("SCAN", "0", "TYPE", "string");
  CHECK(client("DBSIZE").integer == 1);
  client("SCAN", "0");
  CHECK(client("DBSIZE").integer == 0);
}

TEST_CASE("While clients are paused a key whose time is over is hidden, and goes afterwards",
          "[expire][pause]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client("XADD", "s", "1-0", "f", "v");
  client.write("PEXPIRE s 20\r\nCLIENT PAUSE 100000 WRITE\r\n");  // in one turn
  CHECK(client.read().integer == 1);
  CHECK(client.read().text == "OK");
  REQUIRE(wait_until([&] { return client("XLEN", "s").integer == 0; }));
  CHECK(client("KEYS", "*").elements.empty());
  CHECK(client("DBSIZE").integer == 1);
  client("CLIENT", "UNPAUSE");
  REQUIRE(wait_until([&] { return client("DBSIZE").integer == 0; }));
}

TEST_CASE("INFO tells how many keys have a TTL, and its mean", "[expire]") {
  TestServer server;
  RawClient client = server.connect_raw();
  for (const std::string key : {"a", "b", "c"})
    client("XADD", key, "1-0", "f", "v");
  client("EXPIRE", "a", "1000");
  client("EXPIRE", "b", "3000");
  const std::string text = client("INFO", "keyspace").text;
  const std::string begin = "# Keyspace\r\ndb0:keys=3,expires=2,avg_ttl=";
  REQUIRE(text.starts_with(begin));
  const long avg_ttl = std::stol(text.substr(begin.size()));
  CHECK(avg_ttl > 1'900'000);
  CHECK(avg_ttl <= 2'000'000);
}

TEST_CASE("Group readers of a key that expires are told, plain ones go on waiting", "[expire]") {
  TestServer server;
  Redis client = server.connect();
  Redis member = server.connect();
  Redis reader = server.connect();
  client("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  member.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "0");
  REQUIRE(blocked_become(client, 2));
  client("PEXPIRE", "s", "10");
  CHECK(member.read().starts_with("NOGROUP"));
  REQUIRE(blocked_become(client, 1));
  client("XADD", "s", "0-5", "f", "v");
  CHECK(reader.read() == R"([["s",[["0-5",["f","v"]]]]])");
}

}  // namespace
}  // namespace weir::testing
