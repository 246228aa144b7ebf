// XPENDING and XNACK: what is pending, and what is given back.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kMost = "9223372036854775807";
constexpr const char* kNotAnInteger = "ERR value is not an integer or out of range";
constexpr const char* kBadId = "ERR Invalid stream ID specified as stream command argument";

/// 1-0 … entries-0 at "s", all read by "c" of the group "g".
void read_all(Redis& redis, int entries) {
  for (int n = 1; n <= entries; ++n)
    redis.send("XADD", "s", std::to_string(n) + "-0", "f", "v");
  for (int n = 1; n <= entries; ++n)
    redis.read();
  redis("XGROUP", "CREATE", "s", "g", 0);
  redis("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
}

/// Sets when and how often entries were delivered, so that their idle times are known.
void deliver(Redis& redis, const char* id, int64_t at_ms, int64_t deliveries) {
  redis("XCLAIM", "s", "g", "c", 0, id, "TIME", at_ms, "RETRYCOUNT", deliveries, "JUSTID");
}

TEST_CASE("CLAIM does not deliver again what it took over ahead of the group", "[xreadgroup]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* const id : {"1-0", "2-0", "3-0"})
    redis("XADD", "s", id, "f", "v");
  redis("XGROUP", "CREATE", "s", "g", 0);
  redis("XNACK", "s", "g", "FAIL", "IDS", 1, "2-0", "FORCE");

  const std::string reply =
      redis("XREADGROUP", "GROUP", "g", "c", "CLAIM", 0, "STREAMS", "s", ">").text;
  const size_t first = reply.find("2-0");
  CHECK(first != std::string::npos);
  CHECK(reply.find("2-0", first + 1) == std::string::npos);
  CHECK(redis("XPENDING", "s", "g", "-", "+", 10, "c").contains("3-0"));
}

}  // namespace

TEST_CASE("XPENDING checks its words before the key", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  const char* const syntax = "ERR syntax error";
  CHECK(redis("XPENDING", "none", "g", "-") == syntax);
  CHECK(redis("XPENDING", "none", "g", "-", "+") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", 0, "-", "+") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", 0, "-", "+", 1, "c", "more") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", "x", "-", "+") == kNotAnInteger);
  CHECK(redis("XPENDING", "none", "g", "-", "+", "x") == kNotAnInteger);
  CHECK(redis("XPENDING", "none", "g", "x", "+", 1) == kBadId);
  CHECK(redis("XPENDING", "none", "g", "-", "x", 1) == kBadId);
  CHECK(redis("XPENDING", "none", "g", "(18446744073709551615-18446744073709551615", "+", 1) ==
        "ERR invalid start ID for the interval");
  CHECK(redis("XPENDING", "none", "g", "-", "(0-0", 1) == "ERR invalid end ID for the interval");
  CHECK(redis("XPENDING", "none", "g") == "NOGROUP No such key 'none' or consumer group 'g'");
  CHECK(redis("XPENDING", "none", "g", "-", "+", 1) ==
        "NOGROUP No such key 'none' or consumer group 'g'");
}

TEST_CASE("XPENDING of a group with nothing pending", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  CHECK(redis("XPENDING", "s", "g") == "[0,nil,nil,nil]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", kMost) == "[]");
  redis("XGROUP", "CREATECONSUMER", "s", "g", "c");
  CHECK(redis("XPENDING", "s", "g") == "[0,nil,nil,nil]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", kMost, "c") == "[]");
}

TEST_CASE("XPENDING sums up for each consumer that has something", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 300);
  redis("XGROUP", "CREATECONSUMER", "s", "g", "idle");
  redis("XCLAIM", "s", "g", "a", 0, "7-0", "9-0", "JUSTID");
  CHECK(redis("XPENDING", "s", "g") == R"([300,"1-0","300-0",[["a","2"],["c","298"]]])");
  redis("XNACK", "s", "g", "FAIL", "IDS", 2, "7-0", "9-0");
  CHECK(redis("XPENDING", "s", "g") == R"([300,"1-0","300-0",[["c","298"]]])");
}

