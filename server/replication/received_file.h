// A primary's snapshot on its way to the disk: a temporary file that becomes the server's own
// snapshot when it was found good, and is removed if not.
//
//   create() ─► write() … ─► read ─► put_in_place(): all of it is on disk, and has the name
//
// The disk writes while it is received and read: nobody waits for it before the data are there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "persistence/file.h"

namespace weir {

class ReceivedFile {
 public:
  /// "temp-<time>.<pid>.rdb", in the working directory.
  static IoResult<ReceivedFile> create(FileSystem& files, int64_t unix_s);

  ReceivedFile(ReceivedFile&& other) noexcept;
  ReceivedFile& operator=(ReceivedFile&& other) = delete;
  /// Removes the file unless it is in place.
  ~ReceivedFile();

  IoResult<void> write(std::string_view bytes);
  /// Nothing more comes: it takes the place of `target`.
  IoResult<void> put_in_place(const std::string& target);

  const std::string& path() const { return path_; }

 private:
  ReceivedFile(FileSystem& files, std::string path, File file);

  FileSystem* files_;
  std::string path_;  // "": it is somebody else's now
  File file_;
  uint64_t bytes_ = 0;
  uint64_t synced_ = 0;
};

}  // namespace weir
