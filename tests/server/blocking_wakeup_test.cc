// XREAD BLOCK: what wakes a reader and what does not, and how a wait is ended from outside.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

/// A reader that waits, and somebody who can look at it.
struct Waiting {
  TestServer server;
  Redis redis = server.connect();
  RawClient reader = server.connect_raw();
  std::string reader_id;

  template <typename... Words>
  void wait(const Words&... words) {
    reader_id = std::to_string(reader("CLIENT", "ID").integer);
    reader.send(words...);
    REQUIRE(blocked_become(redis, 1));
  }

  /// Adds an entry to the stream "s"; what the reader is answered with.
  std::string wake_with(const std::string& id) {
    redis("XADD", "s", id, "f", "v");
    return show(reader.read());
  }
};

}  // namespace

TEST_CASE("CLIENT UNBLOCK ends a wait as if its time were over", "[client][xread]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(test.redis("CLIENT", "UNBLOCK", test.reader_id) == 1);
  CHECK(show(test.reader.read()) == "*-1");
  CHECK(test.redis("CLIENT", "UNBLOCK", test.reader_id) == 0);

  test.wait("XREAD", "BLOCK", "60000", "STREAMS", "s", "$");
  CHECK(test.redis("CLIENT", "UNBLOCK", test.reader_id, "TIMEOUT") == 1);
  CHECK(show(test.reader.read()) == "*-1");
  CHECK(info_number(test.redis, "clients_in_timeout_table") == 0);
}

TEST_CASE("CLIENT UNBLOCK ERROR ends a wait with an error and the connection lives", "[client]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  test.reader.send("PING");

  CHECK(test.redis("CLIENT", "UNBLOCK", test.reader_id, "ERROR") == 1);

  CHECK(show(test.reader.read()) == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(show(test.reader.read()) == "+PONG");
  CHECK(info_field(test.redis, "errorstat_UNBLOCKED") == "count=1");
}

TEST_CASE("CLIENT UNBLOCK refuses what is no client or no reason", "[client]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(test.redis("CLIENT", "UNBLOCK", 999'999) == 0);
  CHECK(test.redis("CLIENT", "UNBLOCK", "x").starts_with("ERR value is not an integer"));
  CHECK(test.redis("CLIENT", "UNBLOCK", test.reader_id, "NOW") ==
        "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  CHECK(test.reader.nothing_arrives());
}

TEST_CASE("A waiting client can be killed", "[client]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(test.redis("CLIENT", "KILL", "ID", test.reader_id) == 1);
  CHECK(test.reader.closed());
  CHECK(blocked_become(test.redis, 0));
}

TEST_CASE("CLIENT LIST shows that a client waits, and with what", "[client]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  const std::string waiting = test.redis("CLIENT", "LIST", "ID", test.reader_id).text;
  CHECK(client_field(waiting, "flags") == "b");
  CHECK(client_field(waiting, "cmd") == "xread");

  test.redis("XADD", "s", "1-0", "f", "v");
  test.reader.read();
  CHECK(client_field(test.redis("CLIENT", "LIST", "ID", test.reader_id).text, "flags") == "N");
}

TEST_CASE("A deleted and recreated stream wakes a reader only beyond its ID", "[xread]") {
  Waiting test;
  test.redis("XADD", "s", "5-0", "f", "old");
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "5-0");

  test.redis("DEL", "s");
  test.redis("XADD", "s", "3-0", "f", "low");
  CHECK(test.reader.nothing_arrives());
  CHECK(test.wake_with("5-1") == R"(*[*["s", *[*["5-1", *["f", "v"]]]]])");
}

TEST_CASE("$ is the last ID at the moment of the call, whatever becomes of the stream", "[xread]") {
  Waiting test;
  test.redis("XADD", "s", "5-0", "f", "old");
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");

  test.redis("DEL", "s");
  test.redis("XADD", "s", "4-0", "f", "low");
  test.redis("XADD", "s", "5-0", "f", "equal");
  CHECK(test.reader.nothing_arrives());
  CHECK(test.wake_with("6-0") == R"(*[*["s", *[*["6-0", *["f", "v"]]]]])");
}

TEST_CASE("FLUSHALL and FLUSHDB leave a reader waiting", "[xread][flushall][flushdb]") {
  Waiting test;
  test.redis("XADD", "s", "1-0", "f", "v");
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "1-0");

  test.redis("FLUSHALL");
  test.redis("FLUSHDB");
  CHECK(test.reader.nothing_arrives());
  CHECK(test.wake_with("2-0") == R"(*[*["s", *[*["2-0", *["f", "v"]]]]])");
}

TEST_CASE("An entry in another database or under another key wakes nobody", "[xread][select]") {
  Waiting test;
  test.reader("SELECT", "1");
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");

  test.redis("XADD", "s", "1-0", "f", "v");
  test.redis("SELECT", 1);
  test.redis("XADD", "other", "1-0", "f", "v");
  CHECK(test.reader.nothing_arrives());
  CHECK(test.wake_with("2-0") == R"(*[*["s", *[*["2-0", *["f", "v"]]]]])");
}

