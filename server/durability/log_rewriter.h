// The log, written anew without what is over: a base of all data at one moment takes the place of
// everything that was written before it.
//
//   1 rotate: what is written from this moment on goes into the next increment
//   2 a snapshot of the moment becomes F.<n+1>.base.rdb        in the background, synced, renamed
//   3 the manifest names it, and the increment: they count     the commit point
//   4 what they replace is deleted
//
// A crash before 3 finds the old base and all increments; a base that no manifest names is
// overwritten by the next rewrite.  Where the log was switched on a moment ago (aside), 3 also
// gives the increment its name.
//
// By itself it begins when the log has grown by auto-aof-rewrite-percentage since the last time,
// when a failed sync left doubt about what is on disk, and when the log is aside; a second after
// the last try at the earliest, and after three failures in a row 1, 2, 4 … 60 minutes after it.
#pragma once

#include <cstdint>

#include "persistence/file.h"
#include "server/data/keyspace.h"
#include "server/durability/append_log.h"
#include "server/durability/log_base.h"
#include "server/durability/snapshot_runner.h"
#include "server/settings.h"

namespace weir {

class LogRewriter {
 public:
  /// What INFO tells.
  struct Record {
    int64_t last_s = -1;             // how long the last one took
    int64_t began_monotonic_us = 0;  // the one that runs
    uint64_t rewrites = 0;
    uint64_t failures_in_a_row = 0;
    uint64_t bytes_after = 0;  // of the log after the last one, or when the server started
    int64_t last_try_us = 0;
    bool has_failed = false;
    bool is_scheduled = false;
  };

  struct Parts {
    const Settings& settings;
    Keyspace& keyspace;
    SnapshotRunner& runner;
    AppendLog& append_log;
    Log& log;
    FileSystem& files;
  };
  /// The parts outlive it.
  explicit LogRewriter(const Parts& parts) : parts_(parts) {}

  const Record& record() const { return record_; }
  bool is_running() const {
    return parts_.runner.is_running(SnapshotPurpose::kLogBase) && !parts_.runner.is_cancelled();
  }
  /// In seconds; -1: none runs.
  int64_t running_s() const;

  /// Begins; no snapshot runs that is wanted.  False if it could not, which is logged.
  bool begin();
  /// Begins as soon as no snapshot runs.
  void schedule() { record_.is_scheduled = true; }
  /// Ends the one that runs without a result, and waits for that.
  void kill();
  /// Several times a second; now_us: monotonic.
  void cron(int64_t now_us);

  /// Writes all data to a file, as a base, now.
  IoResult<void> write_base(const std::string& path);
  /// The log was loaded, or begun.
  void log_began() { record_.bytes_after = parts_.append_log.base_bytes(); }

 private:
  BasePlan plan_for(const std::string& path) const;
  bool is_due(int64_t now_us);
  int64_t pause_us() const;
  void ended(const IoResult<void>& result, bool is_cancelled, uint64_t bytes);
  void failed(const IoError& error);

  Parts parts_;
  Record record_;
};

}  // namespace weir
