// RENAME, COPY, MOVE, SWAPDB: what goes along, what is told, and that a copy is one.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

constexpr std::string_view kSame = "-ERR source and destination objects are the same";

/// Everything a stream can have: s, with a TTL.
void make_rich(HandlerStage& stage) {
  for (int i = 1; i <= 300; ++i)
    stage("XADD s " + std::to_string(i) + "-0 f v" + std::to_string(i));
  stage("XDEL s 7-0");
  stage("XGROUP CREATE s g 0");
  stage("XGROUP CREATE s empty 5");
  stage("XREADGROUP GROUP g ann COUNT 200 STREAMS s >");
  stage("XGROUP CREATECONSUMER s g gone");
  stage("XREADGROUP GROUP g bob COUNT 50 STREAMS s >");
  stage("XGROUP DELCONSUMER s g gone");
  stage("XNACK s g FAIL IDS 1 3-0");
  stage("XCFGSET s IDMP-DURATION 50");
  for (int i = 0; i < 9; ++i)
    stage("XADD s IDMP p" + std::to_string(i % 2) + " m" + std::to_string(i) + " * f v");
  stage("XADD s IDMP p0 m0 * f v");
  stage("PEXPIREAT s 5000000");
  stage.told();
  stage.events();
}

std::string all_of(HandlerStage& stage, std::string_view key) {
  return stage.run({"XINFO", "STREAM", key, "FULL", "COUNT", "0"});
}

}  // namespace

TEST_CASE("A copy has all that the stream has", "[copy]") {
  HandlerStage stage;
  make_rich(stage);
  CHECK(stage("COPY s t") == ":1");
  CHECK(stage.told() == "COPY s t");
  CHECK(stage.events() == "new t, copy_to t");
  CHECK(all_of(stage, "t") == all_of(stage, "s"));
  CHECK(stage("PEXPIRETIME t") == ":5000000");
  stage.stream("t")->assert_consistent();
  stage.stream("t")->find_group("g")->pending().assert_consistent();
}

TEST_CASE("Neither of two copies notices what is done to the other", "[copy]") {
  for (const bool to_copy : {false, true}) {
    HandlerStage stage;
    make_rich(stage);
    stage("COPY s t");
    const std::string key = to_copy ? "t" : "s";
    const std::string other = to_copy ? "s" : "t";
    const std::string before = all_of(stage, other);
    stage("XACK " + key + " g 1-0 2-0 100-0");
    stage("XDEL " + key + " 1-0 150-0 300-0");
    stage("XREADGROUP GROUP g carl STREAMS " + key + " >");
    stage("XCLAIM " + key + " g dora 0 4-0 3-0");
    stage("XGROUP DELCONSUMER " + key + " g ann");
    stage("XADD " + key + " IDMP p0 new * f v");
    stage("XGROUP DESTROY " + key + " empty");
    stage("XTRIM " + key + " MAXLEN 10");
    stage("PERSIST " + key);
    CHECK(all_of(stage, other) == before);
    stage("DEL " + key);
    CHECK(all_of(stage, other) == before);
    stage.stream(other)->assert_consistent();
    stage.stream(other)->find_group("g")->pending().assert_consistent();
  }
}

TEST_CASE("A copy knows the messages, and forgets them in time like the first", "[copy]") {
  HandlerStage stage;
  make_rich(stage);
  stage("COPY s t");
  CHECK(stage("XADD t IDMP p1 m1 * f v") == stage("XADD s IDMP p1 m1 * f v"));
  CHECK(stage.stream("t")->idempotence()->iid_count() == 9);
  stage("DEL s");
  stage.keyspace.iid_expiry.run(static_cast<uint64_t>(stage.now_ms) + 60'000);
  CHECK(stage.stream("t")->idempotence()->iid_count() == 0);
}

TEST_CASE("COPY replaces only when told to, and the target's TTL goes with it", "[copy]") {
  HandlerStage stage;
  stage("XADD a 1-0 f a");
  stage("XADD b 2-0 f b");
  stage("EXPIRE b 10");
  stage.events();
  CHECK(stage("COPY a b") == ":0");
  CHECK(stage.events().empty());
  CHECK(stage("COPY a b REPLACE") == ":1");
  CHECK(stage.events() == "new b, copy_to b, overwritten b");
  CHECK(stage("XRANGE b - +") == R"(*[*["1-0", *["f", "a"]]])");
  CHECK(stage("TTL b") == ":-1");
}

TEST_CASE("COPY goes to another database, where the key may have the same name", "[copy]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  CHECK(stage("COPY a a DB 1") == ":1");
  CHECK(stage("COPY a a DB 1") == ":0");
  CHECK(stage("COPY a a DB 0") == kSame);
  CHECK(stage("COPY a a") == kSame);
  CHECK(stage("COPY missing b") == ":0");
  CHECK(stage.keyspace.database(1).size() == 1);
}

TEST_CASE("COPY and MOVE refuse what is no database", "[copy]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  for (const std::string before : {"COPY a b DB ", "MOVE a "}) {
    CHECK(stage(before + "4") == "-ERR DB index is out of range");
    CHECK(stage(before + "-1") == "-ERR DB index is out of range");
    CHECK(stage(before + "x") == "-ERR value is not an integer or out of range");
    CHECK(stage(before + "2147483648").find("must between -2147483648 and 2147483647") !=
          std::string::npos);
  }
  CHECK(stage("COPY a b DB") == "-ERR syntax error");
}

