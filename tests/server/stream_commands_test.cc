// Stream commands through the wire, at the edges: greatest numbers, large values, many fields.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::Reply;
using resp::show;

constexpr const char* kMost = "9223372036854775807";
constexpr const char* kMaxId = "18446744073709551615-18446744073709551615";

void add_entries(Redis& redis, const std::string& key, int entries) {
  for (int n = 1; n <= entries; ++n)
    redis.send("XADD", key, std::to_string(n) + "-0", "f", "v");
  for (int n = 1; n <= entries; ++n)
    redis.read();
}

}  // namespace

TEST_CASE("The greatest COUNT is no limit", "[xrange][xread]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 2);
  const std::string both = R"([["1-0",["f","v"]],["2-0",["f","v"]]])";
  CHECK(redis("XRANGE", "s", "-", "+", "COUNT", kMost) == both);
  CHECK(redis("XREVRANGE", "s", "+", "-", "COUNT", kMost) ==
        R"([["2-0",["f","v"]],["1-0",["f","v"]]])");
  CHECK(redis("XREAD", "COUNT", kMost, "STREAMS", "s", 0) == R"([["s",)" + both + "]]");
  CHECK(redis("XREAD", "MAXCOUNT", kMost, "MAXSIZE", kMost, "STREAMS", "s", 0) ==
        R"([["s",)" + both + "]]");
  for (const char* beyond : {"9223372036854775808", "1e3", "+1", "", "0x1"}) {
    CHECK(redis("XRANGE", "s", "-", "+", "COUNT", beyond) ==
          "ERR value is not an integer or out of range");
  }
}

TEST_CASE("The greatest ID can be added, read and deleted, and nothing after it", "[xadd]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", kMaxId, "f", "v") == kMaxId);
  CHECK(redis("XADD", "s", "*", "f", "v") ==
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  CHECK(redis("XRANGE", "s", kMaxId, "+") == "[[\"" + std::string(kMaxId) + R"(",["f","v"]]])");
  CHECK(redis("XRANGE", "s", "(" + std::string(kMaxId), "+") ==
        "ERR invalid start ID for the interval");
  CHECK(redis("XREAD", "STREAMS", "s", kMaxId) == "nil");
  CHECK(redis("XREAD", "STREAMS", "s", "+") ==
        "[[\"s\",[[\"" + std::string(kMaxId) + R"(",["f","v"]]]]])");
  CHECK(redis("XDEL", "s", kMaxId) == 1);
  CHECK(redis("XADD", "s", "*", "f", "v").starts_with("ERR The stream has exhausted"));
}

TEST_CASE("The smallest ID is 0-1", "[xadd]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "0-1", "f", "v") == "0-1");
  CHECK(redis("XRANGE", "s", "-", "(0-2") == R"([["0-1",["f","v"]]])");
  CHECK(redis("XRANGE", "s", "-", "(0-0") == "ERR invalid end ID for the interval");
  CHECK(redis("XREAD", "STREAMS", "s", "0-0") == R"([["s",[["0-1",["f","v"]]]]])");
}

TEST_CASE("ms-* goes on after the greatest sequence only in the next millisecond", "[xadd]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XADD", "s", "5-18446744073709551615", "f", "v") == "5-18446744073709551615");
  CHECK(redis("XADD", "s", "5-*", "f", "v") ==
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  CHECK(redis("XADD", "s", "6-*", "f", "v") == "6-0");
  CHECK(redis("XADD", "s", "18446744073709551615-*", "f", "v") == "18446744073709551615-0");
  CHECK(redis("XADD", "s", "*", "f", "v") == "18446744073709551615-1");
}

TEST_CASE("A value of a mebibyte and one of a gibibyte's hundredth come back as they went",
          "[xadd][xrange]") {
  TestServer server;
  RawClient client = server.connect_raw();
  for (const size_t size : {size_t{1} << 20, size_t{10'737'418}}) {
    std::string value(size, '\0');
    for (size_t i = 0; i < size; ++i)
      value[i] = static_cast<char>(i * 31 + i / 251);
    CHECK_FALSE(client("XADD", "s", "*", "f", value).is_error());
    CHECK(
        client("XREVRANGE", "s", "+", "-", "COUNT", "1").elements[0].elements[1].elements[1].text ==
        value);
  }
}

