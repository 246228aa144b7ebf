#include "server/replication/log_position.h"

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
  const std::string end = " 4711 a.aof.2.incr.aof\n";
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string(39, 'a') + " 12 3" + end,
        std::string(40, 'a') + " x 3" + end, std::string(40, 'a') + " 12 3"}) {
    testing::write_text(stage.place.path("a.aof.position"), text);
    CHECK_FALSE(take_log_position(real_files(), stage.place, stage.end));
  }
}

}  // namespace
}  // namespace weir
