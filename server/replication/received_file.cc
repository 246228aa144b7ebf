#include "server/replication/received_file.h"

#include <utility>

#include <unistd.h>

namespace weir {
namespace {

/// How much is written between two calls that make the disk begin.
constexpr uint64_t kBytesPerSync = uint64_t{8} << 20;

}  // namespace

IoResult<ReceivedFile> ReceivedFile::create(FileSystem& files, int64_t unix_s) {
  const std::string path =
      absolute_path("temp-" + std::to_string(unix_s) + "." + std::to_string(getpid()) + ".rdb");
  return File::create(files, path).map([&](File file) {
    return ReceivedFile(files, path, std::move(file));
  });
}

ReceivedFile::ReceivedFile(FileSystem& files, std::string path, File file)
    : files_(&files), path_(std::move(path)), file_(std::move(file)) {}

ReceivedFile::ReceivedFile(ReceivedFile&& other) noexcept
    : files_(other.files_),
      path_(std::exchange(other.path_, {})),
      file_(std::move(other.file_)),
      bytes_(other.bytes_),
      synced_(other.synced_) {}

ReceivedFile::~ReceivedFile() {
  if (!path_.empty()) static_cast<void>(unlink(*files_, path_));
}

IoResult<void> ReceivedFile::write(std::string_view bytes) {
  if (IoResult<void> written = file_.write_all(bytes); !written) return written;
  bytes_ += bytes.size();
  if (bytes_ - synced_ < kBytesPerSync) return {};
  const uint64_t from = std::exchange(synced_, bytes_);
  return file_.sync_range(from, bytes_ - from);
}

IoResult<void> ReceivedFile::put_in_place(const std::string& target) {
  IoResult<void> renamed = file_.fsync().and_then([&] { return file_.close(); }).and_then([&] {
    return rename(*files_, path_, target);
  });
  if (!renamed) return renamed;
  path_.clear();
  return fsync_folder(*files_, target);
}

}  // namespace weir