TEST_CASE("Every byte may be in a field and a value", "[xadd][xrange]") {
  TestServer server;
  RawClient client = server.connect_raw();
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  client("XADD", "s", "1-0", bytes, bytes, "", "");
  const std::vector<Reply> fields =
      client("XRANGE", "s", "-", "+").elements[0].elements[1].elements;
  REQUIRE(fields.size() == 4);
  CHECK(fields[0].text == bytes);
  CHECK(fields[1].text == bytes);
  CHECK(fields[2].text.empty());
  CHECK(fields[3].text.empty());
}

TEST_CASE("An entry may have 2,000 fields", "[xadd][xrange]") {
  TestServer server;
  RawClient client = server.connect_raw();
  std::vector<std::string> words = {"XADD", "s", "1-0"};
  for (int i = 0; i < 2000; ++i) {
    words.push_back("field" + std::to_string(i));
    words.push_back(std::to_string(i * i));
  }
  client.write(encode_command(words));
  CHECK(show(client.read()) == R"("1-0")");
  const std::vector<Reply> fields =
      client("XRANGE", "s", "-", "+").elements[0].elements[1].elements;
  REQUIRE(fields.size() == 4000);
  int wrong = 0;
  for (size_t i = 0; i < fields.size(); ++i)
    wrong += fields[i].text != words[i + 3] ? 1 : 0;
  CHECK(wrong == 0);
}

TEST_CASE("LIMIT counts whole nodes of ~ and is refused elsewhere", "[xtrim]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 1000);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", 99) == 0);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", 100) == 100);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", 299) == 200);
  CHECK(redis("XTRIM", "s", "MINID", "~", "99999", "LIMIT", 1) == 0);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 650, "LIMIT", kMost) == 0);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 600, "LIMIT", kMost) == 100);
  CHECK(redis("XTRIM", "s", "MAXLEN", 0, "LIMIT", 0) ==
        "ERR syntax error, LIMIT cannot be used without the special ~ option");
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", -1) ==
        "ERR The LIMIT argument must be >= 0.");
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", 0) == 600);
  CHECK(redis("XLEN", "s") == 0);
}

TEST_CASE("The default LIMIT of ~ is a hundred nodes' worth", "[xtrim]") {
  TestServer server({"--stream-node-max-entries", "2"});
  Redis redis = server.connect();
  add_entries(redis, "s", 500);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0) == 200);
  CHECK(redis("XTRIM", "s", "MAXLEN", "~", 0, "LIMIT", 0) == 300);
}

TEST_CASE("MAXLEN and MINID take the greatest numbers", "[xtrim][xadd]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 10);
  CHECK(redis("XTRIM", "s", "MAXLEN", kMost) == 0);
  CHECK(redis("XTRIM", "s", "MAXLEN", "9223372036854775808") ==
        "ERR value is not an integer or out of range");
  CHECK(redis("XTRIM", "s", "MINID", "0") == 0);
  CHECK(redis("XADD", "s", "MINID", kMaxId, "11-0", "f", "v") == "11-0");
  CHECK(redis("XLEN", "s") == 0);
  CHECK(redis("XADD", "s", "12-0", "f", "v") == "12-0");
}

