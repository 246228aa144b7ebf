// When a rewrite of the log is tried again after one that failed: the cron's time is the test's.
#include "server/durability/log_rewriter.h"

#include <cerrno>

#include <catch2/catch.hpp>

#include "tests/support/faulty_file.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/log_machine.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kMinuteUs = 60 * kSecondUs;

/// A log that waits for its first base, on a disk that is full: every rewrite fails.
struct Scene {
  Scene() {
    REQUIRE(machine.start() == "");
    machine.switch_off();
    REQUIRE(machine.log().begin_aside() == "");
    disk.fail_from_call(1, ENOSPC);
    rewriter.begin();
    REQUIRE(failures() == 1);
  }

  uint64_t failures() const { return rewriter.record().failures_in_a_row; }
  /// Whether it is tried again so long after the last try, and not before.
  bool is_tried_after(int64_t pause_us) {
    const uint64_t before = failures();
    const int64_t last_us = rewriter.record().last_try_us;
    rewriter.cron(last_us + pause_us - 1);
    if (failures() != before) return false;
    rewriter.cron(last_us + pause_us);
    return failures() == before + 1;
  }

  WorkingFolder folder;
  ForgetfulDisk quick{folder.path()};
  FaultyFileSystem disk{quick};
  LogMachine machine{disk, "no"};
  LogRewriter& rewriter = machine.rewriter();
};

}  // namespace

TEST_CASE("After three failures in a row rewrites wait for 1, 2, 4 … 60 minutes",
          "[aof][rewrite]") {
  Scene scene;
  CHECK(scene.is_tried_after(kSecondUs));
  CHECK(scene.is_tried_after(kSecondUs));
  for (const int minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    CAPTURE(minutes);
    CHECK(scene.is_tried_after(minutes * kMinuteUs));
  }
}

TEST_CASE("A rewrite that was asked for waits for no pause", "[aof][rewrite]") {
  Scene scene;
  while (scene.failures() < 5)
    scene.rewriter.begin();
  scene.rewriter.cron(scene.rewriter.record().last_try_us);
  REQUIRE(scene.failures() == 5);
  scene.rewriter.schedule();
  scene.rewriter.cron(scene.rewriter.record().last_try_us);
  CHECK(scene.failures() == 6);
}

TEST_CASE("A rewrite that succeeds ends the pauses", "[aof][rewrite]") {
  Scene scene;
  while (scene.failures() < 5)
    scene.rewriter.begin();
  scene.disk.fail_call(0, 0);
  scene.rewriter.begin();
  REQUIRE(scene.machine.settle());
  CHECK(scene.failures() == 0);
  CHECK_FALSE(scene.machine.log().is_aside());

  scene.machine.switch_off();
  REQUIRE(scene.machine.log().begin_aside() == "");
  scene.disk.fail_from_call(1, ENOSPC);
  scene.rewriter.begin();
  CHECK(scene.is_tried_after(kSecondUs));
}

TEST_CASE("A rewrite does not wait for a snapshot that nobody wants any more", "[aof][rewrite]") {
  const WorkingFolder folder;
  LogMachine machine(real_files(), "no");
  REQUIRE(machine.start() == "");
  machine.write();
  SnapshotRunner& runner = machine.stage().snapshot_runner;
  REQUIRE(machine.stage()("BGSAVE") == "+Background saving started");
  runner.cancel();
  REQUIRE(runner.is_cancelled());
  CHECK(machine.rewriter().begin());
  REQUIRE(machine.settle());
  CHECK(machine.rewriter().record().rewrites == 1);
  CHECK(folder.names() == std::vector<std::string>{"appendonlydir"});
}

}  // namespace weir::testing
