// Bases of the log beside a disk that fails: both forms, at once and in the background.
#include "server/durability/log_base.h"

#include <cerrno>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/handler_stage.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {
namespace {

using Names = std::vector<std::string>;

/// Keys that fill what is collected for one write many times, in more batches than may wait.
constexpr size_t kKeys = 1200;
constexpr size_t kBytesPerKey = 5000;
constexpr int64_t kStepUs = 1000;

class Scene {
 public:
  explicit Scene(bool is_commands, size_t keys = kKeys) {
    stage_.configure("aof-use-rdb-preamble", is_commands ? "no" : "yes");
    stage_.configure("rdbcompression", "no");
    const std::string value(kBytesPerKey, 'v');
    for (size_t i = 0; i < keys; ++i)
      stage_.run({"XADD", "key:" + std::to_string(i), "1-0", "f", value});
  }

  IoResult<void> write() {
    return write_log_base(plan(), stage_.keyspace).map([](uint64_t) {});
  }
  /// In the background, where it is over when this returns.  is_cancelled: before the end.
  IoResult<void> write_behind(bool is_cancelled = false) {
    BackgroundSnapshot snapshot(
        stage_.keyspace,
        [plan = plan()](const auto& counts, SnapshotFeed& feed) {
          return write_log_base(plan, counts, feed).map([](uint64_t) {});
        },
        [] {});
    snapshot.step(kStepUs);
    if (is_cancelled) snapshot.cancel();
    while (!snapshot.is_over())
      snapshot.step(kStepUs);
    keys_done = snapshot.keys_done();
    return snapshot.result();
  }

  WorkingFolder folder;
  FaultyFileSystem disk;
  size_t keys_done = 0;  // in the background

 private:
  BasePlan plan() {
    return base_plan_of(stage_.context().config.values(), {}, folder / "base", disk);
  }

  HandlerStage stage_{HandlerStage::Audience::kNone, disk};
};

}  // namespace

TEST_CASE("A base of which a part was not written is none, though what follows could be",
          "[aof][faults]") {
  for (const bool is_commands : {false, true}) {
    CAPTURE(is_commands);
    Scene scene(is_commands);
    for (const bool is_behind : {false, true}) {
      CAPTURE(is_behind);
      scene.disk.fail_call(2, ENOSPC);  // the file is made, its first part is refused
      const IoResult<void> written = is_behind ? scene.write_behind() : scene.write();
      REQUIRE_FALSE(written);
      CHECK(written.error().operation == "write");
      CHECK(written.error().errno_value == ENOSPC);
      CHECK(scene.folder.names() == Names{});
    }
    CHECK(scene.keys_done < kKeys);  // the rest was not waited for
  }
}

TEST_CASE("Whichever call fails, a base is there whole or not at all", "[aof][faults]") {
  for (const bool is_commands : {false, true}) {
    Scene scene(is_commands, 1);
    for (const bool is_behind : {false, true}) {
      for (int n = 1;; ++n) {
        CAPTURE(is_commands, is_behind, n);
        scene.disk.fail_call(n, EIO);
        const IoResult<void> written = is_behind ? scene.write_behind() : scene.write();
        if (!scene.disk.has_failed()) break;
        const bool is_in_place = written || written.error().path == scene.folder.path();
        CHECK(scene.folder.names() == (is_in_place ? Names{"base"} : Names{}));
        std::filesystem::remove("base");
      }
      CHECK(scene.folder.names() == Names{"base"});
      std::filesystem::remove("base");
    }
  }
}

TEST_CASE("Nothing stays of a base that is given up", "[aof]") {
  for (const bool is_commands : {false, true}) {
    CAPTURE(is_commands);
    Scene scene(is_commands);
    CHECK(scene.write_behind(true));
    CHECK(scene.folder.names() == Names{});
  }
}

}  // namespace weir::testing
