// A great file in the making, which takes the place of another one when it is whole.
//
//   create()   temp-<id>.rdb beside the target
//   write()    … and from time to time the disk is told to begin, so that commit() is not one long
//              wait and the system does not hold gigabytes for us
//   commit()   flush · fsync · close · rename over the target · fsync of the folder
//
// The system calls and their order are those of Redis.  After a crash at any moment the target is
// the old file or the new one.  After an error the temporary file is removed and the target is the
// old one, except when only the last step failed: then the new one is in place, but might not
// survive a power failure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file.h"

namespace weir {

class ReplacingFile {
 public:
  /// How much is written between two calls that make the disk begin.
  static constexpr uint64_t kBytesPerSync = uint64_t{4} << 20;

  struct Options {
    std::string target;     // the path
    std::string temporary;  // in the same folder; one that is there is removed first
    bool syncs_on_the_way = true;
    bool is_durable = true;  // else nothing waits for the disk: it need not survive a power failure
  };
  static IoResult<ReplacingFile> create(FileSystem& files, Options options);

  ReplacingFile(ReplacingFile&& other) noexcept;
  ReplacingFile& operator=(ReplacingFile&& other) = delete;
  /// Removes the temporary file, if it is still there.
  ~ReplacingFile();

  /// Adds bytes.  After an error nothing more may be done.
  IoResult<void> write(std::string_view bytes);
  /// The bytes are all.
  IoResult<void> commit();
  uint64_t bytes() const { return bytes_; }

 private:
  ReplacingFile(FileSystem& files, Options options, File file);
  IoResult<void> put(std::string_view bytes);
  IoResult<void> put_in_place();
  IoResult<void> clean_up(IoResult<void> result);

  FileSystem* files_;
  Options options_;
  File file_;
  std::string buffer_;
  uint64_t bytes_ = 0;  // given to write()
  uint64_t in_file_ = 0;
  uint64_t synced_ = 0;   // of these, that the disk was told to write
  bool is_there_ = true;  // the temporary file
};

/// "temp-<id>.rdb" in the folder of `target`, with the ID of the thread: that of the main one is
/// the process's, and two threads do not disturb each other.
std::string temporary_name(const std::string& target);
/// Removes the temporary files in the folder of `target` whose thread is no more: a crash leaves
/// them.  Returns those that were removed.
std::vector<std::string> remove_stale_temporaries(FileSystem& files, const std::string& target);

}  // namespace weir