TEST_CASE("XSETID reaches both limits", "[xsetid]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XSETID", "absent", "1-0") == "ERR no such key");
  add_entries(redis, "s", 3);
  CHECK(redis("XSETID", "s", "2-0") ==
        "ERR The ID specified in XSETID is smaller than the target stream top item");
  CHECK(redis("XSETID", "s", kMaxId, "ENTRIESADDED", kMost, "MAXDELETEDID", kMaxId) == "OK");
  CHECK(redis("XADD", "s", "*", "f", "v").starts_with("ERR The stream has exhausted"));
  const std::string info = redis("XINFO", "STREAM", "s").text;
  CHECK(info.find(std::string(R"("last-generated-id",")") + kMaxId) != std::string::npos);
  CHECK(info.find(std::string(R"("entries-added",)") + kMost) != std::string::npos);
  CHECK(redis("XSETID", "s", kMaxId, "ENTRIESADDED", -1) == "ERR entries_added must be positive");
  CHECK(redis("XSETID", "s", kMaxId, "ENTRIESADDED", 2).starts_with("ERR The entries_added"));
}

TEST_CASE("MAXSIZE counts the bytes of the reply and stops before the entry that is too many",
          "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string value(100, 'x');
  for (int n = 1; n <= 10; ++n)
    redis("XADD", "s", std::to_string(n) + "-0", "f", value);
  const auto entries_for = [&](int bytes) {
    RawClient client = server.connect_raw();
    return client("XREAD", "MAXSIZE", std::to_string(bytes), "STREAMS", "s", "0")
        .elements[0]
        .elements[1]
        .elements.size();
  };
  CHECK(entries_for(1) == 1);
  size_t last = 1;
  for (int bytes = 1; bytes <= 2000; bytes += 10) {
    const size_t entries = entries_for(bytes);
    CHECK(entries >= last);
    CHECK(entries <= last + 1);
    last = entries;
    // An entry takes a little more than its value, and the one that crosses the line still comes.
    CHECK(entries * value.size() < static_cast<size_t>(bytes) + value.size());
  }
  CHECK(last == 10);
}

TEST_CASE("MAXCOUNT and MAXSIZE hold over all streams of an XREAD", "[xread]") {
  TestServer server;
  RawClient client = server.connect_raw();
  Redis redis = server.connect();
  for (const char* key : {"a", "b", "c"})
    add_entries(redis, key, 5);
  const auto shape = [&](const std::string& option, const std::string& value) {
    std::string text;
    const Reply reply = client("XREAD", option, value, "STREAMS", "a", "b", "c", "0", "0", "0");
    for (const Reply& stream : reply.elements) {
      text += stream.elements[0].text + std::to_string(stream.elements[1].elements.size());
    }
    return text;
  };
  CHECK(shape("MAXCOUNT", "1") == "a1");
  CHECK(shape("MAXCOUNT", "5") == "a5");
  CHECK(shape("MAXCOUNT", "7") == "a5b2");
  CHECK(shape("MAXCOUNT", "100") == "a5b5c5");
  CHECK(shape("MAXSIZE", "1") == "a1");
  CHECK(shape("MAXSIZE", "1000000") == "a5b5c5");
  CHECK(redis("XREAD", "COUNT", 3, "MAXCOUNT", 2, "STREAMS", "a", 0) ==
        "ERR MAXCOUNT must be greater than or equal to COUNT");
  CHECK(redis("XREAD", "MAXSIZE", 0, "STREAMS", "a", 0) ==
        "ERR MAXSIZE must be a positive integer");
}

TEST_CASE("XREAD of a thousand streams answers in the order of the command", "[xread]") {
  TestServer server;
  RawClient client = server.connect_raw();
  std::vector<std::string> words = {"XREAD", "STREAMS"};
  for (int i = 1000; i > 0; --i) {
    if (i % 2 == 0) client("XADD", "s" + std::to_string(i), "1-0", "f", "v");
    words.push_back("s" + std::to_string(i));
  }
  words.resize(words.size() + 1000, "0");
  client.write(encode_command(words));
  const Reply reply = client.read();
  REQUIRE(reply.elements.size() == 500);
  for (size_t i = 0; i < 500; ++i) {
    CHECK(reply.elements[i].elements[0].text == "s" + std::to_string(1000 - 2 * i));
  }
}

TEST_CASE("IDs given by the server ascend over 10,000 pipelined XADD", "[xadd]") {
  TestServer server;
  RawClient client = server.connect_raw();
  std::string requests;
  for (int i = 0; i < 10'000; ++i)
    requests += "XADD s * f v\r\n";
  client.write(requests);
  std::vector<std::string> ids;
  ids.reserve(10'000);
  for (int i = 0; i < 10'000; ++i)
    ids.push_back(client.read().text);
  const std::vector<Reply> stored = client("XRANGE", "s", "-", "+").elements;
  REQUIRE(stored.size() == ids.size());
  int wrong = 0;
  for (size_t i = 0; i < ids.size(); ++i)
    wrong += stored[i].elements[0].text != ids[i] ? 1 : 0;
  CHECK(wrong == 0);
}

}  // namespace weir::testing
