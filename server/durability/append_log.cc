#include "server/durability/append_log.h"

#include <utility>

#include "persistence/aof_marks.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// How long a write waits for a sync that takes long.
constexpr int64_t kLongestWaitUs = 2 * kUsPerSecond;
constexpr int64_t kRetryUs = kUsPerSecond;
/// Under everysec: so that no write waits longer than a second for its sync to begin, though who
/// looks for it comes by ten times a second.
constexpr int64_t kSyncPeriodUs = 850'000;
constexpr size_t kMostSpareBytes = size_t{1024} * 1024;

/// What is told first, of that which is not for replicas only.
std::string_view first_for_log(const Propagation& told) {
  std::string_view first;
  told.for_each_part(Propagation::Listener::kLog, [&first](std::string_view part) {
    if (first.empty()) first = part;
  });
  return first;
}

}  // namespace

AppendLog::AppendLog(const Parts& parts)
    : parts_(parts),
      files_({.settings = parts.settings,
              .log = parts.log,
              .files = parts.files,
              .lazy_free = parts.lazy_free}),
      wakeup_(parts.loop),
      sync_([this] {
        has_news_.store(true, std::memory_order_release);
        wakeup_.signal();
      }) {}

// --- Starting ------------------------------------------------------------------------------------

std::string AppendLog::begin(LoadedLog loaded) {
  IoResult<AofFile> file = files_.begin(loaded);
  if (!file) return "Can't open the append-only file: " + to_string(file.error());
  file_ = std::move(*file);
  base_bytes_ = loaded.base_bytes;
  other_bytes_ = loaded.base_bytes + loaded.increment_bytes - loaded.last_increment_bytes;
  parts_.propagation.set_listener(Propagation::Listener::kLog, true);
  buffered_ = written_ = asked_ = durable_ = rotated_ = parts_.propagation.offset();
  sync_.restart(durable_);
  policy_changed();
  files_.remove_history();
  return {};
}

// --- Writing -------------------------------------------------------------------------------------

/// What was told in this turn goes behind what is in the buffer.
void AppendLog::take_turn() {
  Propagation& told = parts_.propagation;
  const std::string_view first = buffer_.empty() ? first_for_log(told) : std::string_view();
  if (!first.empty()) {
    const int64_t now_s = Clock::unix_us_now() / kUsPerSecond;
    const bool is_stamped = parts_.settings.aof_timestamp_enabled && now_s != stamped_s_;
    if (is_stamped || aof::needs_mark(first)) buffer_.append(aof::kOwnMark);
    if (is_stamped) aof::append_stamp(buffer_, now_s);
    if (is_stamped) stamped_s_ = now_s;
  }
  told.for_each_part(Propagation::Listener::kLog,
                     [this](std::string_view part) { buffer_.append(part); });
  buffered_ = told.take();
  parts_.gate.begin_batch(buffered_);
}

void AppendLog::write_turn() {
  take_turn();
  if (refusal_.empty()) static_cast<void>(flush(false));
}

IoResult<void> AppendLog::write_now() {
  take_turn();
  return flush(true);
}

/// Whether a write is put off, since a sync still runs and would hold it up.
bool AppendLog::waits_for_sync(int64_t now_us) {
  if (parts_.settings.appendfsync != AppendFsync::kEverySecond || !is_syncing()) return false;
  if (put_off_since_us_ == 0) put_off_since_us_ = now_us;
  if (now_us - put_off_since_us_ < kLongestWaitUs) return true;
  ++delayed_syncs_;
  parts_.log.notice(
      "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without "
      "waiting for fsync to complete, this may slow down Redis.");
  return false;
}

/// Of the present file, as the file itself is to say; nothing: not even those before it are all on
/// disk.
std::optional<uint64_t> AppendLog::durable_bytes() const {
  const SyncThread::State state = sync_.state();
  if (state.durable < rotated_) return std::nullopt;
  return state.durable > rotated_ ? state.file_bytes : 0;
}

/// What it returns was told already.
IoResult<void> AppendLog::flush(bool is_forced) {
  const int64_t now_us = Clock::monotonic_us();
  if (!buffer_.empty()) {
    if (!is_forced && waits_for_sync(now_us)) return {};
    put_off_since_us_ = 0;
    last_try_us_ = now_us;
    if (IoResult<void> done = file_->append(buffer_, durable_bytes()); !done) {
      write_failed(done.error(), now_us);
      return done;
    }
  }
  written(now_us);
  return {};
}