TEST_CASE("RENAME takes all along, overwrites, and tells in order", "[rename]") {
  HandlerStage stage;
  make_rich(stage);
  const std::string before = all_of(stage, "s");
  CHECK(stage("RENAME s t") == "+OK");
  CHECK(stage.told() == "RENAME s t");
  CHECK(stage.events() == "new t, rename_from s, rename_to t");
  CHECK(all_of(stage, "t") == before);
  CHECK(stage("PEXPIRETIME t") == ":5000000");
  CHECK(stage("EXISTS s") == ":0");

  stage("XADD u 1-0 f v");
  stage("EXPIRE u 1");
  stage.events();
  CHECK(stage("RENAME u t") == "+OK");
  CHECK(stage.events() == "new t, rename_from u, rename_to t, overwritten t");
  CHECK(stage("XLEN t") == ":1");
  CHECK(stage("TTL t") == ":1");
}

TEST_CASE("RENAMENX overwrites nothing, and a key may be renamed to itself", "[rename]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  stage("XADD b 1-0 f v");
  stage.told();
  CHECK(stage("RENAMENX a b") == ":0");
  CHECK(stage("RENAMENX a a") == ":0");
  CHECK(stage("RENAME a a") == "+OK");
  CHECK(stage("RENAME missing missing") == "-ERR no such key");
  CHECK(stage("RENAMENX missing x") == "-ERR no such key");
  CHECK(stage.told().empty());
  CHECK(stage("RENAMENX a c") == ":1");
  CHECK(stage.told() == "RENAMENX a c");
}

TEST_CASE("A renamed stream's messages still expire", "[rename]") {
  HandlerStage stage;
  make_rich(stage);
  stage("RENAME s t");
  stage.keyspace.iid_expiry.run(static_cast<uint64_t>(stage.now_ms) + 60'000);
  CHECK(stage.stream("t")->idempotence()->iid_count() == 0);
}

TEST_CASE("MOVE takes a key with its TTL to a database that lacks it", "[move]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  stage("PEXPIREAT a 5000000");
  stage.told();
  stage.events();
  CHECK(stage("MOVE a 2") == ":1");
  CHECK(stage.told() == "MOVE a 2");
  CHECK(stage.events() == "new a, move_from a, move_to a");
  Database& there = stage.keyspace.database(2);
  REQUIRE(there.entry("a") != nullptr);
  CHECK(there.deadline_ms(*there.entry("a")) == 5'000'000);
  CHECK(stage.keyspace.database(0).expiries().is_empty());

  stage("XADD a 2-0 f v");
  CHECK(stage("MOVE a 2") == ":0");
  CHECK(stage("MOVE missing 2") == ":0");
  CHECK(stage("MOVE a 0") == kSame);
}

TEST_CASE("A key that is over in the other database stands in nobody's way", "[move]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  stage("PEXPIREAT a 1000010");
  stage("MOVE a 1");
  stage.now_ms += 20;
  stage("XADD a 2-0 f v");
  CHECK(stage("MOVE a 1") == ":1");
  CHECK(stage.keyspace.database(1).find_for_write("a")->last_id() == StreamId{2, 0});
}

TEST_CASE("SWAPDB exchanges all keys with their TTLs", "[swapdb]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  stage("EXPIRE a 100");
  stage("XADD b 1-0 f v");
  stage.told();
  stage.events();
  CHECK(stage("SWAPDB 0 3") == "+OK");
  CHECK(stage.told() == "SWAPDB 0 3");
  CHECK(stage.events() == "(swapping) 0 3");
  CHECK(stage("DBSIZE") == ":0");
  CHECK(stage.keyspace.database(3).size() == 2);
  CHECK(stage.keyspace.database(3).expiries().size() == 1);
  stage("SWAPDB 3 0");
  CHECK(stage("TTL a") == ":100");
}

TEST_CASE("SWAPDB reads both numbers before it looks for the databases", "[swapdb]") {
  HandlerStage stage;
  CHECK(stage("SWAPDB x y") == "-ERR invalid first DB index");
  CHECK(stage("SWAPDB 99 y") == "-ERR invalid second DB index");
  CHECK(stage("SWAPDB 99 0") == "-ERR DB index is out of range");
  CHECK(stage("SWAPDB 0 -1") == "-ERR DB index is out of range");
  CHECK(stage.told().empty());
}

TEST_CASE("SWAPDB of a database with itself counts and is told, and leaves everything as it is",
          "[swapdb]") {
  HandlerStage stage;
  stage("XADD a 1-0 f v");
  stage.told();
  stage.events();
  const uint64_t changes = stage.keyspace.changes;
  CHECK(stage("SWAPDB 0 0") == "+OK");
  CHECK(stage.told() == "SWAPDB 0 0");
  CHECK(stage.events().empty());
  CHECK(stage.keyspace.changes == changes + 1);
  CHECK(stage("XLEN a") == ":1");
}

}  // namespace weir::testing
