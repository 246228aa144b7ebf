// XADD with IDMP as a log or a primary sends it: what was decided there is done here.  And names
// that no client should send.
#include <string>

#include <catch2/catch.hpp>
#include <sys/mman.h>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

Stream& stream(HandlerStage& stage) {
  return stage.keyspace.database(0).find_or_create("s");
}

TEST_CASE("IDMP takes an explicit ID in a replay only", "[xadd][idmp]") {
  HandlerStage stage;
  const std::string refused =
      "-ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "5-0", "f", "v"}) == refused);
  CHECK(stage.run({"XADD", "s", "IDMPAUTO", "p", "5-0", "f", "v"}) == refused);
  stage.is_replay = true;
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "5-0", "f", "v"}) == R"("5-0")");
  CHECK(stage.run({"XADD", "s", "IDMPAUTO", "p", "6-0", "f", "v"}) == R"("6-0")");
  stage.is_replay = false;
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "*", "f", "v"}) == R"("5-0")");
  CHECK(stage.run({"XADD", "s", "IDMPAUTO", "p", "*", "f", "v"}) == R"("6-0")");
}

TEST_CASE("A replayed explicit ID is added although the message is still remembered here",
          "[xadd][idmp]") {
  HandlerStage stage;
  stage.is_replay = true;
  stage.run({"XADD", "s", "IDMP", "p", "i", "5-0", "f", "v"});
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "7-0", "f", "v"}) == R"("7-0")");
  CHECK(stream(stage).length() == 2);
  CHECK(stream(stage).idempotence()->find("p", "i") == StreamId{7, 0});
  CHECK(stream(stage).idempotence()->iid_count() == 1);
}

TEST_CASE("A replayed * counts a duplicate and adds nothing, whatever is remembered here",
          "[xadd][idmp]") {
  HandlerStage stage;
  stage.is_replay = true;
  stage.run({"XADD", "s", "IDMP", "p", "i", "5-0", "f", "v"});
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "*", "f", "v"}) == R"("5-0")");
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "forgotten", "*", "f", "v"}) == "$-1");
  CHECK(stream(stage).length() == 1);
  CHECK(stream(stage).idempotence()->iids_duplicates() == 2);
  CHECK(stream(stage).idempotence()->iids_added() == 1);
}

TEST_CASE("XADD records its messages for expiry, and so does XIDMPRECORD", "[xadd][idmp]") {
  HandlerStage stage;
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "*", "f", "v"}) == R"("1000000-0")");
  CHECK(stage.run({"XADD", "t", "*", "f", "v"}) == R"("1000000-0")");
  CHECK(stage.run({"XIDMPRECORD", "t", "p", "i", "1000000-0"}) == "+OK");
  const auto expire = [&](uint64_t after_ms) {
    stage.keyspace.iid_expiry.run(1'000'000 + after_ms);
  };
  expire(99'000);
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "*", "f", "v"}) == R"("1000000-0")");
  CHECK(stage.run({"XADD", "t", "IDMP", "p", "i", "*", "f", "v"}) == R"("1000000-0")");
  expire(100'000);
  CHECK(stage.run({"XADD", "s", "IDMP", "p", "i", "*", "f", "v"}) == R"("1000000-1")");
  CHECK(stage.run({"XADD", "t", "IDMP", "p", "i", "*", "f", "v"}) == R"("1000000-1")");
}

TEST_CASE("Names and values that are too large are refused unread, after the ID", "[xadd][idmp]") {
  // Memory that cannot be read.
  const size_t size = kMaxEntryBytes + 1;
  void* const memory = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const std::string_view huge(static_cast<const char*>(memory), size);
  const std::string too_large = "-ERR Elements are too large to be stored";
  HandlerStage stage;
  CHECK(stage.run({"XADD", "s", "IDMP", "p", huge, "*", "f", "v"}) == too_large);
  CHECK(stage.run({"XADD", "s", "IDMP", huge, "i", "*", "f", "v"}) == too_large);
  CHECK(stage.run({"XADD", "s", "*", "f", huge}) == too_large);
  CHECK(stage.run({"XIDMPRECORD", "s", "p", huge, "1-0"}) == too_large);
  CHECK(stage.run({"XIDMPRECORD", "s", huge, "i", "1-0"}) == too_large);
  CHECK(stage.keyspace.database(0).size() == 0);
  stage.run({"XADD", "s", "5-0", "f", "v"});
  CHECK(stage.run({"XADD", "s", "5-0", "f", huge}) ==
        "-ERR The ID specified in XADD is equal or smaller than the target stream top item");
  munmap(memory, size);
}

}  // namespace
}  // namespace weir::testing
