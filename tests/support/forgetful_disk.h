// A disk whose power may fail: what was not synced is lost then, all of it, or any part.
//
//   calls ─► real files, as they look to whoever runs          lose_power():
//     │                                                        content: any sectors of what was
//     ├─ fsync(file):    its bytes survive                       written since the last sync
//     └─ fsync(folder):  names in it survive                   names: any creations, renames and
//                                                                removals since the folder's sync
//
//   ForgetfulDisk disk(folder.path());
//   … write through it …
//   disk.die();                         // from now on every call fails: the machine is off
//   disk.lose_power(random);            // the real folder is what the next start finds
//   disk.revive();
//
// Without lose_power() it is a process that was killed: all that was written is there, and yet not
// on disk.  Any thread may call.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "persistence/file.h"

namespace weir::testing {

class ForgetfulDisk final : public FileSystem {
 public:
  /// Of everything below `root`, which is there and empty.
  explicit ForgetfulDisk(std::string root);
  ~ForgetfulDisk() override;

  /// The n-th call from now that changes something, and all later ones, find the machine off.
  void die_at(uint64_t n) { calls_left_ = n; }
  void die() { is_dead_ = true; }
  bool is_dead() const { return is_dead_; }
  void revive();
  /// Syncs say that they succeeded, and nothing more.
  void lie() { lies_ = true; }
  /// Syncs so far.
  uint64_t syncs() const { return syncs_; }

  void lose_power(std::mt19937_64& random);

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
  /// A file or a folder, whatever it is called.
  struct Node {
    int fd = -1;  // so that it stays when its last name goes
    bool is_folder = false;
    std::string synced;
    size_t unchanged_bytes = 0;  // so far it is as it was synced
    ~Node();
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct Naming {
    std::string path;
    std::shared_ptr<Node> node;  // null: the name goes
  };

  bool is_off(bool changes = true);
  void name(const std::string& path, std::shared_ptr<Node> node);
  std::shared_ptr<Node> node_at(const std::string& path);
  std::shared_ptr<Node> node_of(int fd);
  void sync_names(const std::string& folder);
  void note_change(int fd, off_t from);

  const std::string root_;
  FileSystem& disk_ = real_files();
  std::mutex mutex_;  // of what follows
  Names names_;       // as they are
  Names synced_names_;
  std::vector<Naming> namings_;       // what was done to names and may be lost, in order
  std::map<int, std::string> paths_;  // of open descriptors
  std::map<int, std::shared_ptr<Node>> open_;
  std::atomic<uint64_t> calls_left_ = UINT64_MAX;
  std::atomic<uint64_t> syncs_ = 0;
  std::atomic<bool> is_dead_ = false;
  std::atomic<bool> lies_ = false;
};

}  // namespace weir::testing
