// The log's part in a rewrite: where one file ends and the next begins, and when a base counts.
#include <utility>

#include "server/durability/append_log.h"

namespace weir {

std::string AppendLog::begin_aside() {
  IoResult<void> done = files_.read_manifest();
  if (done) done = rotate_aside();
  if (!done) return "Can't begin the append-only file: " + to_string(done.error());
  is_aside_ = true;
  parts_.propagation.set_listener(Propagation::Listener::kLog, true);
  buffered_ = written_ = asked_ = durable_ = rotated_ = parts_.propagation.offset();
  sync_.wait();
  sync_.restart(durable_);
  base_bytes_ = other_bytes_ = 0;
  policy_changed();
  return {};
}

/// What was kept aside so far is in the next base, or nowhere: it begins anew.
IoResult<void> AppendLog::rotate_aside() {
  IoResult<AofFile> file = files_.create_aside();
  if (!file) return tl::unexpected(std::move(file).error());
  take_turn();
  buffer_.clear();
  file_ = std::move(*file);
  written_ = asked_ = rotated_ = buffered_;
  file_->set_filling(parts_.settings.appendfsync == AppendFsync::kAlways);
  parts_.propagation.forget_database();
  return {};
}

IoResult<void> AppendLog::rotate() {
  files_.plan_base();
  if (!is_on()) return files_.read_manifest();
  if (is_aside_) return rotate_aside();
  if (IoResult<void> done = write_now(); !done) return done;
  sync_ahead();
  IoResult<AofFile> file = files_.next_increment(file_->size());
  if (!file) return tl::unexpected(std::move(file).error());
  static_cast<void>(file_->trim());
  sync_.sync(file_->file(), file_->size(), written_);
  asked_ = rotated_ = written_;
  other_bytes_ += file_->size();
  file_ = std::move(*file);
  file_->set_filling(parts_.settings.appendfsync == AppendFsync::kAlways);
  parts_.propagation.forget_database();
  return {};
}

/// What was kept aside counts as soon as a manifest names it: from then on a crash must find it.
IoResult<void> AppendLog::secure_aside() {
  take_turn();
  static_cast<void>(flush(true));
  if (parts_.settings.appendfsync != AppendFsync::kAlways) return {};
  sync_.wait();
  const SyncThread::State state = sync_.state();
  // What failed before is of a file that was emptied, and in the base.
  if (state.failure && state.failed > rotated_) return tl::unexpected(*state.failure);
  return {};
}

IoResult<void> AppendLog::commit_base(uint64_t bytes) {
  using Kept = LogFiles::Kept;
  if (is_aside_) {
    if (IoResult<void> done = secure_aside(); !done) return done;
  } else if (is_on()) {
    sync_ahead();
  }
  const Kept kept = is_aside_ ? Kept::kAside : is_on() ? Kept::kLastIncrement : Kept::kNothing;
  if (IoResult<void> done = files_.commit_base(kept); !done) return done;
  base_bytes_ = other_bytes_ = bytes;
  is_aside_ = false;
  if (sync_failed_) overcome_failed_sync();
  policy_changed();
  files_.remove_history();
  if (kept == Kept::kAside && on_durable) on_durable();
  return {};
}

/// What was lost is in the base; if a sync of what follows the base failed too, another one has to
/// be made.
void AppendLog::overcome_failed_sync() {
  sync_.wait();
  if (sync_.state().failed > rotated_) return;
  accept_again();
  sync_.restart(rotated_);
  asked_ = rotated_;
  sync_failed_ = false;
  synced();
}

}  // namespace weir
