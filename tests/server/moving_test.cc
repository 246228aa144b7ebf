// Moving from Redis 7.0 to this server and back while producers write, as README.md says: nothing
// that was acknowledged is lost, whoever acknowledged it.
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>

#include "tests/support/raw_client.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// How long writes may wait while the servers change places.
constexpr Milliseconds kHandOver{10'000};

/// Writes entries, one after the other, to the one of two servers that takes them.
class MovingWriter {
 public:
  MovingWriter(std::string key, int port, int other)
      : key_(std::move(key)), port_(port), other_(other), thread_([this] { run(); }) {}
  ~MovingWriter() { end(); }
  MovingWriter(const MovingWriter&) = delete;
  MovingWriter& operator=(const MovingWriter&) = delete;

  uint64_t acknowledged() const { return acknowledged_; }
  void end() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// Every entry that was acknowledged, in order, and each once.
  bool is_all_in(Redis& server) const {
    std::string expected;
    for (uint64_t id = 1; id <= acknowledged_; ++id)
      expected += (id > 1 ? ",[\"" : "[\"") + std::to_string(id) + R"(-1",["f","v"]])";
    return server("XRANGE", key_, "-", "+") == "[" + expected + "]";
  }

 private:
  void run() {
    RawClient client(port_);
    while (!ends_) {
      const std::string id = std::to_string(acknowledged_ + 1) + "-1";
      client.send("XADD", key_, id, "f", "v");
      const Arrival arrival = client.await(patient(kHandOver));
      const auto* const came = std::get_if<resp::Reply>(&arrival);
      const std::string reply = came != nullptr ? resp::show(*came) : "";
      if (reply == "\"" + id + "\"") {
        ++acknowledged_;
      } else if (reply.starts_with("-READONLY")) {
        std::swap(port_, other_);
        client = RawClient(port_);
      } else {
        return;  // and the test finds that it does not go on
      }
    }
  }

  const std::string key_;
  int port_;
  int other_;
  std::atomic<bool> ends_ = false;
  std::atomic<uint64_t> acknowledged_ = 0;
  std::thread thread_;
};

/// Both write on, wherever that is.
bool go_on(const MovingWriter& one, const MovingWriter& other) {
  const uint64_t first = one.acknowledged() + 100;
  const uint64_t second = other.acknowledged() + 100;
  return wait_until([&] { return one.acknowledged() > first && other.acknowledged() > second; });
}

/// The servers change places: one command to the primary.
void hand_over(Redis& primary, Redis& replica, int replica_port) {
  REQUIRE(becomes(replica, "master_link_status", "up"));
  REQUIRE(wait_until([&] {
    return primary("FAILOVER", "TO", "127.0.0.1", replica_port, "TIMEOUT", kHandOver.count()) ==
           "OK";
  }));
  REQUIRE(becomes(replica, "role", "master"));
  REQUIRE(becomes(primary, "role", "slave"));
}

}  // namespace

TEST_CASE("Moving from Redis to Weir and back loses no entry", "[replica][moving]") {
  TestServer redis_server(primary_options({"--appendonly", "yes"}), kRedis);
  Redis theirs = redis_server.connect();
  theirs("XGROUP", "CREATE", "a", "g", "$", "MKSTREAM");
  theirs("XADD", "a", "0-1", "f", "v");
  theirs("XREADGROUP", "GROUP", "g", "c", "STREAMS", "a", ">");
  theirs("XDEL", "a", "0-1");
  std::optional<MovingWriter> one;
  std::optional<MovingWriter> other;

  TestServer weir(replica_of(redis_server, {"--appendonly", "yes", "--propagation-level", "7.0"}));
  Redis ours = weir.connect();
  one.emplace("a", redis_server.port(), weir.port());
  other.emplace("b", redis_server.port(), weir.port());
  REQUIRE(go_on(*one, *other));
  hand_over(theirs, ours, weir.port());
  REQUIRE(go_on(*one, *other));
  // New commands while Redis follows: it is told what they do in older words.
  const std::string id = ours("XADD", "a2", "IDMP", "producer", "1", "*", "f", "v").text;
  CHECK(ours("XADD", "a2", "IDMP", "producer", "1", "*", "f", "v") == id);
  ours("XADD", "a2", "*", "f", "v");
  CHECK(ours("XDELEX", "a2", "IDS", 1, id) == "[1]");
  CHECK(ours("XACKDEL", "a", "g", "IDS", 1, "0-1") == "[1]");

  hand_over(ours, theirs, redis_server.port());
  REQUIRE(go_on(*one, *other));
  one->end();
  other->end();
  REQUIRE(in_step(theirs, ours));
  CHECK(one->is_all_in(theirs));
  CHECK(other->is_all_in(theirs));
  CHECK(one->is_all_in(ours));
  CHECK(other->is_all_in(ours));
  CHECK(ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST").text);
  CHECK(theirs("XPENDING", "a", "g").starts_with("[0,"));
  CHECK(theirs("XLEN", "a2") == 1);
  CHECK(info_field(theirs, "sync_full") == "1");  // the first
  CHECK(info_field(ours, "sync_full") == "0");
}

TEST_CASE("Where Redis has other types, too, Weir takes its streams, and Redis keeps the rest",
          "[replica][moving]") {
  TestServer redis_server(primary_options(), kRedis);
  Redis theirs = redis_server.connect();
  theirs("SET", "string", "x");
  theirs("XADD", "s", "1-1", "f", "v");
  TestServer weir(replica_of(
      redis_server, {"--replica-ignore-other-types", "yes", "--rdb-load-other-types", "skip"}));
  Redis ours = weir.connect();
  REQUIRE(in_step(theirs, ours));
  theirs("LPUSH", "list", "x");
  theirs("XADD", "s", "2-1", "f", "v");
  hand_over(theirs, ours, weir.port());
  CHECK(ours("XADD", "s", "3-1", "f", "v") == "3-1");
  CHECK(ours("DBSIZE") == 1);
  hand_over(ours, theirs, redis_server.port());
  REQUIRE(in_step(theirs, ours));
  CHECK(theirs("XLEN", "s") == 3);
  CHECK(theirs("GET", "string") == "x");
  CHECK(theirs("LLEN", "list") == 1);
}

}  // namespace weir::testing
