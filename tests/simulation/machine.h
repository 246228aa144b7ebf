// A machine: a disk that may lose what was not synced, and the server that runs on it, life after
// life.
//
//   start(options) ─► a task: Config, Log, Server::open(), run()      as main() does
//   kill()            the process is gone; what it wrote is in its files
//   lose_power()      and what was not synced is lost, all of it or any part
//
// The server takes the machine's disk for the system's files (kernel.cc), and its folder is the
// working directory whenever one of its threads runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/network.h"
#include "tests/simulation/scheduler.h"
#include "tests/simulation/sightings.h"
#include "tests/support/forgetful_disk.h"

namespace weir::simulation {

/// The machine's disk as its server sees it: every call may take its time, and some fail.
class Disk final : public FileSystem {
 public:
  Disk(Scheduler& scheduler, const std::string& root) : scheduler_(scheduler), disk_(root) {}

  testing::ForgetfulDisk& below() { return disk_; }
  int64_t most_sync_ns = 5 * kNsPerMs;
  /// One write or sync of so many fails; 0: none.
  uint64_t one_fails_in = 0;
  uint64_t failures() const { return failures_; }

  /// Syncs of the log since the server began; those that overlap, of two of its files, or follow
  /// each other at once count as one.
  struct LogSyncs {
    int64_t began_ns = 0;
    int64_t ended_ns = 0;
    int running = 0;
    int64_t longest_ns = 0;

    bool is_running() const { return running > 0; }
  };
  const LogSyncs& log_syncs() const { return log_syncs_; }
  void forget_syncs() { log_syncs_ = {}; }
  /// What was in the log when a sync of it began that has succeeded.
  const Sightings& synced() const { return synced_; }

  int open(const char* path, int flags, mode_t mode) override;
  ssize_t read(int fd, void* buffer, size_t size) override;
  ssize_t write(int fd, const void* bytes, size_t size) override;
  ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) override;
  off_t lseek(int fd, off_t offset) override { return disk_.lseek(fd, offset); }
  int fsync(int fd) override;
  int fdatasync(int fd) override;
  int ftruncate(int fd, off_t size) override { return disk_.ftruncate(fd, size); }
  int sync_range(int fd, off_t from, off_t bytes) override;
  int fchmod(int fd, mode_t mode) override { return disk_.fchmod(fd, mode); }
  int close(int fd) override;
  int stat(const char* path, struct stat* result) override { return disk_.stat(path, result); }
  int rename(const char* from, const char* to) override;
  int unlink(const char* path) override;
  int mkdir(const char* path, mode_t mode) override { return disk_.mkdir(path, mode); }

 private:
  void take_time(int64_t most_ns);
  bool fails();
  void note_written(int fd, const void* bytes, ssize_t count);
  void log_sync_begins();
  void log_sync_ends();

  Scheduler& scheduler_;
  testing::ForgetfulDisk disk_;
  uint64_t failures_ = 0;
  std::map<int, std::string> unsynced_;  // what was written, by descriptors of the log
  Sightings synced_;
  LogSyncs log_syncs_;
};

class Machine {
 public:
  Machine(Scheduler& scheduler, Network& network, int number, const std::string& root);

  int number() const { return number_; }
  int port() const { return 7000 + number_; }
  Disk& disk() { return disk_; }
  const std::string& folder() const { return folder_; }
  bool is_up() const { return is_up_; }
  /// From other machines, in all its lives.
  Sightings& received() { return received_; }

  /// "appendonly yes" and the like.
  void start(const std::vector<std::string>& options);
  void kill();
  void lose_power();
  /// The process ended by itself, with that code.
  void ended(int code);
  int exit_code() const { return exit_code_; }
  /// Why open() refused, though the disk was well; empty: it did not.
  const std::string& refusal() const { return refusal_; }

 private:
  void live(const std::string& configuration);
  void cut_off(bool is_silent);

  Scheduler& scheduler_;
  Network& network_;
  const int number_;
  const std::string folder_;
  Disk disk_;
  bool is_up_ = false;
  Sightings received_;
  int exit_code_ = -1;
  std::string refusal_;
};

}  // namespace weir::simulation
