// A file system without files: for what reads configuration text that may include others.
#pragma once

#include <cerrno>

#include "persistence/file.h"

namespace weir::testing {

class NoFiles : public FileSystem {
 public:
  int open(const char*, int, mode_t) override { return none(); }
  ssize_t read(int, void*, size_t) override { return none(); }
  ssize_t write(int, const void*, size_t) override { return none(); }
  ssize_t pwrite(int, const void*, size_t, off_t) override { return none(); }
  off_t lseek(int, off_t) override { return none(); }
  int fsync(int) override { return none(); }
  int fdatasync(int) override { return none(); }
  int ftruncate(int, off_t) override { return none(); }
  int sync_range(int, off_t, off_t) override { return none(); }
  int fchmod(int, mode_t) override { return none(); }
  int close(int) override { return none(); }
  int stat(const char*, struct stat*) override { return none(); }
  int rename(const char*, const char*) override { return none(); }
  int unlink(const char*) override { return none(); }
  int mkdir(const char*, mode_t) override { return none(); }

 private:
  static int none() {
    errno = ENOENT;
    return -1;
  }
};

}  // namespace weir::testing
