// DUMP and RESTORE: what goes along, what is refused, and what is told.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "persistence/crc64.h"
#include "persistence/rdb_payload.h"
#include "tests/support/describe_stream.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

/// The key s with all that a stream can have.
void make_rich(HandlerStage& stage) {
  for (int i = 1; i <= 300; ++i)
    stage("XADD s " + std::to_string(i) + "-0 f v" + std::to_string(i));
  stage("XDEL s 7-0");
  stage("XGROUP CREATE s g 0");
  stage("XREADGROUP GROUP g ann COUNT 200 STREAMS s >");
  stage("XGROUP CREATECONSUMER s g bob");
  stage("XNACK s g FAIL IDS 1 3-0");
  stage("XCFGSET s IDMP-DURATION 50");
  stage("XADD s IDMP p1 m1 * f v");
}

std::string payload_of(HandlerStage& stage, std::string_view key) {
  const std::vector<std::string_view> words = {"DUMP", key};
  const std::string bytes(stage.answer(words));
  const size_t header = bytes.find("\r\n") + 2;
  return bytes.substr(header, bytes.size() - header - 2);
}

std::string damaged(std::string payload) {
  payload[payload.size() / 2] ^= 1;
  return payload;
}

}  // namespace

TEST_CASE("DUMP of a missing key is null", "[dump]") {
  HandlerStage stage;
  CHECK(stage("DUMP s") == "$-1");
}

TEST_CASE("RESTORE gives a key all that the dumped one had", "[dump][restore]") {
  HandlerStage stage;
  make_rich(stage);
  const std::string payload = payload_of(stage, "s");
  stage.told();
  stage.events();
  CHECK(stage.run({"RESTORE", "t", "0", payload}) == "+OK");
  CHECK(stage.events() == "new t, restore t");
  CHECK(stage.told() == "RESTORE t 0 " + payload);
  CHECK(describe(*stage.stream("t")) == describe(*stage.stream("s")));
  CHECK(stage("PTTL t") == ":-1");
  stage.stream("t")->assert_consistent();
}

TEST_CASE("A payload of a plain stream has the version of rdb-version", "[dump]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  CHECK(payload_of(stage, "s").substr(0, 1) == "\x13");
  stage.configure("rdb-version", "14");
  CHECK(payload_of(stage, "s").substr(0, 1) == "\x1b");
}

TEST_CASE("Times of consumers that no clock has said are shown as the payload has them",
          "[restore][xinfo]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XGROUP CREATE s g 0");
  stage("XREADGROUP GROUP g ann STREAMS s >");
  stage("XGROUP CREATECONSUMER s g bob");
  Consumer& ann = *stage.stream("s")->find_group("g")->find_consumer("ann");
  Consumer& bob = *stage.stream("s")->find_group("g")->find_consumer("bob");
  ann.set_seen_ms(INT64_MIN);
  ann.set_active_ms(-5);
  bob.set_seen_ms(int64_t{1} << 47);
  bob.set_active_ms(INT64_MAX);
  for (const char* version : {"11", "14"}) {
    stage.configure("rdb-version", version);
    const std::string payload = payload_of(stage, "s");
    CHECK(stage.run({"RESTORE", "t", "0", payload, "REPLACE"}) == "+OK");
    CHECK(stage("XINFO CONSUMERS t g") ==
          R"(*[*["name", "ann", "pending", :1, "idle", :0, "inactive", :-1], )"
          R"(*["name", "bob", "pending", :0, "idle", :0, "inactive", :0]])");
    const std::string full = stage("XINFO STREAM t FULL");
    CHECK(full.find(R"("seen-time", :-9223372036854775808, "active-time", :-5, "pel-count", :1)") !=
          std::string::npos);
    CHECK(full.find(R"("seen-time", :140737488355328, "active-time", :9223372036854775807)") !=
          std::string::npos);
  }
  stage("XREADGROUP GROUP g ann STREAMS t >");
  CHECK(stage("XINFO CONSUMERS t g").find(R"("ann", "pending", :1, "idle", :0, "inactive", :-1)") !=
        std::string::npos);
}

TEST_CASE("A payload of an old version says of consumers when they were active",
          "[dump][restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XGROUP CREATE s g 0");
  stage("XREADGROUP GROUP g ann STREAMS s >");
  stage("XGROUP CREATECONSUMER s g bob");
  stage.now_ms += 70;
  stage("XREADGROUP GROUP g ann STREAMS s >");
  const std::string payload = payload_of(stage, "s");
  CHECK(payload.substr(0, 1) == "\x13");
  CHECK(stage.run({"RESTORE", "t", "0", payload}) == "+OK");
  CHECK(stage("XINFO CONSUMERS t g") ==
        R"(*[*["name", "ann", "pending", :1, "idle", :0, "inactive", :70], )"
        R"(*["name", "bob", "pending", :0, "idle", :70, "inactive", :-1]])");
}

TEST_CASE("A payload keeps the limits of remembered messages that were the server's",
          "[dump][restore][idmp]") {
  HandlerStage stage;
  stage.keyspace.new_stream_limits.maxsize = 77;
  stage("XADD s 1-0 f v");
  const std::string payload = payload_of(stage, "s");
  stage.keyspace.new_stream_limits = {};
  CHECK(stage.run({"RESTORE", "t", "0", payload}) == "+OK");
  CHECK(stage.stream("t")->idempotence_limits() == stage.stream("s")->idempotence_limits());
}

