// XREAD BLOCK: who is woken, when, in what order, and with what.
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

Milliseconds since(Clock::time_point start) {
  return std::chrono::floor<Milliseconds>(Clock::now() - start);
}

/// Waits until the server has read so many bytes.
bool input_reaches(Redis& redis, size_t bytes) {
  return wait_until(
      [&] { return info_number(redis, "total_net_input_bytes") >= static_cast<int64_t>(bytes); });
}

}  // namespace

TEST_CASE("Readers of one key are answered in the order in which they began to wait", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  std::vector<RawClient> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(server.connect_raw());
    readers.back().write(
        encode_command(std::vector<std::string>{"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}) +
        encode_command(
            std::vector<std::string>{"XADD", "order", "*", "reader", std::to_string(i)}));
    REQUIRE(blocked_become(redis, i + 1));
  }

  redis("XADD", "s", "1-0", "f", "v");

  for (RawClient& reader : readers) {
    CHECK(show(reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
    reader.read();
  }
  const std::string order = redis("XRANGE", "order", "-", "+").text;
  CHECK(order.find(R"(["reader","0"])") < order.find(R"(["reader","1"])"));
  CHECK(order.find(R"(["reader","1"])") < order.find(R"(["reader","2"])"));
}

TEST_CASE("A reader of 500 keys is woken by any of them and told which", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  Redis reader = server.connect();
  std::vector<std::string> words = {"XREAD", "BLOCK", "0", "STREAMS"};
  for (int i = 0; i < 500; ++i)
    words.push_back("key" + std::to_string(i));
  words.resize(words.size() + 500, "$");

  for (const char* key : {"key0", "key250", "key499"}) {
    reader.send_words(words);
    REQUIRE(blocked_become(redis, 1));
    CHECK(info_number(redis, "total_blocking_keys") == 500);
    redis("XADD", key, "1-0", "f", "v");
    CHECK(reader.read() == "[[\"" + std::string(key) + "\",[[\"1-0\",[\"f\",\"v\"]]]]]");
    REQUIRE(blocked_become(redis, 0));
    CHECK(info_number(redis, "total_blocking_keys") == 0);
  }
}

TEST_CASE("A thousand readers of one stream all get every entry, in order", "[xread]") {
  raise_own_file_limit();
  TestServer server;
  Redis redis = server.connect();
  std::vector<RawClient> readers;
  for (int i = 0; i < 1000; ++i) {
    readers.push_back(server.connect_raw());
    readers.back().send("XREAD", "BLOCK", "0", "COUNT", "1", "STREAMS", "s", "0-0");
  }
  REQUIRE(blocked_become(redis, 1000));

  constexpr int kEntries = 5;
  for (int n = 1; n <= kEntries; ++n)
    redis("XADD", "s", std::to_string(n) + "-0", "f", "v");

  int wrong = 0;
  for (int n = 1; n <= kEntries; ++n) {
    const std::string id = std::to_string(n) + "-0";
    for (RawClient& reader : readers) {
      wrong += show(reader.read()) != "*[*[\"s\", *[*[\"" + id + "\", *[\"f\", \"v\"]]]]]" ? 1 : 0;
      reader.send("XREAD", "BLOCK", "0", "COUNT", "1", "STREAMS", "s", id);
    }
  }
  CHECK(wrong == 0);
  CHECK(blocked_become(redis, 1000));
}

TEST_CASE("A wait never ends before its timeout", "[xread]") {
  TestServer server;
  Redis reader = server.connect();
  for (const int timeout_ms : {1, 2, 3, 5, 7, 10, 20, 33, 50, 101}) {
    const Clock::time_point start = Clock::now();
    CHECK(reader("XREAD", "BLOCK", timeout_ms, "STREAMS", "s", "$") == "nil");
    CHECK(Clock::now() - start >= Milliseconds(timeout_ms));
  }
}

TEST_CASE("A wait can end within a few milliseconds of its timeout", "[xread]") {
  TestServer server;
  Redis reader = server.connect();
  // A busy machine may be late; it is not late every time.
  const auto one_is_precise = [&reader] {
    const Clock::time_point start = Clock::now();
    reader("XREAD", "BLOCK", 25, "STREAMS", "s", "$");
    return since(start) <= Milliseconds(28);
  };
  CHECK(wait_until(one_is_precise));
}

TEST_CASE("Waits end in the order of their deadlines, not of their beginning", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient late = server.connect_raw();
  RawClient early = server.connect_raw();
  late.send("XREAD", "BLOCK", "60000", "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  early.send("XREAD", "BLOCK", "10", "STREAMS", "s", "$");

  CHECK(show(early.read()) == "*-1");
  CHECK(info_number(redis, "blocked_clients") == 1);
  CHECK(info_number(redis, "clients_in_timeout_table") == 1);
}

TEST_CASE("A wait with timeout 0 has no deadline", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));

  CHECK(info_number(redis, "clients_in_timeout_table") == 0);
  CHECK(reader.nothing_arrives());
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
}

TEST_CASE("A client that goes while it waits is forgotten", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  reader.send("XREAD", "BLOCK", "60000", "STREAMS", "s", "t", "$", "$");
  REQUIRE(blocked_become(redis, 1));

  reader.close();

  CHECK(blocked_become(redis, 0));
  CHECK(info_number(redis, "connected_clients") == 1);
  CHECK(info_number(redis, "total_blocking_keys") == 0);
  CHECK(info_number(redis, "clients_in_timeout_table") == 0);
  CHECK(redis("XADD", "s", "1-0", "f", "v") == "1-0");
}

TEST_CASE("Commands behind one that waits run after it, in order", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  reader.write("XREAD BLOCK 0 STREAMS s $\r\nXADD t 1-0 f v\r\nXLEN t\r\nPING\r\n");
  REQUIRE(blocked_become(redis, 1));
  CHECK(redis("XLEN", "t") == 0);
  reader.write("ECHO later\r\n");
  CHECK(reader.nothing_arrives());

  redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
  CHECK(show(reader.read()) == R"("1-0")");
  CHECK(show(reader.read()) == ":1");
  CHECK(show(reader.read()) == "+PONG");
  CHECK(show(reader.read()) == R"("later")");
}

TEST_CASE("Megabytes of commands behind one that waited run in many turns of the loop", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  const std::string add = "XADD t * f " + std::string(80, 'v') + "\r\n";
  const int adds = 50'000;
  std::string requests = "XREAD BLOCK 0 STREAMS s $\r\nINFO stats\r\n";
  for (int i = 0; i < adds; ++i)
    requests += add;
  reader.write(requests + "INFO stats\r\n");
  REQUIRE(input_reaches(redis, requests.size()));
  CHECK(redis("XLEN", "t") == 0);

  redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(reader.read()).starts_with(R"(*[*["s")"));
  const int64_t first = std::stoll(field_of(reader.read().text, "eventloop_cycles"));
  for (int i = 0; i < adds; ++i)
    reader.read();
  const int64_t last = std::stoll(field_of(reader.read().text, "eventloop_cycles"));
  CHECK(last - first > static_cast<int64_t>(requests.size() >> 17));
  CHECK(redis("XLEN", "t") == adds);
}

TEST_CASE("All that stands behind a wait runs, though its sender has said its last word",
          "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  std::string requests = "XREAD BLOCK 0 STREAMS s $\r\n";
  for (int i = 0; i < 200'000; ++i)
    requests += "XADD t * f v\r\n";
  reader.write(requests);
  REQUIRE(input_reaches(redis, requests.size()));

  redis("XADD", "s", "1-0", "f", "v");
  shutdown(reader.fd(), SHUT_WR);  // arrives while most of them are still to run

  CHECK(wait_until([&] { return redis("XLEN", "t") == 200'000; }));
}

TEST_CASE("Two waits in one packet wait one after the other", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  reader.write("XREAD BLOCK 0 STREAMS s $\r\nXREAD BLOCK 0 STREAMS s $\r\n");
  REQUIRE(blocked_become(redis, 1));

  redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
  REQUIRE(blocked_become(redis, 1));
  CHECK(reader.nothing_arrives());

  redis("XADD", "s", "2-0", "f", "v");
  CHECK(show(reader.read()) == R"(*[*["s", *[*["2-0", *["f", "v"]]]]])");
  CHECK(blocked_become(redis, 0));
}

TEST_CASE("What a timed-out reader sees is the null of its protocol", "[xread]") {
  TestServer server;
  RawClient reader = server.connect_raw();
  CHECK(show(reader("XREAD", "BLOCK", "1", "STREAMS", "s", "$")) == "*-1");
  reader("HELLO", "3");
  CHECK(show(reader("XREAD", "BLOCK", "1", "STREAMS", "s", "$")) == "_");
}

TEST_CASE("A woken reader is answered in its own protocol", "[xread]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient resp2 = server.connect_raw();
  RawClient resp3 = server.connect_resp3();
  for (RawClient* reader : {&resp2, &resp3}) {
    reader->send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  }
  REQUIRE(blocked_become(redis, 2));

  redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(resp2.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
  CHECK(show(resp3.read()) == R"(%{"s" => *[*["1-0", *["f", "v"]]]})");
}

}  // namespace weir::testing