TEST_CASE("XADD in the middle of another client's batch wakes a reader", "[xread][xadd]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  RawClient writer = test.server.connect_raw();

  writer.write("PING\r\nXADD s 1-0 f v\r\nXADD t 1-0 f v\r\nECHO end\r\n");

  CHECK(show(test.reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
  CHECK(show(writer.read()) == "+PONG");
  CHECK(show(writer.read()) == R"("1-0")");
  CHECK(show(writer.read()) == R"("1-0")");
  CHECK(show(writer.read()) == R"("end")");
}

TEST_CASE("A reader loses nothing of a batch that wakes it, if it reads on", "[xread][xadd]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "0-0");
  std::string batch;
  for (int n = 1; n <= 100; ++n)
    batch += "XADD s " + std::to_string(n) + "-0 f v\r\n";
  test.server.connect_raw().write(batch);

  int next = 1;
  while (next <= 100) {
    const resp::Reply reply = test.reader.read();
    for (const resp::Reply& entry : reply.elements[0].elements[1].elements) {
      REQUIRE(entry.elements[0].text == std::to_string(next) + "-0");
      ++next;
    }
    test.reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", std::to_string(next - 1) + "-0");
  }
  CHECK(test.reader.nothing_arrives());
}

TEST_CASE("MAXCOUNT holds for a woken reader, over all its streams", "[xread]") {
  Waiting test;
  test.wait("XREAD", "MAXCOUNT", "2", "BLOCK", "0", "STREAMS", "a", "b", "5-0", "5-0");
  RawClient writer = test.server.connect_raw();
  writer.write("XADD a 6-0 f v\r\nXADD b 6-0 f v\r\nXADD b 7-0 f v\r\n");

  const resp::Reply reply = test.reader.read();
  size_t entries = 0;
  for (const resp::Reply& stream : reply.elements)
    entries += stream.elements[1].elements.size();
  CHECK(entries >= 1);
  CHECK(entries <= 2);
  CHECK(show(reply.elements[0]).starts_with(R"(*["a", *[*["6-0", )"));
}

TEST_CASE("An entry that is deleted right behind its XADD has woken the reader", "[xread][xdel]") {
  Waiting test;
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  test.server.connect_raw().write("XADD s 1-0 f v\r\nXDEL s 1-0\r\n");
  CHECK(show(test.reader.read()) == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
}

TEST_CASE("MAXSIZE holds for a woken reader, but never for its first entry", "[xread]") {
  Waiting test;
  test.wait("XREAD", "MAXSIZE", "10", "BLOCK", "0", "STREAMS", "s", "$");
  const std::string big(1000, 'x');
  RawClient writer = test.server.connect_raw();
  writer.write("XADD s 1-0 f " + big + "\r\nXADD s 2-0 f v\r\n");

  CHECK(show(test.reader.read()) == "*[*[\"s\", *[*[\"1-0\", *[\"f\", \"" + big + "\"]]]]]");
}

TEST_CASE("XDEL, XTRIM and XSETID wake nobody", "[xdel][xtrim][xsetid]") {
  Waiting test;
  for (const char* id : {"1-0", "2-0", "3-0"})
    test.redis("XADD", "s", id, "f", "v");
  test.wait("XREAD", "BLOCK", "0", "STREAMS", "s", "$");

  test.redis("XDEL", "s", "1-0");
  test.redis("XTRIM", "s", "MAXLEN", 1);
  test.redis("XSETID", "s", "9-0");
  CHECK(test.reader.nothing_arrives());
}

TEST_CASE("A reader that wants no replies gets none when it is woken", "[client][xread]") {
  Waiting test;
  test.reader.send("CLIENT", "REPLY", "OFF");
  test.reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  REQUIRE(blocked_become(test.redis, 1));

  test.redis("XADD", "s", "1-0", "f", "v");
  REQUIRE(blocked_become(test.redis, 0));

  CHECK(show(test.reader("CLIENT", "REPLY", "ON")) == "+OK");
}

TEST_CASE("A reader that wants no replies gets none when its time is over", "[client][xread]") {
  Waiting test;
  test.reader.send("CLIENT", "REPLY", "OFF");
  test.reader.send("XREAD", "BLOCK", "1", "STREAMS", "s", "$");

  CHECK(show(test.reader("CLIENT", "REPLY", "ON")) == "+OK");
}

TEST_CASE("CLIENT REPLY SKIP skips the reply of a wait and no other", "[client][xread]") {
  Waiting test;
  test.reader.send("CLIENT", "REPLY", "SKIP");
  test.reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  test.reader.send("PING");
  REQUIRE(blocked_become(test.redis, 1));

  test.redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(test.reader.read()) == "+PONG");
}

}  // namespace weir::testing
