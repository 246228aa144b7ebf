#include "persistence/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

namespace weir {
namespace {

// How much read_all asks for at a time.
constexpr size_t kReadBytes = 16384;

class RealFileSystem final : public FileSystem {
 public:
  int open(const char* path, int flags, mode_t mode) override {
    return ::open(path, flags | O_CLOEXEC, mode);
  }
  ssize_t read(int fd, void* buffer, size_t size) override { return ::read(fd, buffer, size); }
  ssize_t write(int fd, const void* bytes, size_t size) override {
    return ::write(fd, bytes, size);
  }
  ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) override {
    return ::pwrite(fd, bytes, size, offset);
  }
  off_t lseek(int fd, off_t offset) override { return ::lseek(fd, offset, SEEK_SET); }
  int fsync(int fd) override { return ::fsync(fd); }
  int fdatasync(int fd) override { return ::fdatasync(fd); }
  int ftruncate(int fd, off_t size) override { return ::ftruncate(fd, size); }
  int sync_range(int fd, off_t from, off_t bytes) override {
    return ::sync_file_range(fd, from, bytes, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
  }
  int fchmod(int fd, mode_t mode) override { return ::fchmod(fd, mode); }
  int close(int fd) override { return ::close(fd); }
  int stat(const char* path, struct stat* result) override { return ::stat(path, result); }
  int rename(const char* from, const char* to) override { return ::rename(from, to); }
  int unlink(const char* path) override { return ::unlink(path); }
  int mkdir(const char* path, mode_t mode) override { return ::mkdir(path, mode); }
};

tl::unexpected<IoError> io_error(const char* operation, const std::string& path) {
  return tl::unexpected(IoError{.operation = operation, .path = path, .errno_value = errno});
}

// Repeats a system call for as long as a signal interrupts it.
template <typename Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A leftover of a crashed process with our ID (in a container that is always the same one) is
// removed first; create_new then follows no link that someone else may have put there.
IoResult<File> create_temporary(FileSystem& files, const std::string& path, mode_t mode) {
  IoResult<File> file = File::create_new(files, path, mode);
  if (file || file.error().errno_value != EEXIST) return file;
  if (IoResult<void> removed = unlink(files, path); !removed) {
    return tl::unexpected(std::move(removed).error());
  }
  return File::create_new(files, path, mode);
}

IoResult<void> write_and_sync(File& file, std::string_view bytes) {
  return file.write_all(bytes).and_then([&] { return file.fsync(); }).and_then([&] {
    return file.close();
  });
}

}  // namespace

FileSystem& real_files() {
  static RealFileSystem files;
  return files;
}

std::string errno_text(int errno_value) {
  return std::strerror(errno_value);
}

std::string to_string(const IoError& error) {
  std::string text = error.operation + " '" + error.path + "'";
  if (error.errno_value != 0) text += ": " + errno_text(error.errno_value);
  if (!error.left_behind.empty()) text += " (left behind: '" + error.left_behind + "')";
  return text;
}

File::File(FileSystem& files, std::string path, int fd)
    : files_(&files), path_(std::move(path)), fd_(fd) {}

File::File(File&& other) noexcept
    : files_(other.files_), path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(files_, other.files_);
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) files_->close(fd_);
}

tl::unexpected<IoError> File::failed(const char* operation) const {
  return io_error(operation, path_);
}

IoResult<File> File::open(FileSystem& files, std::string path, int flags, mode_t mode) {
  const int fd = uninterrupted([&] { return files.open(path.c_str(), flags, mode); });
  if (fd < 0) return io_error("open", path);
  return File(files, std::move(path), fd);
}

IoResult<File> File::open_for_read(FileSystem& files, std::string path) {
  return open(files, std::move(path), O_RDONLY, 0);
}

IoResult<File> File::create(FileSystem& files, std::string path, mode_t mode) {
  return open(files, std::move(path), O_WRONLY | O_CREAT | O_TRUNC, mode);
}

IoResult<File> File::create_new(FileSystem& files, std::string path, mode_t mode) {
  return open(files, std::move(path), O_WRONLY | O_CREAT | O_EXCL, mode);
}

IoResult<File> File::open_for_write(FileSystem& files, std::string path, mode_t mode) {
  return open(files, std::move(path), O_WRONLY | O_CREAT, mode);
}

IoResult<File> File::open_for_append(FileSystem& files, std::string path, mode_t mode) {
  return open(files, std::move(path), O_WRONLY | O_CREAT | O_APPEND, mode);
}

IoResult<size_t> File::read(std::span<char> buffer) {
  const ssize_t got =
      uninterrupted([&] { return files_->read(fd_, buffer.data(), buffer.size()); });
  if (got < 0) return failed("read");
  return static_cast<size_t>(got);
}

IoResult<void> File::seek(uint64_t offset) {
  if (files_->lseek(fd_, static_cast<off_t>(offset)) < 0) return failed("lseek");
  return {};
}

