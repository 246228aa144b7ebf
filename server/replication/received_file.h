// A primary's snapshot on its way to the disk: a temporary file that becomes the server's own
// snapshot when it was found good, and is removed if not.
//
//   create() ─► write() … ─► finish(): all of it is on disk ─► read ─► put_in_place()
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
  /// Nothing more comes.
  IoResult<void> finish();
  /// It takes the place of `target`.
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
