// A snapshot that is written while the server goes on: the keyspace of one moment, a thread that
// writes it down, and what passes between them in each turn of the loop.
//
//   main thread, each turn                         helper
//     written keys ◄── are given back ◄──┐
//     KeyspaceSnapshot ──► next keys ────┴─► SnapshotFeed ──► Write: a file, a log's base, a socket
//
// Where the system refuses a thread, that is its result; nothing was written.
//
// A turn spends a bounded time on it.  The main thread never waits for the helper, except when the
// object is destroyed before its time.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "persistence/file.h"
#include "server/data/keyspace_snapshot.h"
#include "server/durability/snapshot_feed.h"

namespace weir {

class BackgroundSnapshot {
 public:
  using Counts = std::vector<KeyspaceSnapshot::Counts>;
  /// Runs in the helper: writes the keys that the feed has, and says how that went.  When the feed
  /// was cancelled, it must undo what it has done.
  using Write = std::function<IoResult<void>(const Counts&, SnapshotFeed&)>;

  /// The moment is now.  wake: may be called by the helper, so that a turn comes.
  BackgroundSnapshot(Keyspace& keyspace, Write write, std::function<void()> wake);
  BackgroundSnapshot(const BackgroundSnapshot&) = delete;
  BackgroundSnapshot& operator=(const BackgroundSnapshot&) = delete;
  /// Cancels what is not over, and waits for the helper.
  ~BackgroundSnapshot();

  /// Hands over keys for up to that long; returns whether there is more to do at once.
  bool step(int64_t budget_us);
  /// Nobody wants it any more.  It is over soon.
  void cancel();
  /// The same, and waits for that.
  void stop();

  /// All is given back, and nothing is left to do.
  bool is_over() const { return is_over_; }
  /// How it went, when it is over.
  const IoResult<void>& result() const { return result_; }
  bool is_cancelled() const { return is_cancelled_; }

  size_t keys_total() const { return snapshot_.key_count(); }
  size_t keys_done() const { return keys_done_; }

 private:
  void run(const Write& write);
  void give_back(std::vector<SnapshotFeed::Batch> batches);

  KeyspaceSnapshot snapshot_;
  SnapshotFeed feed_;
  IoResult<void> result_;  // the helper's, until it has ended
  size_t keys_done_ = 0;
  bool is_closed_ = false;
  bool is_cancelled_ = false;
  bool is_over_ = false;
  std::thread helper_;
};

}  // namespace weir
