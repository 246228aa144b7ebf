// When snapshots are written, and what became of them: SAVE, BGSAVE, save points, shutdown.
//
//   SAVE, SHUTDOWN, FLUSHALL ──► save()    in the foreground, as the keys are
//   BGSAVE, save points ───────► begin()   in the background, see background_snapshot.h
//
// A save point fires when there were so many changes since the last good save and it is so long
// ago; after a failure, not before kRetryS.  How the file is written: rdb_saving.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "persistence/file.h"
#include "server/data/keyspace.h"
#include "server/durability/rdb_saving.h"
#include "server/durability/snapshot_runner.h"
#include "server/settings.h"

namespace weir {

class Log;

/// Whether the server saves before it ends.
enum class FinalSave : uint8_t { kWithSavePoints, kYes, kNo };

class Snapshots {
 public:
  /// After a failed save the next one that nobody asks for comes no earlier, in seconds.
  static constexpr int64_t kRetryS = 5;

  /// What INFO and LASTSAVE tell.
  struct Record {
    int64_t last_save_unix_s = 0;  // of the last good one; at first, when the server started
    bool last_background_failed = false;
    int64_t last_background_s = -1;   // how long it took
    int64_t began_monotonic_us = -1;  // the one that runs
    uint64_t saves = 0;
    uint64_t changes_at_begin = 0;
    int64_t last_try_unix_s = 0;
    bool is_scheduled = false;
  };

  struct Parts {
    const Settings& settings;
    Keyspace& keyspace;
    SnapshotRunner& runner;
    Log& log;
    FileSystem& files;
  };
  /// The parts outlive it.
  explicit Snapshots(const Parts& parts);

  /// Where the data are in the stream of replication; may be null.
  std::function<std::optional<SavedPosition>()> position;

  const Record& record() const { return record_; }
  /// How long the one that runs has been running, in seconds; -1: none does.
  int64_t running_s() const;
  /// One that is wanted.
  bool is_running() const {
    return parts_.runner.is_running(SnapshotPurpose::kSave) && !parts_.runner.is_cancelled();
  }

  /// Writes all keys now, and waits for a cancelled one before; false after a failure, which is
  /// logged.
  bool save();
  /// Begins in the background; no snapshot runs that is wanted.
  void begin();
  /// Begins as soon as no snapshot runs.
  void schedule() { record_.is_scheduled = true; }
  /// Ends the one that runs without a result, and waits for that.
  void kill();
  /// All keys were removed at once: a snapshot that runs is of no use, and save points want a file
  /// that says so.
  void flushed();

  /// Before the server ends: no snapshot runs any more, and one is written if that is wanted.
  /// False if it could not be written; with `force` the server is to end all the same.
  bool prepare_end(FinalSave save, bool force);

  /// Whether the last background save failed and that must not go on: writes are refused then.
  bool refuses_writes() const {
    return record_.last_background_failed && parts_.settings.stop_writes_on_bgsave_error &&
           !parts_.settings.save.empty();
  }

  /// Several times a second; now_s: Unix time.
  void cron(int64_t now_s);

 private:
  RdbPlan plan() const;
  void end_unwanted();
  const SavePoint* due_point(int64_t now_s) const;
  void ended(const IoResult<void>& result, bool is_cancelled);
  void warn_of_hidden(const RdbWritten& written);

  Parts parts_;
  Record record_;
  bool warned_of_hidden_ = false;
};

}  // namespace weir
