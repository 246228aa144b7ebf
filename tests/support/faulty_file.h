// The faulty twin of the operating system's files: passes every call on to the real ones, counts
// them, and lets chosen calls fail, or write or read less than asked.
//
//   FaultyFileSystem disk;
//   disk.fail_call(3, ENOSPC);            // the third call from now, once
//   CHECK_FALSE(replace_atomically(disk, path, "new"));
//
// What a failed call would have done is not done; only a failed close closes, as on Linux.
#pragma once

#include <condition_variable>
#include <mutex>

#include "persistence/file.h"

namespace weir::testing {

class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& disk = real_files()) : disk_(disk) {}

  /// Lets the n-th call from now (1 = the next one) fail.  Forgets earlier orders.
  void fail_call(int n, int errno_value);
  /// Lets that call and all later ones fail: the disk is gone.
  void fail_from_call(int n, int errno_value);
  /// Every write takes at most this many bytes; 0: as many as it is given.
  void shorten_writes(size_t bytes) { most_bytes_per_write_ = bytes; }
  /// Every read gives at most this many bytes; 0: as many as there are.
  void shorten_reads(size_t bytes) { most_bytes_per_read_ = bytes; }

  /// No sync of a file ends before release_syncs().
  void hold_syncs() { set_holding(true); }
  void release_syncs() { set_holding(false); }

  /// Calls since the last order.
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  /// Whether the ordered fault has happened.
  bool has_failed() const {
    const std::lock_guard lock(mutex_);
    return has_failed_;
  }

  int open(const char* path, int flags, mode_t mode) override;
  ssize_t read(int fd, void* buffer, size_t size) override;
  ssize_t write(int fd, const void* bytes, size_t size) override;
  ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) override;
  off_t lseek(int fd, off_t offset) override;
  int fsync(int fd) override;
  int fdatasync(int fd) override;
  int ftruncate(int fd, off_t size) override;
  int sync_range(int fd, off_t from, off_t bytes) override;
  int fchmod(int fd, mode_t mode) override;
  int close(int fd) override;
  int stat(const char* path, struct stat* result) override;
  int rename(const char* from, const char* to) override;
  int unlink(const char* path) override;
  int mkdir(const char* path, mode_t mode) override;

 private:
  /// Counts a call; true when it must fail, errno is set then.
  bool fails();
  void set_holding(bool is_holding);

  FileSystem& disk_;
  mutable std::mutex mutex_;  // of what follows: helpers use the disk, too
  int calls_ = 0;
  int first_faulty_call_ = 0;  // 0: none
  int last_faulty_call_ = 0;
  int errno_value_ = 0;
  bool has_failed_ = false;
  size_t most_bytes_per_write_ = 0;
  size_t most_bytes_per_read_ = 0;
  bool is_holding_ = false;
  std::condition_variable may_sync_;
};

}  // namespace weir::testing