IoResult<void> File::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        uninterrupted([&] { return files_->write(fd_, bytes.data(), bytes.size()); });
    if (written < 0) return failed("write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

IoResult<void> File::write_at(std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = uninterrupted([&] {
      return files_->pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) return failed("write");
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

IoResult<void> File::fsync() {
  if (uninterrupted([&] { return files_->fsync(fd_); }) < 0) return failed("fsync");
  return {};
}

IoResult<void> File::fdatasync() {
  if (uninterrupted([&] { return files_->fdatasync(fd_); }) < 0) return failed("fdatasync");
  return {};
}

IoResult<void> File::resize(uint64_t size) {
  if (uninterrupted([&] { return files_->ftruncate(fd_, static_cast<off_t>(size)); }) < 0)
    return failed("ftruncate");
  return {};
}

IoResult<void> File::sync_range(uint64_t from, uint64_t bytes) {
  const int result = uninterrupted(
      [&] { return files_->sync_range(fd_, static_cast<off_t>(from), static_cast<off_t>(bytes)); });
  // Not every file system can, and none has to.
  if (result >= 0 || errno == EINVAL || errno == ENOSYS || errno == ESPIPE) return {};
  return failed("sync");
}

IoResult<void> File::set_mode(mode_t mode) {
  if (files_->fchmod(fd_, mode) < 0) return failed("chmod");
  return {};
}

// Linux has closed the descriptor even when close() was interrupted, so it is never repeated.
IoResult<void> File::close() {
  if (files_->close(std::exchange(fd_, -1)) < 0 && errno != EINTR) return failed("close");
  return {};
}

IoResult<std::string> read_all(FileSystem& files, const std::string& path, size_t limit_bytes) {
  IoResult<File> file = File::open_for_read(files, path);
  if (!file) return tl::unexpected(std::move(file).error());
  std::string content;
  std::array<char, kReadBytes> chunk;
  for (;;) {
    const IoResult<size_t> got = file->read(chunk);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return content;
    if (*got > limit_bytes - content.size()) {
      return tl::unexpected(IoError{.operation = "read", .path = path, .errno_value = EFBIG});
    }
    content.append(chunk.data(), *got);
  }
}

IoResult<void> rename(FileSystem& files, const std::string& from, const std::string& to) {
  if (files.rename(from.c_str(), to.c_str()) < 0) return io_error("rename", from);
  return {};
}

IoResult<void> unlink(FileSystem& files, const std::string& path) {
  if (files.unlink(path.c_str()) < 0) return io_error("unlink", path);
  return {};
}

IoResult<void> make_folder(FileSystem& files, const std::string& path, mode_t mode) {
  if (files.mkdir(path.c_str(), mode) < 0 && errno != EEXIST) return io_error("mkdir", path);
  return {};
}

IoResult<void> cut_file(FileSystem& files, const std::string& path, uint64_t size) {
  return File::open_for_write(files, path).and_then([size](File file) {
    return file.resize(size).and_then([&] { return file.fdatasync(); });
  });
}

IoResult<std::optional<uint64_t>> size_of(FileSystem& files, const std::string& path) {
  struct stat status = {};
  if (files.stat(path.c_str(), &status) == 0) return static_cast<uint64_t>(status.st_size);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return io_error("stat", path);
}

IoResult<void> fsync_folder(FileSystem& files, const std::string& path) {
  return File::open_for_read(files, folder_of(path)).and_then([](File folder) {
    return folder.fsync();
  });
}

IoResult<void> replace_atomically(FileSystem& files, const std::string& path,
                                  std::string_view bytes) {
  struct stat old = {};
  const bool replaces = files.stat(path.c_str(), &old) == 0;
  if (!replaces && errno != ENOENT) return io_error("stat", path);

  // Permissions come before content: a password in the file is never readable by more than before.
  const std::string temporary = path + ".tmp-" + std::to_string(::getpid());
  const mode_t mode = replaces ? old.st_mode & 07777 : 0644;
  IoResult<File> file = create_temporary(files, temporary, mode);
  if (!file) return tl::unexpected(std::move(file).error());
  IoResult<void> done = (replaces ? file->set_mode(mode) : IoResult<void>{})
                            .and_then([&] { return write_and_sync(*file, bytes); })
                            .and_then([&] { return rename(files, temporary, path); });
  if (!done) {
    IoError error = std::move(done).error();
    if (!unlink(files, temporary)) error.left_behind = temporary;
    return tl::unexpected(std::move(error));
  }
  return fsync_folder(files, path);
}

// By hand: std::filesystem would bring the whole of the C++ library's locales into the program.
std::string absolute_path(std::string_view path) {
  std::string full(path);
  if (!path.starts_with('/')) {
    char folder[PATH_MAX];
    if (::getcwd(folder, sizeof(folder)) == nullptr) return full;
    full = std::string(folder) + "/" + full;
  }
  std::vector<std::string_view> parts;
  for (size_t at = 0; at < full.size();) {
    const size_t end = std::min(full.find('/', at), full.size());
    const std::string_view part = std::string_view(full).substr(at, end - at);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    at = end + 1;
  }
  std::string normal;
  for (const std::string_view part : parts)
    normal.append("/").append(part);
  return normal.empty() ? "/" : normal;
}

std::vector<std::string> matching_paths(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t matches = {};
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  ::globfree(&matches);
  return paths;
}

}  // namespace weir