TEST_CASE("XPENDING of released entries alone has no consumers", "[xpending][xnack]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 2);
  CHECK(redis("XNACK", "s", "g", "FAIL", "IDS", 2, "1-0", "2-0") == 2);
  CHECK(redis("XPENDING", "s", "g") == R"([2,"1-0","2-0",[]])");
  CHECK(redis("XPENDING", "s", "g", "IDLE", kMost, "-", "+", 10) ==
        R"([["1-0","",-1,1],["2-0","",-1,1]])");
  CHECK(redis("XPENDING", "s", "g", "-", "+", 10, "c") == "[]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", 10, "") == "[]");
}

TEST_CASE("XPENDING IDLE lists what was idle that long", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 3);
  deliver(redis, "1-0", 1000, 1);
  deliver(redis, "3-0", 2000, 7);
  const auto listed = [&redis](const char* idle_ms) {
    const std::string all = redis("XPENDING", "s", "g", "IDLE", idle_ms, "-", "+", 10).text;
    std::string ids;
    for (const char* id : {"1-0", "2-0", "3-0"}) {
      if (all.find(id) != std::string::npos) ids += id[0];
    }
    return ids;
  };
  CHECK(listed("0") == "123");
  CHECK(listed("-9223372036854775808") == "123");
  CHECK(listed("600000000") == "13");
  CHECK(listed(kMost).empty());
}

TEST_CASE("The greatest count of XPENDING is no limit and takes no memory", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 3);
  const Shown all = redis("XPENDING", "s", "g", "-", "+", kMost);
  CHECK(all.starts_with(R"([["1-0","c",)"));
  CHECK(all.contains("\"3-0\""));
  CHECK(redis("XPENDING", "s", "g", "(1-0", "(3-0", kMost, "c").starts_with(R"([["2-0","c",)"));
  CHECK(redis("XPENDING", "s", "g", "-", "+", 0) == "[]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", "-1") == "[]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", "9223372036854775808") == kNotAnInteger);
}

TEST_CASE("A reply of XPENDING may be longer than what is gathered at a time", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 1000);
  RawClient client = server.connect_raw();
  const std::vector<resp::Reply> all = client("XPENDING", "s", "g", "-", "+", "999").elements;
  REQUIRE(all.size() == 999);
  CHECK(all.front().elements[0].text == "1-0");
  CHECK(all.back().elements[0].text == "999-0");
}

TEST_CASE("Every mode of XNACK counts deliveries in its way", "[xnack]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 5);
  deliver(redis, "5-0", 1000, 0);
  redis("XNACK", "s", "g", "SILENT", "IDS", 2, "1-0", "5-0");
  redis("XNACK", "s", "g", "fail", "IDS", 1, "2-0");
  redis("XNACK", "s", "g", "Fatal", "IDS", 1, "3-0");
  redis("XNACK", "s", "g", "FATAL", "RETRYCOUNT", 4, "IDS", 1, "4-0");
  CHECK(redis("XPENDING", "s", "g", "-", "+", 10) ==
        R"([["1-0","",-1,0],["2-0","",-1,1],["3-0","",-1,9223372036854775807],)"
        R"(["4-0","",-1,4],["5-0","",-1,0]])");
}

TEST_CASE("XNACK FORCE also takes what is not pending, if it is there", "[xnack]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "2-0", "f", "v");
  redis("XGROUP", "CREATE", "s", "g", 0);
  CHECK(redis("XNACK", "s", "g", "FAIL", "IDS", 2, "1-0", "9-0") == 0);
  CHECK(redis("XNACK", "s", "g", "FAIL", "IDS", 2, "1-0", "9-0", "FORCE") == 1);
  CHECK(redis("XNACK", "s", "g", "FATAL", "FORCE", "IDS", 2, "2-0", "2-0") == 2);
  CHECK(redis("XPENDING", "s", "g", "-", "+", 10) ==
        R"([["1-0","",-1,0],["2-0","",-1,9223372036854775807]])");
}

