// Idempotent production: XADD with IDMP and IDMPAUTO, XCFGSET, XIDMPRECORD.
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kInvalidId = "ERR Invalid stream ID specified as stream command argument";
constexpr const char* kOnlyAuto =
    "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
constexpr const char* kTwice = "ERR syntax error, IDMP/IDMPAUTO specified multiple times";

/// The value of a field of XINFO STREAM, as it stands in the reply.
std::string xinfo(Redis& redis, const std::string& key, const std::string& field) {
  const std::string text = redis("XINFO", "STREAM", key).text;
  const size_t at = text.find("\"" + field + "\",") + field.size() + 3;
  return text.substr(at, text.find(',', at) - at);
}

/// "pids iids added duplicates"
std::string tracked(Redis& redis, const std::string& key) {
  return xinfo(redis, key, "pids-tracked") + " " + xinfo(redis, key, "iids-tracked") + " " +
         xinfo(redis, key, "iids-added") + " " + xinfo(redis, key, "iids-duplicates");
}

}  // namespace

TEST_CASE("A message sent again becomes no second entry and gets the first ID", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  const Shown first = redis("XADD", "s", "IDMP", "p", "i", "*", "f", 1);
  CHECK(redis("XADD", "s", "idmp", "p", "i", "*", "f", 2, "g", 3) == first);
  CHECK(redis("XLEN", "s") == 1);
  CHECK(redis("XADD", "s", "IDMP", "q", "i", "*", "f", 1) != first);
  redis("XADD", "t", "IDMP", "p", "i", "*", "f", 1);
  CHECK(redis("XLEN", "t") == 1);
  CHECK(tracked(redis, "s") == "2 2 2 1");
  CHECK(tracked(redis, "t") == "1 1 1 0");
}

TEST_CASE("IDMPAUTO knows a message by its content", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  const Shown first = redis("XADD", "s", "IDMPAUTO", "p", "*", "f", 1, "g", 2);
  CHECK(redis("XADD", "s", "idmpauto", "p", "*", "g", 2, "f", 1) == first);
  CHECK(redis("XADD", "s", "IDMPAUTO", "p", "*", "f", 2, "g", 1) != first);
  CHECK(redis("XADD", "s", "IDMPAUTO", "p", "*", "f", 1, "g", 2, "g", 2) != first);
  CHECK(redis("XADD", "s", "IDMPAUTO", "q", "*", "f", 1, "g", 2) != first);
  CHECK(redis("XLEN", "s") == 4);
}

TEST_CASE("IDMP may stand anywhere among the options", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  const Shown first =
      redis("XADD", "s", "MAXLEN", "~", 10, "IDMP", "p", "i", "LIMIT", 5, "*", "f", "v");
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "NOMKSTREAM", "MAXLEN", 10, "*", "f", "v") == first);
  CHECK(redis("XADD", "s", "NOMKSTREAM", "IDMP", "p", "i", "*", "f", "v") == first);
  CHECK(redis("XADD", "none", "NOMKSTREAM", "IDMP", "p", "i", "*", "f", "v") == "nil");
  CHECK(redis("EXISTS", "none") == 0);
}

TEST_CASE("IDMP and IDMPAUTO are given once between them", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "IDMP", "p", "i", "*", "f", "v") == kTwice);
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "IDMPAUTO", "p", "*", "f", "v") == kTwice);
  CHECK(redis("XADD", "s", "IDMPAUTO", "p", "IDMP", "p", "i", "*", "f", "v") == kTwice);
  CHECK(redis("XADD", "s", "IDMPAUTO", "p", "IDMPAUTO", "p", "*", "f", "v") == kTwice);
  CHECK(redis("XADD", "s", "IDMPAUTO", "p", "IDMPAUTO", "", "*", "f", "v") == kTwice);
  CHECK(redis("EXISTS", "s") == 0);
}

