// DEBUG DIGEST and POPULATE; the digests are those of Redis 7.0.15 after the same commands.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

constexpr std::string_view kOfS = "0a84a3ce0610c316cff4faa3fa63d9bca61b843f";
constexpr std::string_view kOfT = "0631d1026f90b99c44ba3febace237978ab78799";
constexpr std::string_view kOfEmptyStream = "06bd01623de1d087bbd377851096317b1af476a2";
constexpr std::string_view kOfNothing = "0000000000000000000000000000000000000000";

/// Two entries whose fields are texts and numbers.
void make_s(HandlerStage& stage) {
  stage("XADD s 1-1 f v");
  stage.run({"XADD", "s", "2-0", "name", "some text", "n", "12345"});
}

std::string simple(std::string_view text) {
  return "+" + std::string(text);
}

}  // namespace

TEST_CASE("The digest of a value follows from entries and TTL alone", "[digest]") {
  HandlerStage stage;
  make_s(stage);
  const std::string alone = "*[+\"" + std::string(kOfS) + "\"]";
  CHECK(stage("DEBUG DIGEST-VALUE s") == alone);
  stage("XGROUP CREATE s g 0");
  stage("XREADGROUP GROUP g c STREAMS s >");
  CHECK(stage("DEBUG DIGEST-VALUE s") == alone);
  stage("XADD s 3-0 f v");
  CHECK(stage("DEBUG DIGEST-VALUE s") != alone);
  stage("XDEL s 3-0");
  CHECK(stage("DEBUG DIGEST-VALUE s") == alone);
  stage("EXPIRE s 100");
  CHECK(stage("DEBUG DIGEST-VALUE s") != alone);
}

TEST_CASE("Digests of several values come in the order of the keys", "[digest]") {
  HandlerStage stage;
  make_s(stage);
  stage("XADD t 5-5 f v");
  stage("EXPIRE t 100000");
  stage("XGROUP CREATE e g 0 MKSTREAM");
  const std::string reply = stage("DEBUG DIGEST-VALUE t missing s e");
  size_t at = 0;
  for (const std::string_view digest : {kOfT, kOfNothing, kOfS, kOfEmptyStream}) {
    at = reply.find(digest, at);
    CHECK(at != std::string::npos);
  }
}

TEST_CASE("The digest of all data is that of Redis", "[digest]") {
  HandlerStage stage;
  CHECK(stage("DEBUG DIGEST") == simple(kOfNothing));
  make_s(stage);
  CHECK(stage("DEBUG DIGEST") == "+d0bc3a93ef4bfcd698c19df7c903eea9d9f9a306");
  stage("XADD s2 9-9 a b");
  stage("RENAME s2 s3");
  stage("XADD t 5-5 f v");
  stage("EXPIRE t 100000");
  stage("XGROUP CREATE e g 0 MKSTREAM");
  stage("XADD moved 9-9 a b");
  stage("DEL s3");
  stage("RENAME s kept");
  stage("RENAME moved s");
  stage("MOVE s 3");
  stage("RENAME kept s");
  CHECK(stage("DEBUG DIGEST") == "+76c323836e17193bded7e5440db7c6e31f50db71");
}

TEST_CASE("DEBUG POPULATE makes the keys that are missing, and tells of each", "[digest]") {
  HandlerStage stage;
  stage("XADD key:1 9-9 f v");
  stage.told();
  stage.events();
  CHECK(stage("DEBUG POPULATE 3") == "+OK");
  CHECK(stage("XRANGE key:2 - +") == R"(*[*["1-0", *["field", "value:2"]]])");
  CHECK(stage("XRANGE key:1 - +") == R"(*[*["9-9", *["f", "v"]]])");
  CHECK(stage.told() == "XADD key:0 1-0 field value:0\nXADD key:2 1-0 field value:2");
  CHECK(stage.events() == "new key:0, new key:2");
  CHECK(stage("DEBUG POPULATE 2 other 3") == "+OK");
  CHECK(stage("XRANGE other:1 - +") == R"(*[*["1-0", *["field", "val"]]])");
}

TEST_CASE("DEBUG POPULATE wants numbers that are not negative", "[digest]") {
  HandlerStage stage;
  for (const char* words : {"DEBUG POPULATE x", "DEBUG POPULATE -1", "DEBUG POPULATE 1 p -1"})
    CHECK(stage(words) == "-ERR value is out of range, must be positive");
  CHECK(stage("DEBUG POPULATE 1 p 9999999999") == "-ERR Elements are too large to be stored");
  CHECK(stage("DEBUG POPULATE 1 p 1 1").starts_with("-ERR unknown subcommand or wrong number"));
  CHECK(stage("DBSIZE") == ":0");
}

}  // namespace weir::testing
