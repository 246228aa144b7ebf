#include "tests/support/forgetful_disk.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

constexpr size_t kSectorBytes = 512;

/// begin: what is known of it already.
std::string content_of(int fd, std::string begin = {}) {
  char piece[65536];
  ssize_t got = 0;
  while ((got = ::pread(fd, piece, sizeof(piece), static_cast<off_t>(begin.size()))) > 0)
    begin.append(piece, static_cast<size_t>(got));
  return begin;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// What may be found of a file: each sector, and the length, old or new.
std::string remains(const std::string& old, const std::string& now, std::mt19937_64& random) {
  const uint64_t fate = random() % 4;
  if (fate == 0) return old;
  if (fate == 1) return now;
  const size_t low = std::min(old.size(), now.size());
  const size_t high = std::max(old.size(), now.size());
  const size_t lengths[] = {old.size(), now.size(), low + random() % (high - low + 1)};
  std::string found(lengths[random() % 3], '\0');
  const size_t arrived = random() % (high / kSectorBytes + 1);  // in order, for half of the fates
  for (size_t at = 0; at < found.size(); at += kSectorBytes) {
    const bool is_new = fate == 2 ? at / kSectorBytes < arrived : random() % 2 == 0;
    const std::string& from = is_new ? now : old;
    if (at >= from.size()) continue;
    from.copy(found.data() + at, std::min(kSectorBytes, found.size() - at), at);
  }
  return found;
}

}  // namespace

ForgetfulDisk::Node::~Node() {
  if (fd >= 0) ::close(fd);
}

ForgetfulDisk::ForgetfulDisk(std::string root) : root_(std::move(root)) {}

ForgetfulDisk::~ForgetfulDisk() = default;

void ForgetfulDisk::revive() {
  calls_left_ = UINT64_MAX;
  is_dead_ = false;
}

/// errno is set when it is.
bool ForgetfulDisk::is_off(bool changes) {
  if (changes && !is_dead_ && --calls_left_ == 0) is_dead_ = true;
  if (is_dead_) errno = EIO;
  return is_dead_;
}

// --- Names ---------------------------------------------------------------------------------------

std::shared_ptr<ForgetfulDisk::Node> ForgetfulDisk::node_at(const std::string& path) {
  const auto at = names_.find(path);
  return at == names_.end() ? nullptr : at->second;
}

std::shared_ptr<ForgetfulDisk::Node> ForgetfulDisk::node_of(int fd) {
  const auto at = open_.find(fd);
  return at == open_.end() ? nullptr : at->second;
}

void ForgetfulDisk::name(const std::string& path, std::shared_ptr<Node> node) {
  if (node != nullptr) {
    names_[path] = node;
  } else {
    names_.erase(path);
  }
  namings_.push_back({path, std::move(node)});
}

void ForgetfulDisk::sync_names(const std::string& folder) {
  for (const Naming& naming : namings_) {
    if (folder_of(naming.path) != folder) continue;
    if (naming.node != nullptr) {
      synced_names_[naming.path] = naming.node;
    } else {
      synced_names_.erase(naming.path);
    }
  }
  std::erase_if(namings_, [&](const Naming& naming) { return folder_of(naming.path) == folder; });
}

void ForgetfulDisk::lose_power(std::mt19937_64& random) {
  const std::lock_guard lock(mutex_);
  Names found = synced_names_;
  const uint64_t fate = random() % 4;
  size_t arrived = random() % (namings_.size() + 1);
  if (fate == 0) arrived = 0;
  if (fate == 1) arrived = namings_.size();
  for (size_t i = 0; i < namings_.size(); ++i) {
    if (fate == 3 ? random() % 2 == 0 : i >= arrived) continue;
    if (namings_[i].node != nullptr) {
      found[namings_[i].path] = namings_[i].node;
    } else {
      found.erase(namings_[i].path);
    }
  }
  std::map<std::string, std::string> contents;
  for (const auto& [path, node] : found) {
    if (!node->is_folder) contents[path] = remains(node->synced, content_of(node->fd), random);
  }
  for (const auto& entry : std::filesystem::directory_iterator(root_))
    std::filesystem::remove_all(entry.path());
  names_.clear();
  synced_names_.clear();
  namings_.clear();
  // Folders come before what is in them.
  for (const auto& [path, node] : found) {
    if (folder_of(path) != root_ && !names_.contains(folder_of(path))) continue;
    auto fresh = std::make_shared<Node>();
    fresh->is_folder = node->is_folder;
    if (node->is_folder) {
      std::filesystem::create_directory(path);
    } else {
      write_text(path, contents[path]);
      fresh->synced = contents[path];
      fresh->unchanged_bytes = fresh->synced.size();
      fresh->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    }
    names_[path] = synced_names_[path] = fresh;
  }
}

