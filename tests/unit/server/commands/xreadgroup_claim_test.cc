// XREADGROUP CLAIM: the order in which entries are taken over, and when a waiting reader looks
// again.
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

/// "s" has 1-0, 2-0 and 3-0; "c" has all of them pending in "g", delivered at 1000000.
void fill(HandlerStage& stage) {
  for (const char* const words : {"XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v",
                                  "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >"})
    stage(words);
}

}  // namespace

TEST_CASE("Deliveries of one millisecond are taken over in the order in which they were made",
          "[xreadgroup][claim]") {
  HandlerStage stage;
  fill(stage);
  stage("XADD s 4-0 f v");
  stage("XADD s 5-0 f v");
  stage("XCLAIM s g c 0 4-0 5-0 FORCE JUSTID TIME 999000 LASTID 5-0");
  stage("XCLAIM s g c 0 3-0 1-0 2-0 JUSTID TIME 999500");
  stage("XNACK s g FAIL IDS 2 5-0 1-0");
  const auto take = [&](const char* count) {
    return stage(std::string("XREADGROUP GROUP g d NOACK COUNT ") + count +
                 " CLAIM 500 STREAMS s >");
  };
  // Released ones as they were released, then the oldest, then two of one time.
  CHECK(
      take("2") ==
      R"(*[*["s", *[*["5-0", *["f", "v"], :1000000, :1], *["1-0", *["f", "v"], :1000000, :1]]]])");
  CHECK(take("2") ==
        R"(*[*["s", *[*["4-0", *["f", "v"], :1000, :1], *["3-0", *["f", "v"], :500, :1]]]])");
  CHECK(take("2") == R"(*[*["s", *[*["2-0", *["f", "v"], :500, :1]]]])");
}

TEST_CASE("Deliveries of one millisecond keep their order over many blocks of a PEL",
          "[xreadgroup][claim]") {
  HandlerStage stage;
  for (int ms = 1; ms <= 1000; ++ms)
    stage("XADD s " + std::to_string(ms) + "-0 f v");
  stage("XGROUP CREATE s g 0");
  stage("XREADGROUP GROUP g c STREAMS s >");
  stage.now_ms += 10;
  for (int first = 1; first <= 1000; first += 100) {
    const std::string taken = stage("XREADGROUP GROUP g d COUNT 100 CLAIM 10 STREAMS s >");
    size_t at = 0;
    for (int ms = first; ms < first + 100; ++ms) {
      CAPTURE(first, ms);
      at = taken.find("\"" + std::to_string(ms) + "-0\"", at);
      REQUIRE(at != std::string::npos);
    }
  }
  CHECK(stage("XREADGROUP GROUP g d COUNT 100 CLAIM 10 STREAMS s >") == "*-1");
}

TEST_CASE("A waiting reader looks again when an entry will be idle, by a clock that was set back",
          "[xreadgroup][claim]") {
  HandlerStage stage;
  fill(stage);
  const auto wait_of = [&](const char* words) {
    const int64_t before = Clock::monotonic_us() / 1000;
    REQUIRE(stage(words) == "waits");
    const int64_t after = Clock::monotonic_us() / 1000;
    REQUIRE(stage.wait()->look_again_ms);
    return std::pair(*stage.wait()->look_again_ms - after, *stage.wait()->look_again_ms - before);
  };
  const char* const read = "XREADGROUP GROUP g d CLAIM 100 BLOCK 0 STREAMS s >";
  // What is between the two is the time that the command took.
  const auto check = [&](int64_t wait_ms) {
    const auto [least, most] = wait_of(read);
    CHECK(least <= wait_ms + 2);
    CHECK(most >= wait_ms + 2);
  };
  stage.now_ms += 40;
  check(60);
  stage.now_ms -= 600'040;
  check(600'100);
  stage.now_ms += 600'099;
  check(1);
  stage.now_ms += 1;
  CHECK(stage(read).find(R"("3-0")") != std::string::npos);
}

TEST_CASE("A waiting reader with nothing pending looks again after the idle time",
          "[xreadgroup][claim]") {
  HandlerStage stage;
  fill(stage);
  stage("XDEL s 2-0");
  stage("XACK s g 1-0 3-0");
  stage.now_ms += 5'000;
  const int64_t before = Clock::monotonic_us() / 1000;
  REQUIRE(stage("XREADGROUP GROUP g d CLAIM 100 BLOCK 0 STREAMS s >") == "waits");
  CHECK(stage.wait()->look_again_ms >= before + 102);
  CHECK(stage.wait()->look_again_ms <= Clock::monotonic_us() / 1000 + 102);
  CHECK(stage("XREADGROUP GROUP g d BLOCK 0 STREAMS s >") == "waits");
  CHECK_FALSE(stage.wait()->look_again_ms);
}

}  // namespace weir::testing