TEST_CASE("IDMP wants names that are not empty", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "IDMP", "", "i", "*", "f", "v") ==
        "ERR syntax error, IDMP requires a non-empty producer ID");
  CHECK(redis("XADD", "s", "IDMP", "", "", "1-1", "f", "v") ==
        "ERR syntax error, IDMP requires a non-empty producer ID");
  CHECK(redis("XADD", "s", "IDMP", "p", "", "*", "f", "v") ==
        "ERR syntax error, IDMP requires a non-empty idempotent ID");
  CHECK(redis("XADD", "s", "IDMPAUTO", "", "*", "f", "v") ==
        "ERR syntax error, IDMPAUTO requires a non-empty producer ID");
}

TEST_CASE("IDMP goes with the ID * only, and the ID is looked at first", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* id : {"1-1", "1-*", "1", "0-0"}) {
    CHECK(redis("XADD", "s", "IDMP", "p", "i", id, "f", "v") == kOnlyAuto);
    CHECK(redis("XADD", "s", "IDMPAUTO", "p", id, "f", "v") == kOnlyAuto);
  }
  for (const char* id : {"x", "-", "+", "*-1", "5-6-7"})
    CHECK(redis("XADD", "s", "IDMP", "p", "i", id, "f", "v") == kInvalidId);
  CHECK(redis("XADD", "s", "IDMP", "p", "*", "f", "v") == kInvalidId);
  CHECK(redis("XADD", "s", "IDMPAUTO", "*", "f", "v") == kInvalidId);
  CHECK(redis("XADD", "s", "NOMKSTREAM", "NOMKSTREAM", "IDMPAUTO") == kInvalidId);
  CHECK(redis("XADD", "s", "NOMKSTREAM", "IDMP", "p") == kInvalidId);
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "LIMIT", 5, "1-1", "f", "v") == kOnlyAuto);
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "LIMIT", 5, "*", "f", "v") ==
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "*", "f") ==
        "ERR wrong number of arguments for 'xadd' command");
  CHECK(redis("XADD", "s", "IDMP", "p", "i") == "ERR wrong number of arguments for 'xadd' command");
}

TEST_CASE("A duplicate is answered before anything that would refuse a new entry", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  const Shown first = redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  redis("XADD", "s", "18446744073709551615-18446744073709551615", "f", "v");
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v") == first);
  CHECK(redis("XADD", "s", "IDMP", "p", "j", "*", "f", "v") ==
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  CHECK(tracked(redis, "s") == "1 1 1 1");
}

TEST_CASE("A duplicate trims nothing, wakes nobody and counts as one change", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  redis("XADD", "s", "*", "f", "v");
  const Shown first = redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  const int64_t changes = info_number(redis, "rdb_changes_since_last_save");

  CHECK(redis("XADD", "s", "MAXLEN", 0, "IDMP", "p", "i", "*", "f", "v") == first);

  CHECK(info_number(redis, "rdb_changes_since_last_save") == changes + 1);
  CHECK(redis("XLEN", "s") == 2);
  CHECK(reader.nothing_arrives());
  redis("XADD", "s", "MAXLEN", 1, "IDMP", "p", "j", "*", "f", "w");
  CHECK(reader.read().contains(R"(["f","w"])"));
  CHECK(redis("XLEN", "s") == 1);
  CHECK(info_number(redis, "rdb_changes_since_last_save") == changes + 2);
}

TEST_CASE("A message is known although its entry is gone", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  const Shown deleted = redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  const Shown trimmed = redis("XADD", "s", "MAXLEN", 0, "IDMP", "p", "j", "*", "f", "v");
  redis("XDEL", "s", deleted.text);
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v") == deleted);
  CHECK(redis("XADD", "s", "IDMP", "p", "j", "*", "f", "v") == trimmed);
  CHECK(redis("XLEN", "s") == 0);
}

TEST_CASE("DEL and the flushes forget everything", "[xadd][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  for (const std::vector<std::string>& forget :
       {std::vector<std::string>{"DEL", "s"}, {"UNLINK", "s"}, {"FLUSHDB"}, {"FLUSHALL"}}) {
    redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
    redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
    CHECK(tracked(redis, "s") == "1 1 1 1");
    redis.send_words(forget);
    redis.read();
    redis("XADD", "s", "*", "f", "v");
    CHECK(tracked(redis, "s") == "0 0 0 0");
    redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
    CHECK(redis("XLEN", "s") == 2);
    redis("DEL", "s");
  }
}

