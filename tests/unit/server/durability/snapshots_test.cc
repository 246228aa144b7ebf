// Snapshots in the foreground and in the background, loaded again: handlers, no server.
#include "server/durability/snapshots.h"

#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/clock.h"
#include "tests/support/describe_keyspace.h"
#include "tests/support/faulty_file.h"
#include "tests/support/forbidden_calls.h"
#include "tests/support/handler_stage.h"
#include "tests/support/random_commands.h"
#include "tests/support/seed.h"
#include "tests/support/temp_folder.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// The process in a folder of its own, which is where a snapshot goes.
class InFolder {
 public:
  InFolder() : before_(absolute_path(".")) { REQUIRE(chdir(folder.path().c_str()) == 0); }
  ~InFolder() { static_cast<void>(!chdir(before_.c_str())); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;

  TempFolder folder;

 private:
  std::string before_;
};

/// A stage whose snapshot has everything: consumers' times, messages, released entries.
class Stage : public HandlerStage {
 public:
  explicit Stage(FileSystem& files = real_files()) : HandlerStage(Audience::kNone, files) {
    configure("rdb-version", "14");
    configure("save", "");
  }

  void fill() {
    for (const char* words :
         {"XADD s 1-0 f v", "XADD s 2-0 g w", "XGROUP CREATE s g 0",
          "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XADD t 1-0 f v", "PEXPIREAT t 4102444800000",
          "XADD u 1-0 f v", "MOVE u 1", "XADD gone 1-0 f v", "XDEL gone 1-0"})
      (*this)(words);
  }
  /// What is done now and then, so many seconds from now.
  void cron(int64_t seconds = 0) {
    snapshots.cron(weir::Clock::unix_us_now() / 1'000'000 + seconds);
  }
  /// Turns until no snapshot runs.
  void end_snapshot() {
    while (snapshot_runner.is_running())
      snapshot_runner.end_turn();
  }
};

/// So late that no key expires when it is loaded by today's clock.
constexpr int64_t kBeforeAllDeadlines = 2'000'000'000'000;

/// What a new server has after it has loaded the snapshot of this folder.
KeyTexts loaded() {
  Stage stage;
  REQUIRE(stage.loader.load("dump.rdb") == Loader::Result::kLoaded);
  return describe(stage.keyspace);
}

TEST_CASE("What SAVE writes is loaded as it was", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  CHECK(stage("SAVE") == "+OK");
  CHECK(difference(loaded(), describe(stage.keyspace)) == "");
  CHECK(here.folder.names() == std::vector<std::string>{"dump.rdb"});
}

TEST_CASE("What BGSAVE writes is the moment of BGSAVE, whatever follows", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  const KeyTexts moment = describe(stage.keyspace);
  CHECK(stage("BGSAVE") == "+Background saving started");
  for (const char* words : {"XADD s 3-0 f v", "DEL t", "RENAME s x", "FLUSHDB", "XADD s 1-0 a b"})
    stage(words);
  stage.end_snapshot();
  CHECK(difference(loaded(), moment) == "");
  CHECK_FALSE(stage.snapshots.record().last_background_failed);
}

TEST_CASE("No cancelled snapshot is left that could still take the place of what SAVE writes",
          "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  CHECK(stage("BGSAVE") == "+Background saving started");
  CHECK(stage("FLUSHALL") == "+OK");
  REQUIRE(stage.snapshot_runner.is_cancelled());
  stage("XADD new 1-0 f v");
  CHECK(stage("SAVE") == "+OK");
  CHECK_FALSE(stage.snapshot_runner.is_running());
  CHECK(difference(loaded(), describe(stage.keyspace)) == "");
  CHECK(here.folder.names() == std::vector<std::string>{"dump.rdb"});
}

/// Commands that change whatever there is: streams and groups, and keys that are renamed, copied,
/// swapped away, flushed, or whose time ends.
class RandomChanges {
 public:
  RandomChanges(Stage& stage, uint64_t seed) : stage_(stage), commands_(seed, stage.now_ms) {}

  void run(int count) {
    while (count > 0) {
      if (commands_.one_in(100)) stage_.now_ms += 2 * kHourMs;
      if (run_one(commands_.one_in(10) ? of_keys() : commands_.next())) --count;
    }
  }

 private:
  static constexpr int64_t kHourMs = 3'600'000;

  Words of_keys() {
    const std::string key = "s" + std::to_string(1 + commands_.draw(3));
    switch (commands_.draw(30)) {
      case 0:
        return {"FLUSHDB"};
      case 1:
      case 2:
      case 3:
        return {"UNLINK", key};
      case 4:
      case 5:
      case 6:
        return {"RENAME", key, "s" + std::to_string(1 + commands_.draw(3))};
      case 7:
      case 8:
        return {"SWAPDB", "0", "1"};
      default:
        return {"PEXPIRE", key, std::to_string(kHourMs)};
    }
  }

