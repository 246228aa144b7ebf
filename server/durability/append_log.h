// The log of writes, as it is kept while the server runs: when it is written and synced, what
// happens when the disk refuses, and which file is written to.
//
//   Propagation ──► buffer ──► AofFile ──► SyncThread ──► durable offset ─► CommitGate, WAITAOF
//        each turn, before replies leave    always: after each write, and replies wait for it
//                                           everysec: once a second · no: never
//
// While a sync runs (everysec), what comes waits for its end in the buffer, up to two seconds; then
// it is written all the same.  So a write is synced a second after it was told, or as soon as the
// syncs before it are done, and one sync later it is on the disk.
//
// When a write fails, what was to be written stays in the buffer, writes of clients are refused,
// and it is tried again every second.  When a sync fails, nobody knows what is on the disk: writes
// are refused until a rewrite has put everything there anew.  Under `always` both end the process,
// since replies that wait could be neither given nor taken back.
//
// Always: what is in the buffer follows what is in the file; nothing is acknowledged as durable
// that a successful sync did not cover.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/aof_file.h"
#include "persistence/file.h"
#include "persistence/sync_thread.h"
#include "resp/buffer.h"
#include "server/clock.h"
#include "server/durability/commit_gate.h"
#include "server/durability/complaint_pace.h"
#include "server/durability/log_files.h"
#include "server/host/log.h"
#include "server/net/wakeup.h"
#include "server/propagation.h"
#include "server/settings.h"

namespace weir {

/// The name under which commands wait until more is on disk; no client's key is likely to be called
/// so, and if one is, they only look once more.
inline constexpr std::string_view kDurableKey{"\0durable", 8};

/// The end of a log: so far goes its last increment.
struct LogEnd {
  std::string increment;
  uint64_t bytes = 0;

  friend bool operator==(const LogEnd&, const LogEnd&) = default;
};

class AppendLog {
 public:
  /// All outlive it.
  struct Parts {
    const Settings& settings;
    Propagation& propagation;
    CommitGate& gate;
    EventLoop& loop;
    Log& log;
    FileSystem& files;
    LazyFree& lazy_free;
  };
  explicit AppendLog(const Parts& parts);
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  /// More than before is durable.
  std::function<void()> on_durable;
  /// Ends the process: a promise cannot be kept.
  std::function<void()> on_fatal;

  /// Goes on behind what was loaded.  The text says why it cannot, else is empty.
  std::string begin(LoadedLog loaded);
  /// Begins while the server runs: what is written from now on is kept aside until the base of a
  /// first rewrite is there.  The text says why it cannot, else is empty.
  std::string begin_aside();
  bool is_on() const { return file_.has_value(); }
  /// It was begun aside, and a restart would not find it yet.
  bool is_aside() const { return is_aside_; }

  /// Lets replies go whose writes are on disk now, and writes what waited for a sync.  At the
  /// beginning of the end of a turn: commands that wait for that run again.
  void look_at_syncs() {
    if (has_news_.load(std::memory_order_relaxed)) [[unlikely]] {
      has_news_.exchange(false, std::memory_order_acquire);
      synced();
      if (put_off_since_us_ != 0) cron();
    }
  }
  /// Writes what was told in this turn.  To be called before replies leave.
  void write() {
    if (is_on() && !parts_.propagation.pending().empty()) write_turn();
  }
  /// The same, whatever sync is running, and what was put off; or why it is not in the file.
  IoResult<void> write_now();
  /// Ten times a second: what was put off, or has to be tried again.
  void cron();
  /// appendfsync has another value.
  void policy_changed();
  /// All is on disk when it returns: for the end of the process, and for switching it off.
  void end();
  /// Where it ended, if all of it is on disk.
  const std::optional<LogEnd>& last_end() const { return last_end_; }

  // --- Rewriting, see log_rewriter.h
  /// Everything before this moment is in the increments up to now, everything after it in the next.
  IoResult<void> rotate();
  /// Where the base of this moment is to be put.
  std::string next_base_path() const { return files_.next_base_path(); }
  /// It is there and on disk, of so many bytes: it counts from now on.
  IoResult<void> commit_base(uint64_t bytes);
  /// A sync has failed, and only a rewrite helps.
  bool needs_rewrite() const { return sync_failed_; }
  /// While a rewrite or a snapshot runs, no-appendfsync-on-rewrite keeps the disk free for that.
  void set_saving(bool is_saving) { is_saving_ = is_saving; }

  // --- What others ask
  /// Why writes are refused, as a reply; empty: they are not.
  const std::string& refusal() const { return refusal_; }
  /// Everything up to this offset of the propagation is on disk.
  uint64_t durable_offset() const { return durable_; }
  uint64_t current_bytes() const { return other_bytes_ + (file_ ? file_->size() : 0); }
  uint64_t base_bytes() const { return base_bytes_; }
  uint64_t buffered_bytes() const { return buffer_.size(); }
  bool is_syncing() const { return sync_.state().is_busy; }
  uint64_t delayed_syncs() const { return delayed_syncs_; }
  LogFiles& files() { return files_; }

 private:
  void write_turn();
  void take_turn();
  IoResult<void> flush(bool is_forced);
  bool waits_for_sync(int64_t now_us);
  void written(int64_t now_us);
  void write_failed(const IoError& error, int64_t now_us);
  void sync();
  void sync_ahead();
  std::optional<uint64_t> durable_bytes() const;
  void synced();
  void overcome_failed_sync();
  void refuse(const IoError& error);
  void accept_again();
  IoResult<void> rotate_aside();
  IoResult<void> secure_aside();

  Parts parts_;
  LogFiles files_;
  std::optional<AofFile> file_;  // set while it is on
  resp::Buffer buffer_;          // told, and not in the file yet
  uint64_t buffered_ = 0;        // offset behind the buffer
  uint64_t written_ = 0;         // offset behind what is in the file
  uint64_t asked_ = 0;           // offset up to which a sync was asked for
  uint64_t durable_ = 0;
  uint64_t base_bytes_ = 0;
  uint64_t other_bytes_ = 0;  // of the files before the present one
  uint64_t delayed_syncs_ = 0;
  int64_t last_sync_us_ = 0;
  int64_t put_off_since_us_ = 0;  // 0: nothing is put off
  int64_t last_try_us_ = 0;
  ComplaintPace complaints_;  // that writes fail
  int64_t stamped_s_ = 0;     // second of the last #TS line
  std::optional<LogEnd> last_end_;
  std::string refusal_;
  bool sync_failed_ = false;
  bool is_aside_ = false;
  bool is_saving_ = false;
  uint64_t rotated_ = 0;  // offset at the last rotation
  Wakeup wakeup_;
  std::atomic<bool> has_news_{false};  // a sync has ended
  SyncThread sync_;                    // the last: it ends before what it wakes
};

}  // namespace weir
