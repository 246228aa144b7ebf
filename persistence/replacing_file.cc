#include "persistence/replacing_file.h"

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace weir {
namespace {

/// How much is collected for one system call.
constexpr size_t kBufferBytes = size_t{256} << 10;

constexpr std::string_view kPrefix = "temp-";
constexpr std::string_view kSuffix = ".rdb";

/// With the slash.
std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

/// Of a process or of one of its threads.
bool is_running(FileSystem& files, const std::string& id) {
  struct stat status = {};
  return files.stat(("/proc/" + id).c_str(), &status) == 0;
}

}  // namespace

std::string temporary_name(const std::string& target) {
  return folder_of(target) + std::string(kPrefix) + std::to_string(gettid()) + std::string(kSuffix);
}

std::vector<std::string> remove_stale_temporaries(FileSystem& files, const std::string& target) {
  const std::string front = folder_of(target) + std::string(kPrefix);
  std::vector<std::string> removed;
  for (const std::string& path : matching_paths(front + "*" + std::string(kSuffix))) {
    const std::string id = path.substr(front.size(), path.size() - front.size() - kSuffix.size());
    const bool is_number = !id.empty() && id.find_first_not_of("0123456789") == id.npos;
    if (is_number && !is_running(files, id) && unlink(files, path)) removed.push_back(path);
  }
  return removed;
}

// create_new follows no link that somebody else may have put there.
IoResult<ReplacingFile> ReplacingFile::create(FileSystem& files, Options options) {
  IoResult<File> file = File::create_new(files, options.temporary);
  if (!file && file.error().errno_value == EEXIST) {
    if (IoResult<void> removed = unlink(files, options.temporary); !removed)
      return tl::unexpected(std::move(removed).error());
    file = File::create_new(files, options.temporary);
  }
  if (!file) return tl::unexpected(std::move(file).error());
  return ReplacingFile(files, std::move(options), std::move(*file));
}

ReplacingFile::ReplacingFile(FileSystem& files, Options options, File file)
    : files_(&files), options_(std::move(options)), file_(std::move(file)) {}

ReplacingFile::ReplacingFile(ReplacingFile&& other) noexcept
    : files_(other.files_),
      options_(std::move(other.options_)),
      file_(std::move(other.file_)),
      buffer_(std::move(other.buffer_)),
      bytes_(other.bytes_),
      in_file_(other.in_file_),
      synced_(other.synced_),
      is_there_(std::exchange(other.is_there_, false)) {}

ReplacingFile::~ReplacingFile() {
  if (is_there_) static_cast<void>(unlink(*files_, options_.temporary));
}

IoResult<void> ReplacingFile::write(std::string_view bytes) {
  bytes_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) {
    if (IoResult<void> written = put(buffer_); !written) return clean_up(std::move(written));
    buffer_.clear();
  }
  if (bytes.size() > kBufferBytes) return clean_up(put(bytes));
  buffer_ += bytes;
  return {};
}

IoResult<void> ReplacingFile::put(std::string_view bytes) {
  if (IoResult<void> written = file_.write_all(bytes); !written) return written;
  in_file_ += bytes.size();
  if (!options_.syncs_on_the_way || in_file_ - synced_ < kBytesPerSync) return {};
  const uint64_t from = std::exchange(synced_, in_file_);
  return file_.sync_range(from, in_file_ - from);
}

IoResult<void> ReplacingFile::commit() {
  IoResult<void> placed = clean_up(put_in_place());
  if (!placed) return placed;
  is_there_ = false;
  return options_.is_durable ? fsync_folder(*files_, options_.target) : IoResult<void>();
}

IoResult<void> ReplacingFile::put_in_place() {
  return put(buffer_)
      .and_then([&] { return options_.is_durable ? file_.fsync() : IoResult<void>(); })
      .and_then([&] { return file_.close(); })
      .and_then([&] { return rename(*files_, options_.temporary, options_.target); });
}

IoResult<void> ReplacingFile::clean_up(IoResult<void> result) {
  if (result || !is_there_) return result;
  is_there_ = false;
  if (!unlink(*files_, options_.temporary)) result.error().left_behind = options_.temporary;
  return result;
}

}  // namespace weir
