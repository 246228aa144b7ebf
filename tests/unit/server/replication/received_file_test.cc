#include "server/replication/received_file.h"

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/text_file.h"

namespace weir {
namespace {

TEST_CASE("A received snapshot takes the place of the old one only when it is put there",
          "[received_file]") {
  const std::string target = "received_file_test." + std::to_string(getpid()) + ".rdb";
  testing::write_text(target, "old");
  std::string path;
  {
    auto file = ReceivedFile::create(real_files(), 7);
    REQUIRE(file);
    path = file->path();
    CHECK(path.find("/temp-7." + std::to_string(getpid()) + ".rdb") != std::string::npos);
    REQUIRE(file->write("new"));
    CHECK(testing::read_text(path) == "new");
    SECTION("it is") {
      REQUIRE(file->put_in_place(target));
      CHECK(testing::read_text(target) == "new");
    }
    SECTION("it is not") {
      CHECK(testing::read_text(target) == "old");
    }
  }
  CHECK(testing::read_text(path).empty());
  static_cast<void>(unlink(real_files(), target));
}

}  // namespace
}  // namespace weir
