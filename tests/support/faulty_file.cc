#include "tests/support/faulty_file.h"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace weir::testing {

void FaultyFileSystem::fail_call(int n, int errno_value) {
  const std::lock_guard lock(mutex_);
  calls_ = 0;
  first_faulty_call_ = last_faulty_call_ = n;
  errno_value_ = errno_value;
  has_failed_ = false;
}

void FaultyFileSystem::fail_from_call(int n, int errno_value) {
  fail_call(n, errno_value);
  const std::lock_guard lock(mutex_);
  last_faulty_call_ = std::numeric_limits<int>::max();
}

bool FaultyFileSystem::fails() {
  const std::lock_guard lock(mutex_);
  ++calls_;
  if (calls_ < first_faulty_call_ || calls_ > last_faulty_call_) return false;
  has_failed_ = true;
  errno = errno_value_;
  return true;
}

int FaultyFileSystem::open(const char* path, int flags, mode_t mode) {
  return fails() ? -1 : disk_.open(path, flags, mode);
}

ssize_t FaultyFileSystem::read(int fd, void* buffer, size_t size) {
  if (fails()) return -1;
  if (most_bytes_per_read_ > 0) size = std::min(size, most_bytes_per_read_);
  return disk_.read(fd, buffer, size);
}

ssize_t FaultyFileSystem::write(int fd, const void* bytes, size_t size) {
  if (fails()) return -1;
  if (most_bytes_per_write_ > 0) size = std::min(size, most_bytes_per_write_);
  return disk_.write(fd, bytes, size);
}

ssize_t FaultyFileSystem::pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (fails()) return -1;
  if (most_bytes_per_write_ > 0) size = std::min(size, most_bytes_per_write_);
  return disk_.pwrite(fd, bytes, size, offset);
}

off_t FaultyFileSystem::lseek(int fd, off_t offset) {
  return fails() ? -1 : disk_.lseek(fd, offset);
}

int FaultyFileSystem::fsync(int fd) {
  return fails() ? -1 : disk_.fsync(fd);
}

int FaultyFileSystem::fdatasync(int fd) {
  {
    std::unique_lock lock(mutex_);
    may_sync_.wait(lock, [this] { return !is_holding_; });
  }
  return fails() ? -1 : disk_.fdatasync(fd);
}

void FaultyFileSystem::set_holding(bool is_holding) {
  {
    const std::lock_guard lock(mutex_);
    is_holding_ = is_holding;
  }
  may_sync_.notify_all();
}

int FaultyFileSystem::ftruncate(int fd, off_t size) {
  return fails() ? -1 : disk_.ftruncate(fd, size);
}

int FaultyFileSystem::sync_range(int fd, off_t from, off_t bytes) {
  return fails() ? -1 : disk_.sync_range(fd, from, bytes);
}

int FaultyFileSystem::fchmod(int fd, mode_t mode) {
  return fails() ? -1 : disk_.fchmod(fd, mode);
}

int FaultyFileSystem::close(int fd) {
  const bool must_fail = fails();
  const int why = errno;
  const int result = disk_.close(fd);
  if (!must_fail) return result;
  errno = why;
  return -1;
}

int FaultyFileSystem::stat(const char* path, struct stat* result) {
  return fails() ? -1 : disk_.stat(path, result);
}

int FaultyFileSystem::rename(const char* from, const char* to) {
  return fails() ? -1 : disk_.rename(from, to);
}

int FaultyFileSystem::unlink(const char* path) {
  return fails() ? -1 : disk_.unlink(path);
}

int FaultyFileSystem::mkdir(const char* path, mode_t mode) {
  return fails() ? -1 : disk_.mkdir(path, mode);
}

}  // namespace weir::testing
