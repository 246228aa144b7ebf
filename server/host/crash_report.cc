#include "server/host/crash_report.h"

#include <csignal>
#include <cstdio>
#include <ctime>

#include <execinfo.h>
#include <fcntl.h>
#include <unistd.h>
#include <unwind.h>

#include "server/version.h"

namespace weir {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int kMaxFrames = 64;
/// Longest time that describing the state may take.
constexpr unsigned kStateSeconds = 5;

Log* g_log = nullptr;
std::function<std::string()> g_describe;

struct Frames {
  void* addresses[kMaxFrames];
  int count = 0;
};

/// The unwinder that is linked in: glibc's backtrace() would load a shared one at the start.
_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* argument) {
  auto& frames = *static_cast<Frames*>(argument);
  if (frames.count == kMaxFrames) return _URC_END_OF_STACK;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the unwinder gives a number
  frames.addresses[frames.count++] = reinterpret_cast<void*>(_Unwind_GetIP(context));
  return _URC_NO_REASON;
}

int open_log() {
  if (g_log->file().empty()) return STDOUT_FILENO;
  return ::open(g_log->file().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

void put(int fd, std::string_view bytes) {
  // Nothing can be done about a log that cannot be written.
  if (::write(fd, bytes.data(), bytes.size()) < 0) return;
}

void say(int fd, std::string_view text) {
  char start[96];
  const int length =
      std::snprintf(start, sizeof(start), "%d:signal-handler (%lld) ", static_cast<int>(getpid()),
                    static_cast<long long>(time(nullptr)));
  put(fd, {start, static_cast<size_t>(length)});
  put(fd, text);
  put(fd, "\n");
}

void on_crash(int signal, siginfo_t* info, void*) {
  // A crash in here, or the signal raised again below, ends the process the system's way.
  for (const int other : kSignals)
    std::signal(other, SIG_DFL);
  const int fd = open_log();
  if (fd >= 0) {
    char text[160];
    say(fd, "=== WEIR BUG REPORT START: Cut & paste starting from here ===");
    std::snprintf(text, sizeof(text), "Weir %.32s crashed by signal: %d, si_code: %d, address: %p",
                  weir_version().data(), signal, info->si_code, info->si_addr);
    say(fd, text);
    say(fd, "------ STACK TRACE ------");
    Frames frames;
    _Unwind_Backtrace(add_frame, &frames);
    backtrace_symbols_fd(frames.addresses, frames.count, fd);
    say(fd, "------ STATE ------");
    // A lock may be held for ever by what was interrupted: then the report ends here.
    std::signal(SIGALRM, SIG_DFL);
    alarm(kStateSeconds);
    put(fd, g_describe());
    say(fd, "=== WEIR BUG REPORT END. ===");
  }
  std::raise(signal);
}

void set_handlers(void (*handler)(int, siginfo_t*, void*)) {
  for (const int signal : kSignals) {
    struct sigaction action {};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_NODEFER | SA_SIGINFO;
    action.sa_sigaction = handler;
    if (handler == nullptr) {
      action.sa_flags = 0;
      action.sa_handler = SIG_DFL;
    }
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void install_crash_report(Log& log, std::function<std::string()> describe) {
  g_log = &log;
  g_describe = std::move(describe);
  set_handlers(on_crash);
}

void remove_crash_report() {
  set_handlers(nullptr);
}

}  // namespace weir
