// Counts and sizes that clients send: the greatest there are, none, negative ones.  They size no
// memory and overflow nothing.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/host/memory.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

constexpr const char* kNotAnInteger = "-ERR value is not an integer or out of range";
const std::string kMost = "9223372036854775807";     // 2^63 - 1
const std::string kTooMuch = "9223372036854775808";  // what no integer of a client is
const std::string kHuge = "18446744073709551615";
const std::string kLeast = "-9223372036854775808";

/// "s" has 1-0, 2-0 and 3-0; "c" has all of them pending in "g", delivered at 1000000.
void fill(HandlerStage& stage) {
  for (const char* const words : {"XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v",
                                  "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >"})
    stage(words);
}

/// How many IDs of "s" a reply names.
size_t ids_in(const std::string& reply) {
  size_t ids = 0;
  for (const char* const id : {R"("1-0")", R"("2-0")", R"("3-0")"})
    ids += reply.find(id) != std::string::npos ? 1 : 0;
  return ids;
}

/// A command with a count behind it.
size_t ids_with(HandlerStage& stage, const std::string& command, const std::string& count) {
  return ids_in(stage(command + count));
}

}  // namespace

TEST_CASE("XRANGE and XREVRANGE take any COUNT that is an integer", "[xrange][counts]") {
  HandlerStage stage;
  fill(stage);
  for (const std::string range : {"XRANGE s - + COUNT ", "XREVRANGE s + - COUNT "}) {
    CAPTURE(range);
    CHECK(ids_with(stage, range, kMost) == 3);
    CHECK(ids_with(stage, range, "2") == 2);
    for (const std::string& none : {std::string("0"), std::string("-1"), kLeast})
      CHECK(stage(range + none) == "*-1");
    CHECK(stage(range + kTooMuch) == kNotAnInteger);
    CHECK(stage(range + kHuge) == kNotAnInteger);
  }
}

TEST_CASE("For readers a COUNT of none and of less means no bound", "[xread][counts]") {
  HandlerStage stage;
  fill(stage);
  const std::string tails[] = {" STREAMS s 0", " GROUP g c STREAMS s 0"};
  const std::string heads[] = {"XREAD COUNT ", "XREADGROUP COUNT "};
  for (size_t i = 0; i < 2; ++i) {
    CAPTURE(heads[i]);
    for (const std::string& count : {kMost, std::string("0"), std::string("-1"), kLeast})
      CHECK(ids_in(stage(heads[i] + count + tails[i])) == 3);
    CHECK(stage(heads[i] + kTooMuch + tails[i]) == kNotAnInteger);
    CHECK(stage(heads[i] + kHuge + tails[i]) == kNotAnInteger);
  }
}

TEST_CASE("MAXCOUNT and MAXSIZE may be as great as an integer", "[xread][counts]") {
  HandlerStage stage;
  fill(stage);
  const std::string both = "MAXCOUNT " + kMost + " MAXSIZE " + kMost + " COUNT " + kMost;
  CHECK(ids_in(stage("XREAD " + both + " STREAMS s 0")) == 3);
  CHECK(ids_in(stage("XREADGROUP GROUP g c " + both + " STREAMS s 0")) == 3);
  stage("XGROUP SETID s g 0");
  CHECK(ids_in(stage("XREADGROUP GROUP g c CLAIM 0 " + both + " STREAMS s >")) == 3);
  for (const std::string& wrong : {kTooMuch, kHuge, kLeast}) {
    CHECK(stage("XREAD MAXCOUNT " + wrong + " STREAMS s 0") ==
          "-ERR MAXCOUNT must be a positive integer");
    CHECK(stage("XREAD MAXSIZE " + wrong + " STREAMS s 0") ==
          "-ERR MAXSIZE must be a positive integer");
  }
}

