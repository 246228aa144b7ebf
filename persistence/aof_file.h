// The increment of the log that is being written.
//
//   ┌────────────────────────────┬──────────────┐
//   │ batches, each with its sum │ filler       │
//   └────────────────────────────┴──────────────┘
//   0                          size()           where the file ends
//
// A batch is written at once, or not at all: when it could not be, the file is cut back to where it
// was good.  Filler is written ahead where each batch is synced (appendfsync always): bytes that
// are overwritten in place are on disk sooner than those that make a file longer.
//
// Syncing is somebody else's business (sync_thread.h); only finish() does it itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "persistence/file.h"
#include "resp/buffer.h"

namespace weir {

class AofFile {
 public:
  /// A new one; a leftover of that name is emptied.
  static IoResult<AofFile> create(FileSystem& files, std::string path);
  /// One that was loaded and is `size` bytes long.
  static IoResult<AofFile> open(FileSystem& files, std::string path, uint64_t size);

  uint64_t size() const { return size_; }
  /// For who syncs it.
  const std::shared_ptr<File>& file() const { return file_; }
  /// Filler is written ahead from now on, or no longer.
  void set_filling(bool is_filling) { is_filling_ = is_filling; }

  /// A new one says that it is ours, and that is on disk: whatever is lost of it later, nobody
  /// takes the rest for another server's.  previous_bytes: of the increment before it.
  IoResult<void> mark(std::optional<uint64_t> previous_bytes);

  /// Writes `batch` and its sum.  durable: so many bytes of the file are on disk, and all files
  /// before it; nothing: nobody knows.  On an error the file is as before, as far as the disk
  /// allows; `batch` is unchanged either way.
  IoResult<void> append(resp::Buffer& batch, std::optional<uint64_t> durable);

  /// Cuts filler off, which nobody needs any more.
  IoResult<void> trim();
  /// Says that all is on disk, and sees to it.
  IoResult<void> finish();

 private:
  AofFile(std::shared_ptr<File> file, uint64_t size)
      : file_(std::move(file)), size_(size), filled_(size) {}
  void fill();

  std::shared_ptr<File> file_;
  uint64_t size_ = 0;
  uint64_t filled_ = 0;  // up to here there is filler, if that is more than size_
  std::optional<uint64_t> told_durable_;
  bool is_filling_ = false;
  bool is_cut_ = true;  // nothing of a failed batch is left behind size_
};

}  // namespace weir
