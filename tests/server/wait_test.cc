// WAIT: what its connection has written or seen, asked of our server and of Redis alike.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/asleep.h"
#include "tests/support/replication_stage.h"

namespace weir::testing {
namespace {

/// Ours and theirs.
std::string binaries() {
  const bool is_ours = GENERATE(true, false);
  return is_ours ? server_binary() : kRedis;
}

std::vector<std::string> quiet_options() {
  return primary_options({"--repl-ping-replica-period", "1000"});
}

/// A primary with something to read, and a replica that has all of it and has said so.
struct Pair {
  explicit Pair(const std::string& binary)
      : primary(quiet_options(), binary), replica(replica_of(primary)) {
    Redis other = replica.connect();
    redis("XADD", "s", "1-1", "f", "v");
    redis("XADD", "s", "2-1", "f", "v");
    REQUIRE(in_step(redis, other));
    REQUIRE(wait_until([&] {
      return info_field(redis, "slave0")
                 .find(",offset=" + info_field(redis, "master_repl_offset") + ",") !=
             std::string::npos;
    }));
  }

  TestServer primary;
  Redis redis = primary.connect();
  TestServer replica;
};

/// A replica that says by hand how far it is.
struct Spoken {
  explicit Spoken(const std::string& binary) : primary(quiet_options(), binary) {
    redis("XADD", "s", "1-1", "f", "v");
    replica("REPLCONF", "capa", "eof");
    replica.send("PSYNC", "?", "-1");
    REQUIRE(wait_until(
        [&] { return info_field(redis, "slave0").find(",state=online,") != std::string::npos; }));
    acknowledge(offset());
  }
  int64_t offset() { return info_number(redis, "master_repl_offset"); }
  void acknowledge(int64_t offset) {
    replica.send("REPLCONF", "ACK", std::to_string(offset));
    const std::string said = ",offset=" + std::to_string(offset) + ",";
    REQUIRE(
        wait_until([&] { return info_field(redis, "slave0").find(said) != std::string::npos; }));
  }
  int64_t write() {
    redis("XADD", "s", "*", "f", "v");
    return offset();
  }

  TestServer primary;
  Redis redis = primary.connect();
  RawClient replica = primary.connect_raw();
};

}  // namespace

TEST_CASE("A connection that only read waits for what others had written until then", "[wait]") {
  Pair pair(binaries());
  Redis before = pair.primary.connect();
  before("XLEN", "s");
  const Asleep asleep(pair.replica);
  pair.redis("XADD", "s", "3-1", "f", "v");
  Redis reader = pair.primary.connect();
  CHECK(reader("XLEN", "s") == 3);
  CHECK(reader("WAIT", 1, 20) == 0);
  CHECK(before("WAIT", 1, 20) == 1);
  asleep.wake();
  CHECK(reader("WAIT", 1, 0) == 1);
}

TEST_CASE("A connection that has said nothing has nothing to wait for, once", "[wait]") {
  Pair pair(binaries());
  const Asleep asleep(pair.replica);
  pair.redis("XADD", "s", "3-1", "f", "v");
  Redis fresh = pair.primary.connect();
  CHECK(fresh("WAIT", 1, 20) == 1);
  CHECK(fresh("WAIT", 1, 20) == 0);  // it has run a command now
}

TEST_CASE("A command counts for WAIT though it fails, unless it does not run", "[wait]") {
  Pair pair(binaries());
  const Asleep asleep(pair.replica);
  pair.redis("XADD", "s", "3-1", "f", "v");
  const auto counts_after = [&](auto... words) {
    Redis redis = pair.primary.connect();
    redis(words...);
    return redis("WAIT", 1, 20) == 0;
  };
  CHECK(counts_after("PING"));
  CHECK(counts_after("XADD", "s", "1-1", "f", "v"));
  CHECK(counts_after("WAIT", "x", 0));
  CHECK_FALSE(counts_after("NOSUCH"));
  CHECK_FALSE(counts_after("XLEN"));
  CHECK_FALSE(counts_after("CLIENT", "NOSUCH"));
}

TEST_CASE("In a transaction WAIT counts what was written before MULTI", "[wait][exec]") {
  Pair pair(binaries());
  Redis redis = pair.primary.connect();
  redis("MULTI");
  const Asleep asleep(pair.replica);
  pair.redis("XADD", "s", "3-1", "f", "v");
  redis("XLEN", "s");
  redis("WAIT", 1, 0);
  CHECK(redis("EXEC") == "[3,1]");
  CHECK(redis("WAIT", 1, 20) == 0);
}

TEST_CASE("What is written while WAIT waits concerns the next one", "[wait]") {
  Spoken pair(binaries());
  Redis redis = pair.primary.connect();
  const int64_t seen = pair.write();
  redis("PING");
  pair.write();
  redis.send("WAIT", 1, 0);
  REQUIRE(wait_until([&] { return info_field(pair.redis, "blocked_clients") == "1"; }));
  pair.acknowledge(seen);
  CHECK(redis.read() == 1);
  CHECK(redis("WAIT", 1, 20) == 0);
  pair.acknowledge(pair.offset());
  CHECK(redis("WAIT", 1, 0) == 1);
}

TEST_CASE("A reader that waited has seen what was there when it began to", "[wait]") {
  Spoken pair(binaries());
  Redis redis = pair.primary.connect();
  const int64_t begun = pair.write();
  redis.send("XREAD", "BLOCK", 0, "STREAMS", "t", "$");
  REQUIRE(wait_until([&] { return info_field(pair.redis, "blocked_clients") == "1"; }));
  pair.redis("XADD", "t", "1-1", "f", "v");
  CHECK(redis.read() == R"([["t",[["1-1",["f","v"]]]]])");
  redis.send("WAIT", 1, 0);
  REQUIRE(wait_until([&] { return info_field(pair.redis, "blocked_clients") == "1"; }));
  pair.acknowledge(begun);
  CHECK(redis.read() == 1);
}

}  // namespace weir::testing