TEST_CASE("Messages expire after the duration, about once a second", "[xcfgset][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "*", "f", "v");
  CHECK(redis("XCFGSET", "s", "IDMP-DURATION", 1) == "OK");
  const Shown first = redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  redis("XADD", "s", "IDMP", "q", "i", "*", "f", "v");
  redis("XADD", "t", "IDMP", "q", "i", "*", "f", "v");
  REQUIRE(wait_until([&] { return tracked(redis, "s") == "0 0 2 0"; }));
  CHECK(tracked(redis, "t") == "1 1 1 0");
  CHECK(redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v") != first);
  CHECK(tracked(redis, "s") == "1 1 3 0");
}

TEST_CASE("Thousands of messages expire in the same second", "[xadd][idmp]") {
  TestServer server({"--stream-idmp-duration", "1", "--stream-idmp-maxsize", "10000"});
  Redis redis = server.connect();
  constexpr int kMessages = 30'000;  // many more than one run forgets
  for (int i = 0; i < kMessages; ++i)
    redis.send("XADD", "s" + std::to_string(i % 5), "IDMP", "p", std::to_string(i), "*", "f", "v");
  for (int i = 0; i < kMessages; ++i)
    redis.read();
  CHECK(wait_until([&] {
    bool are_forgotten = true;
    for (int i = 0; i < 5; ++i)
      are_forgotten &= tracked(redis, "s" + std::to_string(i)) == "0 0 6000 0";
    return are_forgotten;
  }));
}

TEST_CASE("XCFGSET says what it cannot take", "[xcfgset]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XCFGSET", "s", "FOO") == "ERR no such key");
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(redis("XCFGSET", "s") == "ERR At least one parameter must be specified");
  const char* duration = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
  const char* maxsize = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
  const char* no_integer = "ERR value is not an integer or out of range";
  for (const char* beyond : {"0", "-1", "86401", "9223372036854775807"})
    CHECK(redis("XCFGSET", "s", "IDMP-DURATION", beyond) == duration);
  for (const char* beyond : {"0", "-1", "10001", "-9223372036854775808"})
    CHECK(redis("XCFGSET", "s", "IDMP-MAXSIZE", beyond) == maxsize);
  for (const char* wrong : {"x", "", "1.5", "01", "+1", "9223372036854775808"}) {
    CHECK(redis("XCFGSET", "s", "IDMP-DURATION", wrong) == no_integer);
    CHECK(redis("XCFGSET", "s", "IDMP-MAXSIZE", wrong) == no_integer);
  }
  CHECK(redis("XCFGSET", "s", "IDMP-DURATION", 5, "IDMP-DURATION", "x") ==
        "ERR IDMP-DURATION specified multiple times");
  CHECK(redis("XCFGSET", "s", "IDMP-MAXSIZE", 5, "idmp-maxsize", 5) ==
        "ERR IDMP-MAXSIZE specified multiple times");
  CHECK(redis("XCFGSET", "s", "IDMP-DURATION", 5, "IDMP-MAXSIZE") == "ERR syntax error");
  CHECK(redis("XCFGSET", "s", "IDMP-DURATION", 5, "FOO", 5) == "ERR syntax error");
  CHECK(xinfo(redis, "s", "idmp-duration") == "100");
  CHECK(xinfo(redis, "s", "idmp-maxsize") == "100");
}

