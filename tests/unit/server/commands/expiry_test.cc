// EXPIRE and its family: conditions, bounds, what is told, and how keys go.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

constexpr std::string_view kInvalidTime = "-ERR invalid expire time in '";

/// A stage with the stream s, which has a TTL if wanted.
class WithKey : public HandlerStage {
 public:
  explicit WithKey(std::string_view deadline_ms = {}) {
    (*this)("XADD s 1-0 f v");
    if (!deadline_ms.empty()) run({"PEXPIREAT", "s", deadline_ms});
    told();
    events();
  }
};

/// What EXPIRE answers with a condition to a key with the deadline 2,000,000, or none.
std::string set_if(std::string_view condition, std::string_view wanted, bool has_ttl) {
  WithKey stage(has_ttl ? "2000000" : "");
  return stage("PEXPIREAT s " + std::string(wanted) + " " + std::string(condition));
}

}  // namespace

TEST_CASE("A condition of EXPIRE allows what it says, and no TTL counts as infinite", "[expire]") {
  struct Row {
    std::string_view condition;
    std::string_view none, earlier, equal,
        later;  // 1: set; to a key without TTL, or from 2,000,000
  };
  constexpr Row kRows[] = {
      {"", "1", "1", "1", "1"},      {"NX", "1", "0", "0", "0"},    {"XX", "0", "1", "1", "1"},
      {"GT", "0", "0", "0", "1"},    {"LT", "1", "1", "0", "0"},    {"XX GT", "0", "0", "0", "1"},
      {"xx lt", "0", "1", "0", "0"}, {"GT GT", "0", "0", "0", "1"},
  };
  for (const Row& row : kRows) {
    INFO(row.condition);
    CHECK(set_if(row.condition, "2000000", false) == ":" + std::string(row.none));
    CHECK(set_if(row.condition, "1999999", true) == ":" + std::string(row.earlier));
    CHECK(set_if(row.condition, "2000000", true) == ":" + std::string(row.equal));
    CHECK(set_if(row.condition, "2000001", true) == ":" + std::string(row.later));
  }
}

TEST_CASE("A condition that does not hold changes and tells nothing", "[expire]") {
  WithKey stage("2000000");
  CHECK(stage("PEXPIREAT s 3000000 NX") == ":0");
  CHECK(stage("EXPIRE s -1 GT") == ":0");
  CHECK(stage("PEXPIRETIME s") == ":2000000");
  CHECK(stage("EXPIRE missing 10") == ":0");
  CHECK(stage.told().empty());
  CHECK(stage.events().empty());
  CHECK(stage.keyspace.changes == 2);
}

