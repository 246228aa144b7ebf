#include "server/replication/log_position.h"

#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir {
namespace {

struct Stage {
  testing::TempFolder folder;
  AofPlace place{folder.path(), "a.aof"};
  LogEnd end{.increment = "a.aof.2.incr.aof", .bytes = 4711};
  SavedPosition position{.id = std::string(40, 'a'), .offset = 12, .db = 3};
};

TEST_CASE("The position of a log counts once", "[log_position]") {
  Stage stage;
  REQUIRE(write_log_position(real_files(), stage.place, stage.end, stage.position));
  const auto taken = take_log_position(real_files(), stage.place, stage.end);
  REQUIRE(taken);
  CHECK(taken->id == stage.position.id);
  CHECK(taken->offset == 12);
  CHECK(taken->db == 3);
  CHECK_FALSE(take_log_position(real_files(), stage.place, stage.end));
}

TEST_CASE("The position of a log that has gone on does not count", "[log_position]") {
  Stage stage;
  REQUIRE(write_log_position(real_files(), stage.place, stage.end, stage.position));
  LogEnd other = stage.end;
  SECTION("longer") {
    other.bytes = 4712;
  }
  SECTION("another increment") {
    other.increment = "a.aof.3.incr.aof";
  }
  CHECK_FALSE(take_log_position(real_files(), stage.place, other));
}

TEST_CASE("What is no position is none", "[log_position]") {
  Stage stage;
  const std::pair<size_t, const char*> texts[] = {{0, ""},
                                                  {0, "\n"},
                                                  {39, " 12 3 4711 a.aof.2.incr.aof\n"},
                                                  {40, " x 3 4711 a.aof.2.incr.aof\n"},
                                                  {40, " 12 3"}};
  for (const auto& [id_bytes, rest] : texts) {
    CAPTURE(id_bytes, rest);
    testing::write_text(stage.place.path("a.aof.position"),
                        std::string(id_bytes, 'a').append(rest));
    CHECK_FALSE(take_log_position(real_files(), stage.place, stage.end));
  }
}

}  // namespace
}  // namespace weir