void AppendLog::accept_again() {
  parts_.log.warning("AOF write error looks solved, Redis can write again.");
  refusal_.clear();
  complaints_.end();
}

/// Everything told is in the file.
void AppendLog::written(int64_t now_us) {
  buffer_.clear();
  if (buffer_.capacity() > kMostSpareBytes) buffer_.release();
  written_ = buffered_;
  if (!refusal_.empty() && !sync_failed_) {
    accept_again();
  }
  if (is_saving_ && parts_.settings.no_appendfsync_on_rewrite) return parts_.gate.commit(written_);
  if (parts_.gate.is_holding(CommitGate::Keeper::kLog)) return sync();
  switch (parts_.settings.appendfsync) {
    case AppendFsync::kAlways:
      return sync();
    case AppendFsync::kEverySecond:
      if (now_us - last_sync_us_ >= kSyncPeriodUs && !is_syncing()) sync();
      return;
    case AppendFsync::kNo:
      return;
  }
}

void AppendLog::sync() {
  if (asked_ == written_) return;
  asked_ = written_;
  last_sync_us_ = Clock::monotonic_us();
  sync_.sync(file_->file(), file_->size(), written_);
}

/// Before this thread waits for the disk: what was told is not to wait as long as it does.
void AppendLog::sync_ahead() {
  const bool is_spared = is_saving_ && parts_.settings.no_appendfsync_on_rewrite;
  if (parts_.settings.appendfsync != AppendFsync::kEverySecond || is_spared) return;
  if (write_now()) sync();
}

void AppendLog::synced() {
  if (!is_on()) return;
  const SyncThread::State state = sync_.state();
  if (state.failure && !sync_failed_) {
    if (parts_.settings.appendfsync == AppendFsync::kAlways) {
      parts_.log.warning(
          "Can't persist AOF for fsync error when the AOF fsync policy is 'always': " +
          errno_text(state.failure->errno_value) + ". Exiting...");
      return on_fatal();
    }
    parts_.log.warning("Fail to fsync the AOF file: " + errno_text(state.failure->errno_value));
    sync_failed_ = true;
    refuse(*state.failure);
  }
  if (state.durable <= durable_) return;
  durable_ = state.durable;
  parts_.gate.commit(durable_);
  if (on_durable) on_durable();
}

// --- Errors --------------------------------------------------------------------------------------

void AppendLog::refuse(const IoError& error) {
  refusal_ = "MISCONF Errors writing to the AOF file: " + errno_text(error.errno_value);
}

void AppendLog::write_failed(const IoError& error, int64_t now_us) {
  if (complaints_.take(now_us))
    parts_.log.warning("Error writing to the AOF file: " + errno_text(error.errno_value));
  if (parts_.settings.appendfsync == AppendFsync::kAlways) {
    parts_.log.warning(
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
    return on_fatal();
  }
  refuse(error);
}

// --- Now and then --------------------------------------------------------------------------------

void AppendLog::cron() {
  if (!is_on()) return;
  take_turn();
  const int64_t now_us = Clock::monotonic_us();
  if (!refusal_.empty()) {
    if (now_us - last_try_us_ >= kRetryUs) static_cast<void>(flush(true));
    return;
  }
  static_cast<void>(flush(false));
}

/// Replies that were held under `always` still wait for their sync, whatever comes after it.
void AppendLog::policy_changed() {
  if (!is_on()) return;
  const bool is_always = parts_.settings.appendfsync == AppendFsync::kAlways;
  file_->set_filling(is_always);
  take_turn();
  parts_.gate.set_closed(is_always && !is_aside_);
  static_cast<void>(flush(true));
}

void AppendLog::end() {
  if (!is_on()) return;
  take_turn();
  static_cast<void>(flush(true));
  sync_.wait();
  synced();
  IoResult<void> done;
  if (!buffer_.empty() || sync_failed_) {
    parts_.log.warning("Writes at the end of the append-only file are lost: the disk refused them");
  } else {
    done = file_->finish();
    if (done && !is_aside_) last_end_ = LogEnd{files_.last_increment(), file_->size()};
  }
  if (!done) parts_.log.warning("Fail to fsync the AOF file: " + to_string(done.error()));
  if (is_aside_) files_.drop_aside();
  is_aside_ = sync_failed_ = false;
  refusal_.clear();
  complaints_.end();
  buffer_.clear();
  file_.reset();
  parts_.propagation.set_listener(Propagation::Listener::kLog, false);
  parts_.gate.set_closed(false);
  parts_.gate.give_up(CommitGate::Keeper::kLog);
  if (on_durable) on_durable();
}

}  // namespace weir