TEST_CASE("EXPIRE is refused with the error of its first mistake, options before the number",
          "[expire]") {
  WithKey stage;
  CHECK(stage("EXPIRE s x ZZ") == "-ERR Unsupported option ZZ");
  CHECK(stage("EXPIRE s 10 NX zz") == "-ERR Unsupported option zz");
  for (const char* words : {"EXPIRE s x NX XX", "EXPIRE s 1 LT NX", "EXPIRE s 1 NX GT"}) {
    CHECK(stage(words) == "-ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  CHECK(stage("EXPIRE s 1 GT LT") == "-ERR GT and LT options at the same time are not compatible");
  CHECK(stage("EXPIRE s 1.5") == "-ERR value is not an integer or out of range");
  CHECK(stage("TTL s") == ":-1");
}

TEST_CASE("A time that does not fit into 64 bits is refused, the last that fits is not",
          "[expire]") {
  WithKey stage;
  CHECK(stage("EXPIRE s 9223372036854775") == std::string(kInvalidTime) + "expire' command");
  CHECK(stage("EXPIRE s 9223372036854776") == std::string(kInvalidTime) + "expire' command");
  CHECK(stage("EXPIREAT s 9223372036854776") == std::string(kInvalidTime) + "expireat' command");
  CHECK(stage("PEXPIRE s 9223372036853775808") == std::string(kInvalidTime) + "pexpire' command");
  CHECK(stage("EXPIRE missing -9223372036854776") == std::string(kInvalidTime) + "expire' command");
  CHECK(stage("PEXPIRE s 9223372036853775807") == ":1");
  CHECK(stage("PEXPIRETIME s") == ":9223372036854775807");
  CHECK(stage("EXPIRETIME s") == ":9223372036854776");
  CHECK(stage("PEXPIREAT s 9223372036854775807") == ":1");
  CHECK(stage("PTTL s") == ":9223372036853775807");
}

TEST_CASE("A TTL is told as a point in time, whatever it was given as", "[expire]") {
  WithKey stage;
  for (const char* words : {"EXPIRE s 10", "PEXPIRE s 10000", "EXPIREAT s 1010 XX",
                            "PEXPIREAT s 1010000", "PEXPIRE s 10000 XX"}) {
    CHECK(stage(words) == ":1");
    CHECK(stage.told() == "PEXPIREAT s 1010000");
    CHECK(stage.events() == "expire s");
  }
}

TEST_CASE("TTL rounds half seconds up, PTTL tells milliseconds", "[ttl]") {
  WithKey stage;
  for (const auto& [ms, seconds] : {std::pair{"1499", "1"}, {"1500", "2"}, {"499", "0"}}) {
    stage.run({"PEXPIRE", "s", ms});
    CHECK(stage("PTTL s") == ":" + std::string(ms));
    CHECK(stage("TTL s") == ":" + std::string(seconds));
  }
  CHECK(stage("EXPIRETIME s") == ":1000");
  CHECK(stage("TTL missing") == ":-2");
  CHECK(stage("PEXPIRETIME missing") == ":-2");
}

TEST_CASE("A time that is past deletes the key at once", "[expire]") {
  for (const char* words : {"EXPIRE s 0", "EXPIRE s -1", "PEXPIREAT s 1000000", "EXPIREAT s 1"}) {
    WithKey stage;
    CHECK(stage(words) == ":1");
    CHECK(stage("EXISTS s") == ":0");
    CHECK(stage.told() == "DEL s");
    CHECK(stage.events() == "del s");
  }
}

TEST_CASE("With lazyfree-lazy-expire keys go as by UNLINK", "[expire]") {
  WithKey stage("1000010");
  stage.configure("lazyfree-lazy-expire", "yes");
  stage.now_ms += 11;
  CHECK(stage("XLEN s") == ":0");
  CHECK(stage.told() == "UNLINK s");
  stage("XADD s 1-0 f v");
  stage.told();
  stage("PEXPIRE s -1");
  CHECK(stage.told() == "UNLINK s");
}

TEST_CASE("What is replayed sets a deadline that is past: the deletion comes by itself",
          "[expire]") {
  WithKey stage;
  stage.is_replay = true;
  stage.keyspace.expired_keys = ExpiredKeys::kAreSeen;
  CHECK(stage("PEXPIREAT s 5") == ":1");
  CHECK(stage("XLEN s") == ":1");
  CHECK(stage.told() == "PEXPIREAT s 5");
}

TEST_CASE("PERSIST takes a TTL back once", "[persist]") {
  WithKey stage("2000000");
  CHECK(stage("PERSIST s") == ":1");
  CHECK(stage("PERSIST s") == ":0");
  CHECK(stage("PERSIST missing") == ":0");
  CHECK(stage.told() == "PERSIST s");
  CHECK(stage.events() == "persist s");
  stage.now_ms = 3'000'000;
  CHECK(stage("XLEN s") == ":1");
}

TEST_CASE("A key is there to the end of its last millisecond, whoever asks", "[expire]") {
  for (const char* words :
       {"XLEN s", "EXISTS s", "TTL s", "TYPE s", "OBJECT ENCODING s", "XRANGE s - +", "DEL s",
        "TOUCH s", "PERSIST s", "XACK s g 1-0", "EXPIRE s 10", "RENAME s t", "COPY s t", "MOVE s 1",
        "RANDOMKEY", "RENAMENX s t"}) {
    INFO(words);
    WithKey there("1000010");
    there.now_ms = 1'000'010;
    there(words);
    CHECK(there.events().find("expired") == std::string::npos);
    WithKey gone("1000010");
    gone.now_ms = 1'000'011;
    gone(words);
    CHECK(gone.told() == "DEL s");
    CHECK(gone.events() == "expired s");
    CHECK(gone.keyspace.lookups().expired == 1);
    CHECK(gone("DBSIZE") == ":0");
  }
}

TEST_CASE("What is written to a key that is over begins anew, after its deletion", "[expire]") {
  WithKey stage("1000010");
  stage.now_ms = 1'000'011;
  CHECK(stage("XADD s 0-5 f v") == "\"0-5\"");
  CHECK(stage.told() == "DEL s\nXADD s 0-5 f v");
  CHECK(stage.events() == "expired s, new s, xadd s");
  CHECK(stage("TTL s") == ":-1");
}

TEST_CASE("KEYS passes over keys that are over, SCAN removes those that it comes to", "[expire]") {
  WithKey stage("1000010");
  stage("XADD other 1-0 f v");
  stage.events();
  stage.told();
  stage.now_ms = 1'000'011;
  CHECK(stage("KEYS *") == R"(*["other"])");
  CHECK(stage("SCAN 0 MATCH o*") == R"(*["0", *["other"]])");
  CHECK(stage.events().empty());
  CHECK(stage("DBSIZE") == ":2");
  CHECK(stage("SCAN 0") == R"(*["0", *["other"]])");
  CHECK(stage.told() == "DEL s");
  CHECK(stage.events() == "expired s");
  CHECK(stage("DBSIZE") == ":1");
  CHECK(stage("RANDOMKEY") == "\"other\"");
}

TEST_CASE("Keys that are only hidden are not seen and not removed", "[expire]") {
  WithKey stage("1000010");
  stage.keyspace.expired_keys = ExpiredKeys::kAreHidden;
  stage.now_ms = 1'000'011;
  CHECK(stage("XLEN s") == ":0");
  CHECK(stage("DEL s") == ":0");
  CHECK(stage("RANDOMKEY") == "$-1");
  CHECK(stage.keyspace.database(0).expire_some(10) == 0);
  CHECK(stage.events().empty());
  CHECK(stage("DBSIZE") == ":1");
  CHECK(stage("XADD s 0-5 f v") == "\"0-5\"");  // the hidden one makes way
  CHECK(stage("DBSIZE") == ":1");
  CHECK(stage("XLEN s") == ":1");
}

TEST_CASE("While expiry is paused keys are hidden, and go when somebody asks for them afterwards",
          "[expire]") {
  WithKey stage("1000010");
  stage.keyspace.expiry_paused = true;
  stage.now_ms = 1'000'011;
  CHECK(stage("XLEN s") == ":0");
  CHECK(stage.keyspace.database(0).expire_some(10) == 0);
  CHECK(stage("DBSIZE") == ":1");
  stage.keyspace.expiry_paused = false;
  CHECK(stage("XLEN s") == ":0");
  CHECK(stage.events() == "expired s");
  CHECK(stage("DBSIZE") == ":0");
}

TEST_CASE("Keys that nobody asks for go in the order of their deadlines, up to a number",
          "[expire]") {
  HandlerStage stage;
  for (const char* key : {"c", "a", "d", "b"}) {
    stage.run({"XADD", key, "1-0", "f", "v"});
    stage.run({"PEXPIREAT", key, "200000" + std::to_string(key[0] - 'a')});
  }
  stage.events();
  stage.now_ms = 3'000'000;
  stage("DBSIZE");
  Database& db = stage.keyspace.database(0);
  CHECK(db.expire_some(3) == 3);
  CHECK(stage.events() == "expired a, expired b, expired c");
  CHECK(db.expire_some(3) == 1);
  CHECK(db.expire_some(3) == 0);
  CHECK(db.size() == 0);
}

TEST_CASE("A read of a missing key is a miss, a write of one is none", "[keymiss]") {
  HandlerStage stage;
  for (const char* words : {"XLEN k", "XRANGE k - +", "TYPE k", "EXISTS k", "TTL k", "COPY k t",
                            "XACK k g 1-0", "XCLAIM k g c 0 1-0", "XAUTOCLAIM k g c 0 0"}) {
    stage(words);
    CHECK(stage.misses() == "keymiss k");
  }
  stage("XADD k NOMKSTREAM * f v");
  stage("DEL k");
  stage("EXPIRE k 10");
  stage("OBJECT ENCODING k");
  CHECK(stage.misses().empty());
}

}  // namespace weir::testing