TEST_CASE("XPENDING takes any count and any idle time", "[xpending][counts]") {
  HandlerStage stage;
  fill(stage);
  CHECK(ids_with(stage, "XPENDING s g - + ", kMost) == 3);
  for (const std::string& none : {std::string("0"), std::string("-1"), kLeast})
    CHECK(stage("XPENDING s g - + " + none) == "*[]");
  CHECK(stage("XPENDING s g - + " + kHuge) == kNotAnInteger);
  CHECK(ids_in(stage("XPENDING s g IDLE " + kLeast + " - + 10")) == 3);
  CHECK(stage("XPENDING s g IDLE " + kMost + " - + 10") == "*[]");
  CHECK(stage("XPENDING s g IDLE " + kHuge + " - + 10") == kNotAnInteger);
}

TEST_CASE("XAUTOCLAIM refuses a COUNT of which sixteen do not fit", "[xautoclaim][counts]") {
  HandlerStage stage;
  fill(stage);
  const std::string most = "576460752303423487";  // (2^63 - 1) / 16
  CHECK(ids_with(stage, "XAUTOCLAIM s g d 0 0 JUSTID COUNT ", most) == 3);
  for (const std::string& wrong : {std::string("576460752303423488"), kMost, kHuge, kLeast})
    CHECK(stage("XAUTOCLAIM s g d 0 0 COUNT " + wrong) == "-ERR COUNT must be > 0");
  CHECK(stage("XAUTOCLAIM s g d " + kMost + " 0") == R"(*["0-0", *[], *[]])");
  CHECK(stage("XAUTOCLAIM s g d " + kHuge + " 0") ==
        "-ERR Invalid min-idle-time argument for XAUTOCLAIM");
  CHECK(ids_in(stage("XAUTOCLAIM s g d " + kLeast + " 0")) == 3);
}

TEST_CASE("XINFO STREAM FULL takes any COUNT", "[xinfo][counts]") {
  HandlerStage stage;
  fill(stage);
  for (const std::string& count : {kMost, std::string("0"), std::string("-1"), kLeast})
    CHECK(ids_with(stage, "XINFO STREAM s FULL COUNT ", count) == 3);
  CHECK(stage("XINFO STREAM s FULL COUNT " + kHuge) == kNotAnInteger);
}

TEST_CASE("Trimming takes any length and any limit", "[xtrim][counts]") {
  HandlerStage stage;
  fill(stage);
  CHECK(stage("XTRIM s MAXLEN " + kMost) == ":0");
  CHECK(stage("XTRIM s MAXLEN ~ " + kMost + " LIMIT " + kMost) == ":0");
  CHECK(stage("XTRIM s MAXLEN " + kHuge) == kNotAnInteger);
  CHECK(stage("XTRIM s MAXLEN " + kLeast) == "-ERR The MAXLEN argument must be >= 0.");
  CHECK(stage("XTRIM s MAXLEN ~ 0 LIMIT " + kHuge) == kNotAnInteger);
  CHECK(stage("XTRIM s MINID " + kHuge + "-" + kHuge + " ACKED") == ":0");
  CHECK(stage("XADD s MAXLEN ~ " + kMost + " LIMIT " + kMost + " 4-0 f v") == R"("4-0")");
  CHECK(stage("XTRIM s MAXLEN ~ 0 LIMIT " + kMost) == ":4");
}

TEST_CASE("A number of IDs is compared with the words before it counts for anything",
          "[xdel][xnack][counts]") {
  HandlerStage stage;
  fill(stage);
  const std::string match = "-ERR The `numids` parameter must match the number of arguments";
  const std::string positive = "-ERR Number of IDs must be a positive integer";
  for (const std::string command : {"XDELEX s IDS ", "XDELEX none IDS ", "XACKDEL s g IDS "}) {
    CAPTURE(command);
    CHECK(stage(command + kMost + " 1-0") == match);
    for (const std::string& wrong : {kTooMuch, kHuge, kLeast, std::string("0")})
      CHECK(stage(command + wrong + " 1-0") == positive);
  }
  CHECK(stage("XNACK s g FAIL IDS 2147483647 1-0") == "-ERR number of IDs doesn't match numids");
  for (const std::string& wrong : {std::string("2147483648"), kMost, kHuge, kLeast})
    CHECK(stage("XNACK s g FAIL IDS " + wrong + " 1-0") ==
          "-ERR numids must be a positive integer");
  CHECK(ids_in(stage("XPENDING s g - + 10")) == 3);
}