  /// False: it is not for a stage, which has no transactions.
  bool run_one(const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    const CommandSpec* const row = HandlerStage::row_of(views);
    if (row == nullptr || row->run == nullptr) return false;
    for (const char* name : {"multi", "exec", "discard", "watch", "unwatch"})
      if (row->name == name) return false;
    stage_.run(views);
    return true;
  }

  Stage& stage_;
  RandomCommands commands_;
};

TEST_CASE("Snapshots of random moments, each loaded, are those moments", "[snapshots][seed]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  const InFolder here;
  Stage stage;
  stage.now_ms = kBeforeAllDeadlines;
  RandomChanges changes(stage, seed);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    changes.run(60);
    const KeyTexts moment = describe(stage.keyspace);
    stage("BGSAVE");
    while (stage.snapshot_runner.is_running()) {
      changes.run(3);
      stage.snapshot_runner.end_turn();
    }
    REQUIRE(difference(loaded(), moment) == "");
  }
}

TEST_CASE("While a snapshot is written there is no second one", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage("BGSAVE");
  CHECK(stage("BGSAVE") == "-ERR Background save already in progress");
  CHECK(stage("BGSAVE SCHEDULE") == "-ERR Background save already in progress");
  CHECK(stage("SAVE") == "-ERR Background save already in progress");
  stage.end_snapshot();
  CHECK(stage("BGSAVE") == "+Background saving started");
}

TEST_CASE("BGSAVE in a transaction, and one behind another snapshot, comes later", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage.may_wait = false;
  CHECK(stage("BGSAVE") == "+Background saving scheduled");
  stage.may_wait = true;
  CHECK_FALSE(stage.snapshot_runner.is_running());
  stage.cron();
  CHECK(stage.snapshots.is_running());
  stage.end_snapshot();

  stage.snapshot_runner.begin(
      SnapshotPurpose::kLogBase,
      [](const auto&, SnapshotFeed& feed) -> IoResult<void> {
        while (feed.next() != nullptr) {
        }
        return {};
      },
      [](const IoResult<void>&, bool) {});
  CHECK(stage("BGSAVE") ==
        "-ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE "
        "in order to schedule a BGSAVE whenever possible.");
  CHECK(stage("BGSAVE SCHEDULE") == "+Background saving scheduled");
  stage.end_snapshot();
  stage.cron();
  CHECK(stage.snapshots.is_running());
}

TEST_CASE("Changes count from the moment of the last good snapshot", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage("BGSAVE");
  stage("XADD s 5-0 f v");
  stage.end_snapshot();
  CHECK(stage.keyspace.changes == 1);
  stage("SAVE");
  CHECK(stage.keyspace.changes == 0);
}

TEST_CASE("A save point fires after its time with its changes", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.configure("save", "1 5");
  stage.fill();
  stage.cron();
  CHECK_FALSE(stage.snapshots.is_running());
  stage.cron(2);
  CHECK(stage.snapshots.is_running());
  stage.end_snapshot();
  stage("XADD s 9-0 f v");
  stage.cron(2);
  CHECK_FALSE(stage.snapshots.is_running());
}

TEST_CASE("Whichever system call fails, the old snapshot stays and nothing else is left",
          "[snapshots]") {
  const InFolder here;
  FaultyFileSystem disk;
  Stage stage(disk);
  stage.fill();
  REQUIRE(stage("SAVE") == "+OK");
  const int calls = disk.calls();
  REQUIRE(calls >= 6);
  const std::string old = read_text("dump.rdb");
  stage("XADD s 7-0 f v");
  const bool in_background = GENERATE(false, true);
  CAPTURE(in_background);
  for (int n = 1; n <= calls; ++n) {
    CAPTURE(n);
    disk.fail_call(n, ENOSPC);
    stage("XADD s * f v");
    if (in_background) {
      stage("BGSAVE");
      stage.end_snapshot();
      CHECK((stage.snapshots.record().last_background_failed || n > calls - 2));
    } else {
      CHECK((stage("SAVE") == "-ERR" || n > calls - 2));
    }
    REQUIRE(disk.has_failed());
    CHECK(here.folder.names() == std::vector<std::string>{"dump.rdb"});
    if (n < calls - 2) CHECK(read_text("dump.rdb") == old);
  }
}

