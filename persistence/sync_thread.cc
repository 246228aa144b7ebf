#include "persistence/sync_thread.h"

#include <utility>

#include "persistence/helper_thread.h"

namespace weir {

SyncThread::SyncThread(std::function<void()> on_done) : on_done_(std::move(on_done)) {}

SyncThread::~SyncThread() {
  if (!helper_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  helper_.join();
}

void SyncThread::sync(std::shared_ptr<File> file, uint64_t bytes, uint64_t offset) {
  bool is_new = true;
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty() && queue_.back().file == file) {
      queue_.back().bytes = bytes;
      queue_.back().offset = offset;
      is_new = false;
    } else {
      queue_.push_back({std::move(file), bytes, offset});
    }
    state_.is_busy = true;
  }
  if (helper_.joinable()) {
    if (is_new) has_work_.notify_one();
    return;
  }
  if (auto helper = start_helper(Niceness::kNone, [this] { run(); })) {
    helper_ = std::move(*helper);
    return;
  }
  std::unique_lock lock(mutex_);
  while (!queue_.empty())
    serve(lock);
}

SyncThread::State SyncThread::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void SyncThread::wait() {
  std::unique_lock lock(mutex_);
  is_idle_.wait(lock, [this] { return !state_.is_busy; });
}

void SyncThread::restart(uint64_t offset) {
  const std::lock_guard lock(mutex_);
  state_.failure.reset();
  state_.durable = offset;
  state_.file_bytes = 0;
}

void SyncThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    serve(lock);
  }
}

void SyncThread::serve(std::unique_lock<std::mutex>& lock) {
  Request request = std::move(queue_.front());
  queue_.pop_front();
  lock.unlock();
  IoResult<void> synced = request.file->fdatasync();
  lock.lock();
  if (!synced) {
    if (!state_.failure) state_.failure = std::move(synced).error();
    state_.failed = request.offset;
  } else if (!state_.failure) {
    state_.durable = request.offset;
    state_.file_bytes = request.bytes;
  }
  state_.is_busy = !queue_.empty();
  if (!state_.is_busy) is_idle_.notify_all();
  lock.unlock();
  request.file.reset();
  on_done_();
  lock.lock();
}

}  // namespace weir
