// XREADGROUP BLOCK: how a wait is ended from outside, and who is next then.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr const char* kNoGroup =
    "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
constexpr const char* kFirstEntry = R"(*[*["s", *[*["1-0", *["f", "v"]]]]])";

/// Consumers of the group "g" of the stream "s" that wait for its entries.
struct WaitingGroup {
  TestServer server;
  Redis redis = server.connect();

  WaitingGroup() { redis("XGROUP", "CREATE", "s", "g", 0, "MKSTREAM"); }

  struct Reader {
    RawClient client;
    std::string id;
  };

  /// A consumer that waits behind those who wait already.
  Reader wait(const std::string& consumer, const std::string& block_ms = "0") {
    Reader reader{server.connect_raw(), {}};
    reader.id = std::to_string(reader.client("CLIENT", "ID").integer);
    reader.client.send("XREADGROUP", "GROUP", "g", consumer, "BLOCK", block_ms, "STREAMS", "s",
                       ">");
    REQUIRE(blocked_become(redis, ++waiting_));
    return reader;
  }

  /// Waits until one less waits.
  [[nodiscard]] bool one_has_gone() { return blocked_become(redis, --waiting_); }

 private:
  int64_t waiting_ = 0;
};

}  // namespace

TEST_CASE("A few readers are all run again, also behind one that found nothing",
          "[xreadgroup][xgroup]") {
  WaitingGroup group;
  WaitingGroup::Reader first = group.wait("a");
  const WaitingGroup::Reader second = group.wait("b");
  const WaitingGroup::Reader third = group.wait("c");
  for (const char* const consumer : {"a", "b", "c"})
    group.redis("XGROUP", "DELCONSUMER", "s", "g", consumer);
  group.redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(first.client.read()) == kFirstEntry);
  for (const char* const consumer : {"a", "b", "c"})  // they have come back
    CHECK(group.redis("XGROUP", "CREATECONSUMER", "s", "g", consumer) == 0);
}

TEST_CASE("FLUSHALL and FLUSHDB end the wait for a group's entries", "[xreadgroup][flushall]") {
  WaitingGroup group;
  for (const char* const flush : {"FLUSHALL", "FLUSHDB"}) {
    group.redis("XGROUP", "CREATE", "s", "g", 0, "MKSTREAM");
    WaitingGroup::Reader reader = group.wait("a");
    CHECK(group.redis(flush) == "OK");
    CHECK(show(reader.client.read()) == kNoGroup);
    CHECK(group.one_has_gone());
    CHECK(show(reader.client("PING")) == "+PONG");
  }
}

TEST_CASE("INFO tells how many keys are waited for, and of how many the end is waited for, too",
          "[info][xreadgroup]") {
  WaitingGroup group;
  const WaitingGroup::Reader waiting = group.wait("a");
  RawClient reader = group.server.connect_raw();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "t", "$", "$");
  REQUIRE(blocked_become(group.redis, 2));
  CHECK(info_number(group.redis, "total_blocking_keys") == 2);
  CHECK(info_number(group.redis, "total_blocking_keys_on_nokey") == 1);
  group.redis("DEL", "s");
  REQUIRE(blocked_become(group.redis, 1));
  CHECK(info_number(group.redis, "total_blocking_keys") == 2);
  CHECK(info_number(group.redis, "total_blocking_keys_on_nokey") == 0);
}

TEST_CASE("A command that waits counts once, when it has ended", "[info][xreadgroup]") {
  WaitingGroup group;
  const auto stats = [&] { return info_field(group.redis, "cmdstat_xreadgroup"); };
  WaitingGroup::Reader reader = group.wait("a");
  CHECK(stats().empty());
  group.redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(reader.client.read()) == kFirstEntry);
  CHECK(group.one_has_gone());
  CHECK(stats().starts_with("calls=1,"));

  WaitingGroup::Reader other = group.wait("b");
  CHECK(stats().starts_with("calls=1,"));
  group.redis("CLIENT", "UNBLOCK", other.id, "ERROR");
  CHECK(show(other.client.read()).starts_with("-UNBLOCKED"));
  CHECK(stats().starts_with("calls=2,"));
  CHECK(stats().ends_with(",failed_calls=1"));
}

TEST_CASE("FLUSHDB of another database leaves a group's reader waiting", "[xreadgroup][flushdb]") {
  WaitingGroup group;
  WaitingGroup::Reader reader = group.wait("a");
  Redis other = group.server.connect();
  other("SELECT", 1);
  CHECK(other("FLUSHDB") == "OK");
  CHECK(reader.client.nothing_arrives());
  group.redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(reader.client.read()) == kFirstEntry);
}

TEST_CASE("The place of a killed reader goes, and no entry goes to it", "[client][xreadgroup]") {
  WaitingGroup group;
  WaitingGroup::Reader killed = group.wait("killed");
  WaitingGroup::Reader next = group.wait("next");

  CHECK(group.redis("CLIENT", "KILL", "ID", killed.id) == 1);
  CHECK(killed.client.closed());
  REQUIRE(group.one_has_gone());
  group.redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(next.client.read()) == kFirstEntry);
  CHECK(group.redis("XPENDING", "s", "g") == R"([1,"1-0","1-0",[["next","1"]]])");
}

TEST_CASE("A reader that is killed in the same batch as an XADD is given nothing",
          "[client][xreadgroup]") {
  WaitingGroup group;
  WaitingGroup::Reader killed = group.wait("killed");
  WaitingGroup::Reader next = group.wait("next");

  RawClient writer = group.server.connect_raw();
  writer.write("CLIENT KILL ID " + killed.id + "\r\nXADD s 1-0 f v\r\n");

  CHECK(show(writer.read()) == ":1");
  CHECK(show(next.client.read()) == kFirstEntry);
  CHECK(killed.client.closed());
  CHECK(group.redis("XPENDING", "s", "g") == R"([1,"1-0","1-0",[["next","1"]]])");
}

TEST_CASE("CLIENT UNBLOCK ends the wait for a group's entries, and the next reader is served",
          "[client][xreadgroup]") {
  WaitingGroup group;
  const auto [reason, answer] = GENERATE(table<std::string, std::string>(
      {{"TIMEOUT", "*-1"}, {"ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK"}}));
  CAPTURE(reason);
  WaitingGroup::Reader freed = group.wait("freed", "60000");
  WaitingGroup::Reader next = group.wait("next");

  CHECK(group.redis("CLIENT", "UNBLOCK", freed.id, reason) == 1);
  CHECK(show(freed.client.read()) == answer);
  CHECK(group.redis("CLIENT", "UNBLOCK", freed.id, reason) == 0);
  CHECK(info_number(group.redis, "clients_in_timeout_table") == 0);
  group.redis("XADD", "s", "1-0", "f", "v");

  CHECK(show(next.client.read()) == kFirstEntry);
  CHECK(group.redis("XPENDING", "s", "g") == R"([1,"1-0","1-0",[["next","1"]]])");
  CHECK(show(freed.client("PING")) == "+PONG");
}

}  // namespace weir::testing
