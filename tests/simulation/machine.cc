#include "tests/simulation/machine.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "server/config.h"
#include "server/host/log.h"
#include "server/server.h"

namespace weir::simulation {
namespace {

std::string made(const std::string& folder) {
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

// --- The disk ------------------------------------------------------------------------------------

void Disk::take_time(int64_t most_ns) {
  if (Scheduler::current() != nullptr) scheduler_.pass_time(scheduler_.draw_time(most_ns));
}

bool Disk::fails() {
  if (one_fails_in == 0 || !scheduler_.one_in(one_fails_in)) return false;
  ++failures_;
  errno = ENOSPC;
  return true;
}

int Disk::open(const char* path, int flags, mode_t mode) {
  if (scheduler_.one_in(4)) take_time(100'000);
  const int fd = disk_.open(path, flags, mode);
  scheduler_.note("open", fd < 0 ? 0 : 1);
  if (fd >= 0 && std::string_view(path).find(".incr.aof") != std::string_view::npos)
    unsynced_[fd].clear();
  return fd;
}

int Disk::close(int fd) {
  unsynced_.erase(fd);
  return disk_.close(fd);
}

ssize_t Disk::read(int fd, void* buffer, size_t size) {
  if (scheduler_.one_in(4)) take_time(100'000);
  return disk_.read(fd, buffer, size);
}

ssize_t Disk::write(int fd, const void* bytes, size_t size) {
  if (scheduler_.one_in(4)) take_time(100'000);
  if (fails()) return -1;
  if (size > 1 && scheduler_.one_in(16)) size = 1 + scheduler_.draw(size);
  scheduler_.note("write", size);
  const ssize_t count = disk_.write(fd, bytes, size);
  note_written(fd, bytes, count);
  return count;
}

ssize_t Disk::pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (scheduler_.one_in(4)) take_time(100'000);
  if (fails()) return -1;
  if (size > 1 && scheduler_.one_in(16)) size = 1 + scheduler_.draw(size);
  const ssize_t count = disk_.pwrite(fd, bytes, size, offset);
  note_written(fd, bytes, count);
  return count;
}

/// Logs are written from front to back.
void Disk::note_written(int fd, const void* bytes, ssize_t count) {
  const auto at = unsynced_.find(fd);
  if (at == unsynced_.end() || count <= 0) return;
  at->second.append(static_cast<const char*>(bytes), static_cast<size_t>(count));
}

int Disk::fsync(int fd) {
  scheduler_.note("sync begins", 0);
  take_time(most_sync_ns);
  if (fails()) return -1;
  const int result = disk_.fsync(fd);
  take_time(10'000);
  scheduler_.note("sync", 0);
  return result;
}

int Disk::fdatasync(int fd) {
  const auto at = unsynced_.find(fd);
  if (at == unsynced_.end()) return fsync(fd);
  const std::string covered = std::exchange(at->second, {});
  log_sync_begins();
  const int result = fsync(fd);
  log_sync_ends();
  if (result == 0) synced_.add(covered);
  return result;
}

void Disk::log_sync_begins() {
  const int64_t now_ns = scheduler_.now_ns();
  if (!log_syncs_.is_running() && now_ns > log_syncs_.ended_ns) log_syncs_.began_ns = now_ns;
  ++log_syncs_.running;
}

void Disk::log_sync_ends() {
  log_syncs_.running = std::max(0, log_syncs_.running - 1);  // one may be of the server before
  log_syncs_.ended_ns = scheduler_.now_ns();
  log_syncs_.longest_ns =
      std::max(log_syncs_.longest_ns, log_syncs_.ended_ns - log_syncs_.began_ns);
}

int Disk::sync_range(int fd, off_t from, off_t bytes) {
  take_time(most_sync_ns);
  return disk_.sync_range(fd, from, bytes);
}

int Disk::rename(const char* from, const char* to) {
  take_time(100'000);
  return disk_.rename(from, to);
}

int Disk::unlink(const char* path) {
  take_time(100'000);
  return disk_.unlink(path);
}

// --- The machine ---------------------------------------------------------------------------------

Machine::Machine(Scheduler& scheduler, Network& network, int number, const std::string& root)
    : scheduler_(scheduler),
      network_(network),
      number_(number),
      folder_(made(root + "/" + std::to_string(number))),
      disk_(scheduler, folder_) {}

void Machine::start(const std::vector<std::string>& options) {
  // The log is written in any case, since that takes time; kernel.cc lets nobody see it.
  std::string text = "port " + std::to_string(port()) +
                     "\nbind 127.0.0.1\nprotected-mode no\nsave \"\"\nenable-debug-command yes\n"
                     "slowlog-log-slower-than -1\nloglevel verbose\n";
  for (const std::string& option : options)
    text += option + "\n";
  is_up_ = true;
  disk_.forget_syncs();
  exit_code_ = -1;
  refusal_.clear();
  Task& task = scheduler_.add(number_, [this, text] { live(text); });
  pthread_create(
      &task.thread, nullptr,
      [](void* argument) -> void* {
        auto* const start = static_cast<std::pair<Scheduler*, Task*>*>(argument);
        const auto [scheduler, it] = *start;
        delete start;
        scheduler->live(*it);
        return nullptr;
      },
      new std::pair<Scheduler*, Task*>(&scheduler_, &task));
}

/// Nothing is freed: there may be an end at any moment.
void Machine::live(const std::string& configuration) {
  auto* const config = new Config;
  if (const auto error = config->parse(configuration, "the test")) {
    refusal_ = "configuration: " + error->reason + " in " + error->line_text;
    return ended(1);
  }
  auto* const log = new Log;
  refusal_ = log->configure(config->values());
  if (!refusal_.empty()) return ended(1);
  log->set_role(LogRole::kPrimary);
  auto* const server = new Server(*config, *log);
  const uint64_t failures_before = disk_.failures();
  refusal_ = server->open();
  const bool is_refused = !refusal_.empty();
  if (disk_.failures() != failures_before) refusal_.clear();
  if (is_refused) return ended(1);
  server->run();
  ended(0);
}

void Machine::ended(int code) {
  scheduler_.note("ended", static_cast<uint64_t>(code));
  exit_code_ = code;
  cut_off(false);
}

void Machine::cut_off(bool is_silent) {
  is_up_ = false;
  scheduler_.kill(number_);
  network_.cut_off(number_, is_silent);
}

void Machine::kill() {
  scheduler_.note("killed", static_cast<uint64_t>(number_));
  cut_off(false);
}

void Machine::lose_power() {
  scheduler_.note("power lost", static_cast<uint64_t>(number_));
  cut_off(true);
  std::mt19937_64 random(scheduler_.draw(UINT64_MAX));
  disk_.below().lose_power(random);
}

}  // namespace weir::simulation