TEST_CASE("XCFGSET with a new value forgets the messages, with the old one it changes nothing",
          "[xcfgset][idmp]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  int64_t changes = info_number(redis, "rdb_changes_since_last_save");
  CHECK(redis("XCFGSET", "s", "IDMP-DURATION", 100) == "OK");
  CHECK(redis("XCFGSET", "s", "IDMP-MAXSIZE", 100, "IDMP-DURATION", 100) == "OK");
  CHECK(tracked(redis, "s") == "1 1 1 0");
  CHECK(info_number(redis, "rdb_changes_since_last_save") == changes);
  CHECK(redis("XCFGSET", "s", "idmp-maxsize", 10000, "idmp-duration", 86400) == "OK");
  CHECK(info_number(redis, "rdb_changes_since_last_save") == changes + 1);
  CHECK(tracked(redis, "s") == "0 0 1 0");
  CHECK(xinfo(redis, "s", "idmp-duration") == "86400");
  CHECK(xinfo(redis, "s", "idmp-maxsize") == "10000");
  CHECK(redis("XCFGSET", "s", "IDMP-MAXSIZE", 1) == "OK");
  CHECK(xinfo(redis, "s", "idmp-duration") == "86400");
  redis("XADD", "s", "IDMP", "p", "i", "*", "f", "v");
  redis("XADD", "s", "IDMP", "p", "j", "*", "f", "v");
  CHECK(tracked(redis, "s") == "1 1 3 0");
}

TEST_CASE("New streams take the server's limits, old ones keep theirs", "[xcfgset][idmp]") {
  TestServer server({"--stream-idmp-duration", "7"});
  Redis redis = server.connect();
  redis("XADD", "old", "*", "f", "v");
  CHECK(redis("CONFIG", "SET", "stream-idmp-duration", 8, "stream-idmp-maxsize", 9) == "OK");
  redis("XADD", "new", "*", "f", "v");
  CHECK(redis("CONFIG", "SET", "stream-idmp-duration", 11, "dir", "/nowhere").starts_with("ERR"));
  redis("XADD", "newer", "*", "f", "v");
  for (const auto& [key, duration, maxsize] :
       {std::tuple{"old", "7", "100"}, {"new", "8", "9"}, {"newer", "8", "9"}}) {
    CHECK(xinfo(redis, key, "idmp-duration") == duration);
    CHECK(xinfo(redis, key, "idmp-maxsize") == maxsize);
  }
}

TEST_CASE("XIDMPRECORD makes a message known", "[xidmprecord]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "2-0", "f", "v");
  const int64_t changes = info_number(redis, "rdb_changes_since_last_save");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "2") == "OK");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "2-0") == "OK");
  CHECK(info_number(redis, "rdb_changes_since_last_save") == changes + 1);
  CHECK(tracked(redis, "s") == "1 1 1 0");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "1-0") ==
        "ERR IID already exists for this producer with a different stream ID");
  CHECK(redis("XIDMPRECORD", "s", "q", "i", "1-0") == "OK");
}

TEST_CASE("XIDMPRECORD looks at its arguments in a fixed order", "[xidmprecord]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* id : {"x", "-", "+", "*", "2-*", ""})
    CHECK(redis("XIDMPRECORD", "none", "", "", id) == kInvalidId);
  CHECK(redis("XIDMPRECORD", "none", "", "", "1-0") == "ERR producer ID must be non-empty");
  CHECK(redis("XIDMPRECORD", "none", "p", "", "1-0") == "ERR idempotent ID must be non-empty");
  CHECK(redis("XIDMPRECORD", "none", "p", "i", "1-0") == "ERR no such key");
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "2-0") == "ERR No such message in stream");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "1-0") == "OK");
  redis("XDEL", "s", "1-0");
  CHECK(redis("XIDMPRECORD", "s", "p", "i", "1-0") == "ERR No such message in stream");
}

TEST_CASE("A refused XIDMPRECORD leaves nothing behind", "[xidmprecord]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XIDMPRECORD", "s", "p", "i", "2-0");
  CHECK(tracked(redis, "s") == "0 0 0 0");
}

TEST_CASE("Remembered messages count as memory of the key", "[idmp]") {
  TestServer server({"--stream-idmp-maxsize", "10000", "--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const auto length = [&] {
    const std::string text = redis("DEBUG", "OBJECT", "s").text;
    return std::stoll(text.substr(text.find("serializedlength:") + 17));
  };
  const int64_t before = length();
  for (int i = 0; i < 1000; ++i)
    redis("XADD", "s", "MAXLEN", 1, "IDMP", "p", "message-" + std::to_string(i), "*", "f", "v");
  CHECK(length() > before + 1000 * 70);
  CHECK(length() < before + 1000 * 130);
}

}  // namespace weir::testing