TEST_CASE("A delivery that a primary dates later than the clock here keeps its time",
          "[xclaim][replica]") {
  HandlerStage stage;
  fill(stage);
  stage.is_replay = true;
  stage("XCLAIM s g c 0 1-0 TIME 99000000 RETRYCOUNT 3 FORCE JUSTID");
  const std::string all = stage("XINFO STREAM s FULL");
  CAPTURE(all);
  CHECK(all.find(R"(*["1-0", "c", :99000000, :3])") != std::string::npos);
  CHECK(stage("XPENDING s g 1 1 1 c") == R"(*[*["1-0", "c", :0, :3]])");
}

TEST_CASE("XCLAIM takes any time, and a count of deliveries stops at the greatest",
          "[xclaim][counts]") {
  HandlerStage stage;
  fill(stage);
  for (const std::string& time :
       {"TIME " + kMost, "TIME " + kLeast, "IDLE " + kMost, "IDLE " + kLeast}) {
    CAPTURE(time);
    stage("XCLAIM s g c 0 1-0 TIME 5 JUSTID");
    CHECK(stage("XCLAIM s g c 0 1-0 JUSTID " + time) == R"(*["1-0"])");
    CHECK(stage("XPENDING s g 1 1 1 c") == R"(*[*["1-0", "c", :0, :1]])");
  }
  CHECK(stage("XCLAIM s g c " + kMost + " 1-0") == "*[]");
  CHECK(ids_in(stage("XCLAIM s g c " + kLeast + " 1-0")) == 1);
  CHECK(stage("XCLAIM s g c 0 1-0 RETRYCOUNT " + kTooMuch) ==
        "-ERR Invalid RETRYCOUNT option argument for XCLAIM");
  stage("XCLAIM s g c 0 1-0 RETRYCOUNT " + kMost);
  for (const char* const once_more :
       {"XCLAIM s g c 0 1-0", "XAUTOCLAIM s g c 0 1 COUNT 1", "XREADGROUP GROUP g c STREAMS s 0",
        "XREADGROUP GROUP g c CLAIM 0 STREAMS s >"}) {
    CAPTURE(once_more);
    stage(once_more);
    CHECK(stage("XPENDING s g 1 1 1") == R"(*[*["1-0", "c", :0, :)" + kMost + "]]");
  }
}

