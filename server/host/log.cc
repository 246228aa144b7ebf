#include "server/host/log.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

namespace weir {
namespace {

constexpr char kLevelSigns[] = {'.', '-', '*', '#'};
constexpr int kSyslogLevels[] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};

std::string line_start(LogRole role, LogLevel level) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char when[64];
  const size_t length = std::strftime(when, sizeof(when), "%d %b %Y %H:%M:%S", &local);
  char start[128];
  std::snprintf(start, sizeof(start), "%d:%c %.*s.%03ld %c ", static_cast<int>(getpid()),
                static_cast<char>(role), static_cast<int>(length), when, now.tv_nsec / 1'000'000,
                kLevelSigns[static_cast<size_t>(level)]);
  return start;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a log that cannot be written has nowhere to say so
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

std::string Log::configure(const Settings& settings) {
  level_ = settings.loglevel;
  file_ = settings.logfile;
  syslog_ = settings.syslog_enabled;
  if (syslog_) {
    syslog_ident_ = settings.syslog_ident;
    openlog(syslog_ident_.c_str(), LOG_PID | LOG_NDELAY | LOG_NOWAIT, settings.syslog_facility);
  }
  if (file_.empty()) return {};
  const int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return std::string("Can't open the log file: ") + std::strerror(errno);
  ::close(fd);
  return {};
}

void Log::write(LogLevel level, std::string_view text) {
  if (!has_level(level) || level_ == LogLevel::kNothing) return;
  std::string line = line_start(role_, level);
  line += text;
  line += '\n';
  if (file_.empty()) {
    write_all(STDOUT_FILENO, line);
  } else {
    const int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) {
      write_all(fd, line);
      ::close(fd);
    }
  }
  if (syslog_) {
    ::syslog(kSyslogLevels[static_cast<size_t>(level)], "%.*s", static_cast<int>(text.size()),
             text.data());
  }
}

}  // namespace weir
