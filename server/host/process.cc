#include "server/host/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "persistence/file.h"
#include "server/shutdown_control.h"
#include "streams/random_bits.h"

namespace weir {
namespace {

/// Descriptors for other things than clients: listeners, files, the loop.
constexpr uint64_t kReservedDescriptors = 32;

ShutdownControl* g_shutdown = nullptr;

/// Whether all of it was written; else errno says why not.
bool write_text(int fd, std::string_view text) {
  errno = ENOSPC;  // what a short write means
  return ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void on_stop_signal(int signal) {
  if (g_shutdown->signal() == SIGINT && signal == SIGINT) {
    static_cast<void>(write_text(STDOUT_FILENO, "You insist... exiting now.\n"));
    _exit(1);
  }
  g_shutdown->request(signal);
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace

std::string go_to_background() {
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0)
    return "Can't go to the background: /dev/null: " + std::string(std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) {
    const int error = errno;
    ::close(null);
    return "Can't go to the background: fork: " + std::string(std::strerror(error));
  }
  if (child > 0) _exit(0);
  setsid();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
  return {};
}

void PidFile::remove() {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

std::string PidFile::write(const std::string& path) {
  const auto failed = [] {
    return "Failed to write PID file: " + std::string(std::strerror(errno));
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed();
  path_ = absolute_path(path);  // CONFIG SET dir must not lead elsewhere
  std::string why = write_text(fd, std::to_string(getpid()) + "\n") ? std::string() : failed();
  ::close(fd);
  if (!why.empty()) remove();  // an empty one says nothing
  return why;
}

bool is_supervised_by_systemd(const Settings& settings) {
  const bool wanted =
      settings.supervised == Supervised::kSystemd || settings.supervised == Supervised::kAuto;
  return wanted && std::getenv("NOTIFY_SOCKET") != nullptr;
}

std::string notify_systemd(std::string_view state) {
  const char* const told = std::getenv("NOTIFY_SOCKET");
  const std::string path = told != nullptr ? told : "";
  const auto failed = [&path](const char* why) {
    return "Can't tell systemd at '" + path + "': " + why;
  };
  sockaddr_un address{};
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path))
    return failed("that is no path of a socket");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(std::strerror(errno));
  const auto address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), address_bytes);
  std::string why = sent < 0 ? failed(std::strerror(errno)) : std::string();
  ::close(fd);
  return why;
}

void set_process_title(int argument_count, char** arguments, const Settings& settings) {
  if (!settings.set_proc_title || argument_count < 1) return;
  // The arguments lie one behind the other; the environment behind them is left alone.
  const char* const end =
      arguments[argument_count - 1] + std::strlen(arguments[argument_count - 1]);
  const size_t room = static_cast<size_t>(end - arguments[0]);
  std::string address = settings.bind.empty() ? "*" : settings.bind.front();
  const int port = settings.port != 0 ? settings.port : settings.tls_port;
  address += ":" + std::to_string(port);
  if (port == 0 && !settings.unixsocket.empty()) address = settings.unixsocket;
  std::string title = replace_all(settings.proc_title_template, "{title}", arguments[0]);
  title = replace_all(title, "{listen-addr}", address);
  title = replace_all(title, "{server-mode}", "");
  title = replace_all(title, "{port}", std::to_string(settings.port));
  title = replace_all(title, "{tls-port}", std::to_string(settings.tls_port));
  title = replace_all(title, "{unixsocket}", settings.unixsocket);
  title = replace_all(title, "{config-file}", "");
  while (!title.empty() && title.back() == ' ')
    title.pop_back();
  const std::string shown = title.substr(0, room);
  std::memset(arguments[0], 0, room);
  std::memcpy(arguments[0], shown.data(), shown.size());
  prctl(PR_SET_NAME, "weir-server");
}

uint64_t raise_file_limit(uint64_t clients) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return clients;
  const rlim_t wanted = clients + kReservedDescriptors;
  if (limit.rlim_cur < wanted) {
    rlimit raised = limit;
    raised.rlim_cur = wanted;
    raised.rlim_max = std::max(limit.rlim_max, wanted);
    if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
      raised = {limit.rlim_max, limit.rlim_max};
      setrlimit(RLIMIT_NOFILE, &raised);
    }
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return clients;
  return limit.rlim_cur > kReservedDescriptors ? limit.rlim_cur - kReservedDescriptors : 1;
}

void install_signal_handlers(ShutdownControl& shutdown) {
  g_shutdown = &shutdown;
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &action, nullptr);
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);  // a file at its limit is an error of the write
  action.sa_handler = on_stop_signal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

std::string random_run_id() {
  constexpr size_t kRunIdDigits = 40;
  return random_hex(kRunIdDigits);
}

std::string executable_path() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

}  // namespace weir
