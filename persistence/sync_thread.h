// Brings files onto the disk in a thread of its own, so that nobody waits who need not.
//
//   main thread                                helper
//   sync(file, up to offset 700) ───► queue ─► fdatasync ──► durable = 700, on_done()
//   sync(file, up to 900), up to 1200 ──────────► one fdatasync for both: group commit
//
// Requests are served in order; those that came while one ran share the next, if they are for the
// same file.
//
// Where the system refuses a thread, who asks for a sync waits for it; the next time a thread is
// tried again.
//
// Always: durable() counts only what a sync that succeeded has covered, with all before it.  After
// one that failed the system may have dropped what was to be written and say nothing the next time,
// so nothing is durable any more on the strength of later ones, until restart() says that all was
// written anew.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "persistence/file.h"

namespace weir {

class SyncThread {
 public:
  /// How far things are on disk.
  struct State {
    uint64_t durable = 0;     // everything up to this offset is
    uint64_t file_bytes = 0;  // of the file synced last
    bool is_busy = false;
    std::optional<IoError> failure;  // of the first that failed since restart()
    uint64_t failed = 0;             // of the last that failed: the offset it was to reach
  };

  /// on_done: called after each sync, by the helper or, where there is none, in sync().
  explicit SyncThread(std::function<void()> on_done);
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;
  /// Waits for what was asked for.
  ~SyncThread();

  /// What was written to `file` is to be on disk: `bytes` of it, everything up to `offset`.  A file
  /// that nobody else holds is closed then.
  void sync(std::shared_ptr<File> file, uint64_t bytes, uint64_t offset);
  State state() const;
  /// Waits until nothing is left to do.
  void wait();
  /// Everything up to `offset` is on disk by other means.  Nothing must be under way.
  void restart(uint64_t offset);

 private:
  struct Request {
    std::shared_ptr<File> file;
    uint64_t bytes = 0;
    uint64_t offset = 0;
  };

  void run();
  void serve(std::unique_lock<std::mutex>& lock);

  const std::function<void()> on_done_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable has_work_;
  std::condition_variable is_idle_;
  std::deque<Request> queue_;
  State state_;
  bool is_ending_ = false;
  std::thread helper_;  // started when there is something to do for the first time
};

}  // namespace weir
