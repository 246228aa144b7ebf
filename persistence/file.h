// The one door to files: everything that opens, writes, syncs or renames a file goes through here.
//
//   File, replace_atomically, …      the code that tries again, completes short writes, cleans up
//     └─ FileSystem                  the bare system calls, one virtual function each
//          ├─ real_files()           the operating system
//          └─ FaultyFileSystem       its twin in tests/support: fails or shortens the n-th call
//
// The faults are injected below the code that must survive them, so that tests run that very code.
// A system call that another file format needs is one more virtual function here and in the twin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>
#include <tl/expected.hpp>

namespace weir {

/// The system calls as POSIX has them: -1 and errno on failure, short reads and writes allowed.
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  virtual int open(const char* path, int flags, mode_t mode) = 0;
  virtual ssize_t read(int fd, void* buffer, size_t size) = 0;
  virtual ssize_t write(int fd, const void* bytes, size_t size) = 0;
  virtual ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) = 0;
  virtual off_t lseek(int fd, off_t offset) = 0;  // from the beginning
  virtual int fsync(int fd) = 0;
  virtual int fdatasync(int fd) = 0;
  virtual int ftruncate(int fd, off_t size) = 0;
  /// Of a part of the file: what is written is on its way to the disk when it returns, and what was
  /// written before that is there.
  virtual int sync_range(int fd, off_t from, off_t bytes) = 0;
  virtual int fchmod(int fd, mode_t mode) = 0;
  virtual int close(int fd) = 0;
  virtual int stat(const char* path, struct stat* result) = 0;
  virtual int rename(const char* from, const char* to) = 0;
  virtual int unlink(const char* path) = 0;
  virtual int mkdir(const char* path, mode_t mode) = 0;
};

/// The operating system's files.
FileSystem& real_files();

/// What the disk refused.
struct IoError {
  std::string operation;         ///< "open", "write", …
  std::string path;              ///< of the file that was meant
  int errno_value = 0;           ///< why; 0: the operation says it
  std::string left_behind = {};  ///< a temporary file that could not be removed either

  friend bool operator==(const IoError&, const IoError&) = default;
};

/// "write '/data/x': No space left on device"
std::string to_string(const IoError& error);

/// "No space left on device"
std::string errno_text(int errno_value);

template <typename T>
using IoResult = tl::expected<T, IoError>;

/// An open file; closes itself.  Interrupted calls are repeated.
class File {
 public:
  static IoResult<File> open_for_read(FileSystem& files, std::string path);
  /// A new file or an emptied old one.  mode: before the umask, for a new file only.
  static IoResult<File> create(FileSystem& files, std::string path, mode_t mode = 0644);
  /// As create, but fails with EEXIST when anything of that name is there.
  static IoResult<File> create_new(FileSystem& files, std::string path, mode_t mode = 0644);
  /// For write_at; content that is there stays, a missing file is made.
  static IoResult<File> open_for_write(FileSystem& files, std::string path, mode_t mode = 0644);
  /// Writes go to the end; a missing file is made.
  static IoResult<File> open_for_append(FileSystem& files, std::string path, mode_t mode = 0644);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  /// Bytes read, perhaps fewer than `buffer` has room for; 0 at the end of the file.
  IoResult<size_t> read(std::span<char> buffer);
  /// The next read begins there.
  IoResult<void> seek(uint64_t offset);
  /// All of `bytes`; on an error an unknown part of them.
  IoResult<void> write_all(std::string_view bytes);
  /// All of `bytes`, from `offset` on; on an error an unknown part of them.
  IoResult<void> write_at(std::string_view bytes, uint64_t offset);
  /// Returns when content and size are on the disk.
  IoResult<void> fsync();
  /// The same without what is not needed to read the content back: times.
  IoResult<void> fdatasync();
  /// Cuts the file off, or lengthens it with zeros.
  IoResult<void> resize(uint64_t size);
  /// Makes the disk write these bytes, so that a later fsync() has less to do.  Promises nothing.
  IoResult<void> sync_range(uint64_t from, uint64_t bytes);
  IoResult<void> set_mode(mode_t mode);
  /// The only way to learn that closing failed.  The file is closed either way.
  IoResult<void> close();

  const std::string& path() const { return path_; }

 private:
  File(FileSystem& files, std::string path, int fd);
  static IoResult<File> open(FileSystem& files, std::string path, int flags, mode_t mode);
  tl::unexpected<IoError> failed(const char* operation) const;

  FileSystem* files_;
  std::string path_;
  int fd_;
};

/// The whole content of a file.  Errors: EFBIG when it is longer than `limit_bytes`.
IoResult<std::string> read_all(FileSystem& files, const std::string& path,
                               size_t limit_bytes = std::numeric_limits<size_t>::max());

IoResult<void> rename(FileSystem& files, const std::string& from, const std::string& to);
IoResult<void> unlink(FileSystem& files, const std::string& path);
/// A folder that is there already is no error.
IoResult<void> make_folder(FileSystem& files, const std::string& path, mode_t mode = 0755);
/// Cuts the file at `path` off behind `size` bytes; that is on disk when it returns.
IoResult<void> cut_file(FileSystem& files, const std::string& path, uint64_t size);
/// Bytes of the file at `path`; nothing if there is none.
IoResult<std::optional<uint64_t>> size_of(FileSystem& files, const std::string& path);

/// Makes creations, renames and removals in the folder of `path` survive a power failure.
IoResult<void> fsync_folder(FileSystem& files, const std::string& path);

/// Gives `path` the content `bytes` so that a crash at any moment leaves either the old content or
/// the new: writes a temporary file beside it, syncs, renames, syncs the folder.  Permissions of an
/// existing file are kept.  On an error the temporary file is removed (or named in the error), and
/// `path` has its old content, except when only the last step failed: then the new content is in
/// place, but might not survive a power failure.
IoResult<void> replace_atomically(FileSystem& files, const std::string& path,
                                  std::string_view bytes);

/// `path` seen from the working directory; no symbolic link is resolved.
std::string absolute_path(std::string_view path);

/// Names that match the shell pattern, sorted; none when nothing does.
std::vector<std::string> matching_paths(const std::string& pattern);

}  // namespace weir