int ForgetfulDisk::rename(const char* from, const char* to) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  if (disk_.rename(from, to) < 0) return -1;
  const std::string old_path = absolute_path(from);
  std::shared_ptr<Node> node = node_at(old_path);
  name(absolute_path(to), std::move(node));
  name(old_path, nullptr);
  return 0;
}

int ForgetfulDisk::unlink(const char* path) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  if (disk_.unlink(path) < 0) return -1;
  name(absolute_path(path), nullptr);
  return 0;
}

int ForgetfulDisk::mkdir(const char* path, mode_t mode) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  if (disk_.mkdir(path, mode) < 0) return -1;
  auto node = std::make_shared<Node>();
  node->is_folder = true;
  name(absolute_path(path), std::move(node));
  return 0;
}

// --- Open files ----------------------------------------------------------------------------------

int ForgetfulDisk::open(const char* path, int flags, mode_t mode) {
  const bool changes = (flags & (O_CREAT | O_TRUNC)) != 0;
  if (is_off(changes)) return -1;
  const std::lock_guard lock(mutex_);
  const int fd = disk_.open(path, flags, mode);
  if (fd < 0) return fd;
  const std::string full = absolute_path(path);
  if (changes && node_at(full) == nullptr) {
    auto node = std::make_shared<Node>();
    node->fd = ::open(path, O_RDONLY | O_CLOEXEC);
    name(full, std::move(node));
  }
  paths_[fd] = full;
  open_[fd] = node_at(full);
  if ((flags & O_TRUNC) != 0) note_change(fd, 0);
  return fd;
}

void ForgetfulDisk::note_change(int fd, off_t from) {
  const std::shared_ptr<Node> node = node_of(fd);
  if (node != nullptr)
    node->unchanged_bytes = std::min(node->unchanged_bytes, static_cast<size_t>(from));
}

int ForgetfulDisk::fsync(int fd) {
  if (is_off()) return -1;
  if (lies_) return 0;
  const std::lock_guard lock(mutex_);
  ++syncs_;
  const std::shared_ptr<Node> node = node_of(fd);
  if (node != nullptr && !node->is_folder) {
    node->synced.resize(std::min(node->synced.size(), node->unchanged_bytes));
    node->synced = content_of(node->fd, std::move(node->synced));
    node->unchanged_bytes = node->synced.size();
  } else {
    sync_names(paths_[fd]);
  }
  return 0;
}

int ForgetfulDisk::fdatasync(int fd) {
  return fsync(fd);
}

int ForgetfulDisk::close(int fd) {
  const std::lock_guard lock(mutex_);
  paths_.erase(fd);
  open_.erase(fd);
  return disk_.close(fd);
}

ssize_t ForgetfulDisk::read(int fd, void* buffer, size_t size) {
  return is_off(false) ? -1 : disk_.read(fd, buffer, size);
}

ssize_t ForgetfulDisk::write(int fd, const void* bytes, size_t size) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  note_change(fd, ::lseek(fd, 0, SEEK_CUR));
  return disk_.write(fd, bytes, size);
}

ssize_t ForgetfulDisk::pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  note_change(fd, offset);
  return disk_.pwrite(fd, bytes, size, offset);
}

off_t ForgetfulDisk::lseek(int fd, off_t offset) {
  return is_off(false) ? -1 : disk_.lseek(fd, offset);
}

int ForgetfulDisk::ftruncate(int fd, off_t size) {
  if (is_off()) return -1;
  const std::lock_guard lock(mutex_);
  note_change(fd, size);
  return disk_.ftruncate(fd, size);
}

int ForgetfulDisk::sync_range(int fd, off_t from, off_t bytes) {
  return is_off(false) ? -1 : disk_.sync_range(fd, from, bytes);
}

int ForgetfulDisk::fchmod(int fd, mode_t mode) {
  return is_off() ? -1 : disk_.fchmod(fd, mode);
}

int ForgetfulDisk::stat(const char* path, struct stat* result) {
  return is_off(false) ? -1 : disk_.stat(path, result);
}

}  // namespace weir::testing