TEST_CASE("XNACK says what is wrong, and does nothing then", "[xnack]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 3);
  const auto nack = [&redis](const std::vector<std::string>& words) {
    std::vector<std::string> all = {"XNACK", "s", "g"};
    all.insert(all.end(), words.begin(), words.end());
    redis.send_words(all);
    return redis.read();
  };
  CHECK(redis("XNACK", "none", "g", "FOO", "IDS", 1, "x") ==
        "NOGROUP No such key 'none' or consumer group 'g'");
  CHECK(redis("XNACK", "s", "none", "FOO", "IDS", 1, "x") ==
        "NOGROUP No such key 's' or consumer group 'none'");
  CHECK(nack({"FOO", "IDS", "1", "1-0"}) == "ERR mode must be SILENT, FAIL, or FATAL");
  for (const char* number : {"0", "-1", "x", "", "2147483648", "9223372036854775808"}) {
    CHECK(nack({"FAIL", "IDS", number, "1-0"}) == "ERR numids must be a positive integer");
  }
  CHECK(nack({"FAIL", "IDS", "2147483647", "1-0"}) == "ERR number of IDs doesn't match numids");
  CHECK(nack({"FAIL", "IDS", "1", "1-0", "2-0"}) == "ERR Unrecognized XNACK option '2-0'");
  CHECK(nack({"FAIL", "IDS", "1", "1-0", "RETRYCOUNT"}) ==
        "ERR Unrecognized XNACK option 'RETRYCOUNT'");
  CHECK(nack({"FAIL", "IDS", "1", "1-0", "RETRYCOUNT", "x"}) == kNotAnInteger);
  CHECK(nack({"FAIL", "IDS", "1", "1-0", "RETRYCOUNT", "-1"}) ==
        "ERR Invalid RETRYCOUNT value, must be >= 0");
  CHECK(nack({"FAIL", "RETRYCOUNT", "1", "FORCE"}) == "ERR syntax error, expected IDS keyword");
  CHECK(nack({"FAIL", "IDS", "2", "1-0", "x"}) == kBadId);
  CHECK(redis("XPENDING", "s", "g") == R"([3,"1-0","3-0",[["c","3"]]])");
}

TEST_CASE("CLAIM takes entries of one millisecond in the order of their last delivery",
          "[xreadgroup]") {
  TestServer server;
  Redis redis = server.connect();
  read_all(redis, 3);
  for (const char* const id : {"1-0", "2-0", "3-0", "1-0", "2-0", "3-0", "1-0"})
    CHECK(redis("XREADGROUP", "GROUP", "g", "d", "CLAIM", 0, "COUNT", 1, "STREAMS", "s", ">")
              .contains(id));
  redis("XREADGROUP", "GROUP", "g", "d", "COUNT", 2, "STREAMS", "s", 0);  // 1-0 and 2-0
  for (const char* const id : {"3-0", "1-0", "2-0"})
    CHECK(redis("XREADGROUP", "GROUP", "g", "e", "CLAIM", 0, "COUNT", 1, "STREAMS", "s", ">")
              .contains(id));
  for (const char* const id : {"3-0", "1-0"})
    deliver(redis, id, 1000, 1);
  const std::string both =
      redis("XREADGROUP", "GROUP", "g", "e", "CLAIM", 0, "COUNT", 2, "STREAMS", "s", ">").text;
  CHECK(both.find("3-0") < both.find("1-0"));
}

TEST_CASE("XNACK wakes a reader that waits with CLAIM", "[xnack][xreadgroup]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  read_all(redis, 1);
  reader.send("XREADGROUP", "GROUP", "g", "d", "BLOCK", 0, "CLAIM", 3'600'000, "STREAMS", "s", ">");
  REQUIRE(blocked_become(redis, 1));
  redis("XNACK", "s", "g", "FAIL", "IDS", 1, "1-0");
  CHECK(reader.read().starts_with(R"([["s",[["1-0",["f","v"],)"));
}

TEST_CASE("XGROUP DESTROY ends the wait for the group's entries", "[xgroup][xreadgroup]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  read_all(redis, 1);
  reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
  REQUIRE(blocked_become(redis, 1));
  redis("XGROUP", "DESTROY", "s", "other");
  CHECK(reader.nothing_arrives());
  redis("XGROUP", "DESTROY", "s", "g");
  CHECK(reader.read() ==
        "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option");
}

}  // namespace weir::testing
