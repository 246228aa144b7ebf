#include "tests/support/child_process.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::testing {
namespace {

/// A file without a name that collects the output of a program.
class Capture {
 public:
  Capture() : fd_(memfd_create("output", MFD_CLOEXEC)) {}
  ~Capture() { close(fd_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  int fd() const { return fd_; }

  std::string text() const {
    std::string out;
    char piece[4096];
    ssize_t got = 0;
    while ((got = pread(fd_, piece, sizeof(piece), static_cast<off_t>(out.size()))) > 0) {
      out.append(piece, static_cast<size_t>(got));
    }
    return out;
  }

 private:
  int fd_;
};

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* argv, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execv(argv[0], argv);
  const char* reason = std::strerror(errno);
  (void)!write(STDERR_FILENO, reason, std::strlen(reason));
  _exit(127);
}

/// Kills the process.  One that counts its lines (`make coverage`) is asked first to write them
/// down: tests/coverage/last_words.cc.  A frozen one has to run for that.
void kill_now(pid_t pid) {
#ifdef WEIR_COVERAGE
  kill(pid, SIGUSR1);
  kill(pid, SIGCONT);
  (void)wait_until([pid] {
    siginfo_t ended{};
    return waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           ended.si_pid == pid;
  });
#endif
  kill(pid, SIGKILL);
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           int out, int err) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) become(argv.data(), out, err);
  if (pid_ < 0) throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || exit_code_) return;
  kill_now(pid_);
  waitpid(pid_, nullptr, 0);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

std::optional<int> ChildProcess::exit_code() {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  return exit_code_;
}

int ChildProcess::wait(Milliseconds deadline) {
  if (!wait_until([this] { return exit_code().has_value(); }, deadline)) {
    throw std::runtime_error("process " + std::to_string(pid_) + " did not end in time");
  }
  return *exit_code_;
}

void ChildProcess::send_signal(int signal) {
  if (exit_code()) return;
  if (signal == SIGKILL) return kill_now(pid_);
  kill(pid_, signal);
}

Finished run_to_end(const std::string& program, const std::vector<std::string>& arguments) {
  const Capture out;
  const Capture err;
  ChildProcess process(program, arguments, out.fd(), err.fd());
  try {
    // Interpreters that start for the first time on a busy machine take their time.
    const int exit_code = process.wait(patient(Milliseconds(30'000)));
    return {.exit_code = exit_code, .out = out.text(), .err = err.text()};
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string(error.what()) + "; it said: " + out.text() + err.text());
  }
}

}  // namespace weir::testing