TEST_CASE("CLAIM and BLOCK take what an integer can say", "[xreadgroup][counts]") {
  HandlerStage stage;
  fill(stage);
  CHECK(stage("XREADGROUP GROUP g d CLAIM " + kMost + " STREAMS s >") == "*-1");
  CHECK(stage("XREADGROUP GROUP g d CLAIM " + kMost + " BLOCK 0 STREAMS s >") == "waits");
  REQUIRE(stage.wait() != nullptr);
  CHECK(stage.wait()->look_again_ms > Clock::monotonic_us() / 1000);
  CHECK_FALSE(stage.wait()->deadline_ms);
  // By a clock that is ahead of the monotonic one, as clocks are, and by one that is not.
  for (const int64_t now_ms : {int64_t{1'700'000'000'000}, int64_t{5}}) {
    stage.now_ms = now_ms;
    const int64_t least = std::max(now_ms, Clock::monotonic_us() / 1000);
    const std::string longest = std::to_string(INT64_MAX - least - 100'000);
    CHECK(stage("XREADGROUP GROUP g d BLOCK " + longest + " STREAMS s >") == "waits");
    CHECK(*stage.wait()->deadline_ms > Clock::monotonic_us() / 1000);
    const std::string too_long = std::to_string(INT64_MAX - least + 1);
    CHECK(stage("XREADGROUP GROUP g d BLOCK " + too_long + " STREAMS s >") ==
          "-ERR timeout is out of range");
  }
  CHECK(stage("XREADGROUP GROUP g d BLOCK " + kMost + " STREAMS s >") ==
        "-ERR timeout is out of range");
  CHECK(stage("XREADGROUP GROUP g d CLAIM " + kHuge + " STREAMS s >") ==
        "-ERR min-idle-time is not an integer or out of range");
}

TEST_CASE("Counters that a client set to the greatest do not turn over", "[xsetid][counts]") {
  HandlerStage stage;
  fill(stage);
  stage("XSETID s 3-0 ENTRIESADDED " + kMost);
  stage("XGROUP SETID s g 3-0 ENTRIESREAD " + kMost);
  CHECK(stage("XINFO GROUPS s").find(R"("entries-read", :)" + kMost + R"(, "lag", :0)") !=
        std::string::npos);
  stage("XADD s 4-0 f v");
  stage("XADD s 5-0 f v");
  stage.told();
  stage("XREADGROUP GROUP g c STREAMS s >");
  CHECK(stage.told().ends_with("\nXGROUP SETID s g 5-0 ENTRIESREAD " + kMost));
  stage("XGROUP SETID s g 4-0");
  stage("XREADGROUP GROUP g c STREAMS s >");
  CHECK(stage.told().ends_with("\nXGROUP SETID s g 5-0 ENTRIESREAD " + kMost));
}

TEST_CASE("A count that turned over elsewhere is one that nobody knows", "[xgroup|setid][counts]") {
  HandlerStage stage;
  fill(stage);
  stage.is_replay = true;
  CHECK(stage("XGROUP SETID s g 2-0 ENTRIESREAD -9223372036854775808") == "+OK");
  const std::string groups = stage("XINFO GROUPS s");
  CHECK(groups.find(R"("last-delivered-id", "2-0")") != std::string::npos);
  CHECK(groups.find(R"("entries-read", :)") == std::string::npos);
}

TEST_CASE("A million IDs leave no memory behind, and none is kept for those not there",
          "[xclaim][counts]") {
  constexpr size_t kIds = 1'000'000;
  HandlerStage stage(HandlerStage::Audience::kNone);
  fill(stage);
  std::vector<std::string> ids;
  for (size_t i = 0; i < kIds; ++i)
    ids.push_back(std::to_string(i + 1) + "-0");
  const auto words = [&](std::vector<std::string_view> head, std::string_view last = {}) {
    head.insert(head.end(), ids.begin(), ids.end());
    if (!last.empty()) head.push_back(last);
    return head;
  };
  const std::string number = std::to_string(kIds);
  constexpr size_t kLittle = kIds;  // a byte for each
  const auto check = [&](const std::vector<std::string_view>& command, const std::string& reply) {
    const size_t before = used_memory();
    const std::string got(stage.answer(command));
    CHECK(got.substr(0, reply.size()) == reply);
    stage("XLEN none");
    CHECK(used_memory() < before + got.capacity() + kLittle);
  };
  stage("XRANGE s - +");  // the reply buffer is there
  check(words({"XCLAIM", "s", "g", "d", "0"}, "FORCE"), "*3\r\n");
  check(words({"XNACK", "s", "g", "FAIL", "IDS", number}, "FORCE"), ":3\r\n");
  check(words({"XCLAIM", "s", "g", "d", "0"}, "JUSTID"), "*3\r\n$3\r\n1-0\r\n");
  check(words({"XACK", "s", "g"}), ":3\r\n");
  check(words({"XDEL", "s"}), ":3\r\n");
}

}  // namespace weir::testing