TEST_CASE("Where the system refuses a thread, BGSAVE fails, and the next one is as if nothing were",
          "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  run_without({kThreadCall}, [&] {
    stage("BGSAVE");
    stage.end_snapshot();
    CHECK(stage.snapshots.record().last_background_failed);
    CHECK(here.folder.names().empty());
  });
  stage("XADD s 7-0 f v");
  const KeyTexts moment = describe(stage.keyspace);
  stage("BGSAVE");
  stage.end_snapshot();
  CHECK_FALSE(stage.snapshots.record().last_background_failed);
  CHECK(loaded() == moment);
}

TEST_CASE("After a failure the next save point waits for five seconds", "[snapshots]") {
  const InFolder here;
  FaultyFileSystem disk;
  Stage stage(disk);
  stage.configure("save", "1 1");
  stage.fill();
  disk.fail_from_call(1, ENOSPC);
  stage("BGSAVE");
  stage.end_snapshot();
  CHECK(stage.snapshots.refuses_writes());
  stage.cron(3);
  CHECK_FALSE(stage.snapshots.is_running());
  stage.cron(7);
  CHECK(stage.snapshots.is_running());
  stage.end_snapshot();
  disk.fail_call(0, 0);
  stage("SAVE");
  CHECK_FALSE(stage.snapshots.refuses_writes());
}

TEST_CASE("FLUSHALL ends a snapshot, and with save points writes an empty one", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage("BGSAVE");
  stage("FLUSHALL");
  CHECK_FALSE(stage.snapshots.is_running());
  stage.fill();
  CHECK(stage("BGSAVE") == "+Background saving started");
  stage.configure("save", "3600 1");
  stage("FLUSHALL");
  CHECK(loaded().empty());
  CHECK(here.folder.names() == std::vector<std::string>{"dump.rdb"});
}

TEST_CASE("An ended server leaves no half-written snapshot", "[snapshots]") {
  const InFolder here;
  {
    Stage stage;
    stage.fill();
    stage("BGSAVE");
  }
  const std::vector<std::string> names = here.folder.names();
  CHECK((names.empty() || names == std::vector<std::string>{"dump.rdb"}));
}

// --- Loading -------------------------------------------------------------------------------------

TEST_CASE("Keys whose time was over before the load are not loaded, and counted", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage.now_ms = 1000;
  stage("PEXPIREAT s 2000");
  stage("SAVE");
  Stage other;
  REQUIRE(other.loader.load("dump.rdb") == Loader::Result::kLoaded);
  CHECK(other.loader.progress().keys_expired == 1);
  CHECK(other.loader.progress().keys_loaded == 3);
  CHECK(other("EXISTS s") == ":0");
}

TEST_CASE("Where there is no file there is nothing to load", "[snapshots]") {
  const InFolder here;
  Stage stage;
  CHECK(stage.loader.load("dump.rdb") == Loader::Result::kNoFile);
}

TEST_CASE("A damaged file is not loaded", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage("SAVE");
  std::string bytes = read_text("dump.rdb");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  write_text("dump.rdb", bytes);
  Stage other;
  CHECK(other.loader.load("dump.rdb") == Loader::Result::kFailed);
  CHECK_FALSE(other.loader.progress().is_loading);
}

TEST_CASE("Clients are looked after while a file is loaded, and may stop it", "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  stage("SAVE");
  int looks = 0;
  stage.loader.look_after_clients = [&] {
    CHECK(stage.loader.progress().is_loading);
    ++looks;
    return false;
  };
  CHECK(stage.loader.load("dump.rdb", Loader::Merge::kYes) == Loader::Result::kStopped);
  CHECK(looks == 1);
}

TEST_CASE("DEBUG RELOAD saves, forgets and loads; its options leave parts of that out",
          "[snapshots]") {
  const InFolder here;
  Stage stage;
  stage.fill();
  const KeyTexts before = describe(stage.keyspace);
  CHECK(stage("DEBUG RELOAD") == "+OK");
  CHECK(describe(stage.keyspace) == before);
  stage("XADD s 9-0 f v");
  stage("XADD new 1-0 f v");
  CHECK(stage("DEBUG RELOAD NOSAVE NOFLUSH MERGE") == "+OK");
  CHECK(stage("XLEN s") == ":2");
  CHECK(stage("XLEN new") == ":1");
  CHECK(stage("DEBUG RELOAD NOSAVE") == "+OK");
  CHECK(describe(stage.keyspace) == before);
  CHECK(stage("DEBUG RELOAD NOSAVE NOFLUSH").starts_with("-ERR Error trying to load the RDB dump"));
  CHECK(stage("DEBUG RELOAD SLOWLY").starts_with("-ERR DEBUG RELOAD only supports"));
}

}  // namespace
}  // namespace weir::testing