TEST_CASE("RESTORE replaces a key only when told to", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XADD t 9-0 f v");
  const std::string payload = payload_of(stage, "s");
  CHECK(stage.run({"RESTORE", "t", "0", payload}) == "-BUSYKEY Target key name already exists.");
  CHECK(stage("XLEN t") == ":1");
  stage.events();
  CHECK(stage.run({"RESTORE", "t", "0", payload, "replace"}) == "+OK");
  CHECK(stage.events() == "new t, restore t, overwritten t");
  CHECK(stage("XRANGE t - +") == stage("XRANGE s - +"));
}

TEST_CASE("RESTORE is told with the time that its TTL means", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  const std::string payload = payload_of(stage, "s");
  stage.told();
  CHECK(stage.run({"RESTORE", "t", "5000", payload, "IDLETIME", "7"}) == "+OK");
  CHECK(stage("PEXPIRETIME t") == ":1005000");
  CHECK(stage.told() == "RESTORE t 1005000 " + payload + " IDLETIME 7 ABSTTL");
  CHECK(stage("OBJECT IDLETIME t") == ":7");
  CHECK(stage.run({"RESTORE", "u", "1000001", payload, "ABSTTL"}) == "+OK");
  CHECK(stage("PEXPIRETIME u") == ":1000001");
}

TEST_CASE("A time that is past makes no key, and with REPLACE deletes it", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  const std::string payload = payload_of(stage, "s");
  stage.told();
  CHECK(stage.run({"RESTORE", "t", "1", payload, "ABSTTL"}) == "+OK");
  CHECK(stage("EXISTS t") == ":0");
  CHECK(stage.told().empty());
  CHECK(stage.run({"RESTORE", "s", "1", payload, "ABSTTL", "REPLACE"}) == "+OK");
  CHECK(stage("EXISTS s") == ":0");
  CHECK(stage.told() == "DEL s");
}

TEST_CASE("From a log or a primary a key is restored whatever its time", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  const std::string payload = payload_of(stage, "s");
  stage.is_replay = true;
  CHECK(stage.run({"RESTORE", "t", "1", payload, "ABSTTL"}) == "+OK");
  CHECK(stage.keyspace.database(0).size() == 2);
}

TEST_CASE("RESTORE takes the place of a key that is over and may not go yet", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XADD t 9-0 f v");
  const std::string payload = payload_of(stage, "s");
  stage("PEXPIRE t 5");
  stage.keyspace.expired_keys = ExpiredKeys::kAreHidden;
  stage.now_ms += 10;
  CHECK(stage.run({"RESTORE", "t", "0", payload}) == "+OK");
  CHECK(stage("XRANGE t - +") == stage("XRANGE s - +"));
}

TEST_CASE("RESTORE says what is wrong, in Redis's order, and changes nothing", "[restore]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  const std::string payload = payload_of(stage, "s");
  CHECK(stage.run({"RESTORE", "s", "x", "bad", "FOO"}) == "-ERR syntax error");
  CHECK(stage.run({"RESTORE", "s", "x", "bad"}) == "-BUSYKEY Target key name already exists.");
  CHECK(stage.run({"RESTORE", "t", "x", "bad"}) == "-ERR value is not an integer or out of range");
  CHECK(stage.run({"RESTORE", "t", "-1", "bad"}) == "-ERR Invalid TTL value, must be >= 0");
  CHECK(stage.run({"RESTORE", "t", "0", "bad"}) ==
        "-ERR DUMP payload version or checksum are wrong");
  CHECK(stage.run({"RESTORE", "t", "0", damaged(payload)}) ==
        "-ERR DUMP payload version or checksum are wrong");
  CHECK(stage.run({"RESTORE", "t", "0", payload, "IDLETIME", "-1"}) ==
        "-ERR Invalid IDLETIME value, must be >= 0");
  CHECK(stage.run({"RESTORE", "t", "0", payload, "FREQ", "256"}) ==
        "-ERR Invalid FREQ value, must be >= 0 and <= 255");
  CHECK(stage.run({"RESTORE", "t", "0", payload, "FREQ", "1", "IDLETIME", "1"}) ==
        "-ERR syntax error");
  CHECK(stage("EXISTS t") == ":0");
}

TEST_CASE("A payload of another type, or of a broken stream, has a bad format", "[restore]") {
  using namespace std::string_literals;
  HandlerStage stage;
  for (const std::string& value : {"\x00\x01v"s, "\x13\x01"s, ""s, "\x13\x00\x05"s}) {
    std::string payload = value + "\x0a\x00"s;
    uint64_t crc = crc64(0, payload);
    for (int i = 0; i < 8; ++i, crc >>= 8)
      payload += static_cast<char>(crc);
    CHECK(stage.run({"RESTORE", "t", "0", payload}) == "-ERR Bad data format");
  }
  CHECK(stage("EXISTS t") == ":0");
}

}  // namespace weir::testing
