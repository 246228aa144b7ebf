#include "server/replication/transfer_pipe.h"

#include <chrono>

namespace weir {
namespace {

/// How often a helper that waits for room looks whether it is still wanted.
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

bool TransferPipe::write(std::string_view bytes, const std::function<bool()>& is_cancelled) {
  {
    std::unique_lock lock(mutex_);
    while (end_ - first_ >= kMostBytes && !is_aborted_) {
      if (has_room_.wait_for(lock, kLook) == std::cv_status::no_timeout) continue;
      if (is_cancelled()) return false;
    }
    if (is_aborted_) return false;
    chunks_.emplace_back(bytes);
    end_ += bytes.size();
  }
  wake_();
  return true;
}

void TransferPipe::end(std::string_view last) {
  const std::lock_guard lock(mutex_);
  chunks_.emplace_back(last);
  end_ += last.size();
  is_ended_ = true;
}

void TransferPipe::abort() {
  const std::lock_guard lock(mutex_);
  is_aborted_ = true;
  has_room_.notify_all();
}

std::string_view TransferPipe::at(uint64_t place) const {
  const std::lock_guard lock(mutex_);
  uint64_t begin = first_;
  for (const std::string& chunk : chunks_) {
    if (place < begin + chunk.size())
      return std::string_view(chunk).substr(static_cast<size_t>(place - begin));
    begin += chunk.size();
  }
  return {};
}

void TransferPipe::forget(uint64_t place) {
  const std::lock_guard lock(mutex_);
  while (!chunks_.empty() && first_ + chunks_.front().size() <= place) {
    first_ += chunks_.front().size();
    chunks_.pop_front();
  }
  has_room_.notify_all();
}

bool TransferPipe::ends_at(uint64_t place) const {
  const std::lock_guard lock(mutex_);
  return is_ended_ && place == end_;
}

}  // namespace weir
