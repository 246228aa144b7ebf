#include "tests/bench/server_process.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"
#include "tests/bench/wait_until.h"
#include "tests/support/certificates.h"

namespace weir::bench {
namespace {

constexpr uint64_t kStartTimeoutNs = 10'000'000'000;

std::filesystem::path make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "weir-bench-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw system_failure("mkdtemp " + path);
  return path;
}

/// What the child tells its parent through a pipe that exec closes.
struct Report {
  uint64_t exec_at_ns = 0;
  int exec_errno = 0;
};

/// The child's half of the start: never returns.
[[noreturn]] void become_server(const ServerOptions& options, const std::string& log,
                                std::vector<char*>& arguments, pid_t parent, int pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  pin_to(options.core);
  const int nothing = open("/dev/null", O_RDONLY);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  Report report{.exec_at_ns = now_ns()};
  if (write(pipe, &report, sizeof report) < 0) _exit(1);
  execv(arguments[0], arguments.data());
  report.exec_errno = errno;
  if (write(pipe, &report, sizeof report) < 0) _exit(1);
  _exit(1);
}

std::string field_of(const std::string& info, std::string_view field) {
  std::istringstream lines(info);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(field) || line.size() <= field.size() || line[field.size()] != ':') {
      continue;
    }
    if (line.back() == '\r') line.pop_back();
    return line.substr(field.size() + 1);
  }
  return {};
}

}  // namespace

ServerProcess::ServerProcess(const ServerOptions& options)
    : folder_(make_folder()), port_(free_port()) {
  try {
    spawn(options);
    wait_for_pong();
  } catch (...) {
    stop();
    throw;
  }
}

ServerProcess::~ServerProcess() {
  stop();
}

void ServerProcess::spawn(const ServerOptions& options) {
  const std::string log = folder_ / "log";
  std::vector<std::string> words = {options.program,
                                    "--port",
                                    std::to_string(port_),
                                    "--unixsocket",
                                    unix_socket().unix_path,
                                    "--bind",
                                    "127.0.0.1",
                                    "--protected-mode",
                                    "no",
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--dir",
                                    folder_,
                                    "--daemonize",
                                    "no",
                                    "--loglevel",
                                    "warning",
                                    "--maxclients",
                                    std::to_string(options.max_clients)};
  if (options.allows_debug) words.insert(words.end(), {"--enable-debug-command", "yes"});
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw system_failure("pipe");
  const Fd from_child(ends[0]);
  Fd to_parent(ends[1]);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw system_failure("fork");
  if (pid_ == 0) become_server(options, log, arguments, parent, ends[1]);
  to_parent = Fd();

  Report report;
  ssize_t got = 0;
  while ((got = read(from_child.get(), &report, sizeof report)) != 0) {
    if (got < 0 && errno != EINTR) throw system_failure("start of the server");
  }
  if (report.exec_errno != 0) {
    errno = report.exec_errno;
    throw system_failure(options.program);
  }
  exec_at_ns_ = report.exec_at_ns;
}

/// Spins, because start_ns() is a result.
void ServerProcess::wait_for_pong() {
  Fd fd;
  while (!fd.is_open()) {
    throw_if_interrupted();
    fd = try_connect(unix_socket());
    if (!fd.is_open() && has_exited()) {
      throw Failure("the server ended at its start: " + last_log_lines());
    }
    if (now_ns() - exec_at_ns_ > kStartTimeoutNs) throw Failure("the server does not listen");
  }
  ask(fd, {"PING"});
  start_ns_ = now_ns() - exec_at_ns_;
  control_ = std::move(fd);
}

void ServerProcess::serve_tls() {
  testing::Certificates certificates;
  const testing::KeyPair own = certificates.issue("server");
  tls_port_ = free_port();
  const std::string port = std::to_string(tls_port_);
  const std::string answer =
      command({"CONFIG", "SET", "tls-cert-file", own.certificate, "tls-key-file", own.key,
               "tls-auth-clients", "no", "tls-port", port});
  if (answer != "OK") throw Failure("TLS: " + answer);
}

void ServerProcess::stop() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool ServerProcess::has_exited() {
  if (waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

std::string ServerProcess::last_log_lines() const {
  std::ifstream log(folder_ / "log");
  std::string text{std::istreambuf_iterator<char>(log), {}};
  constexpr size_t kEnough = 400;
  return text.size() > kEnough ? text.substr(text.size() - kEnough) : text;
}

std::string ServerProcess::info(std::string_view section, std::string_view field) {
  return field_of(command({"INFO", section}), field);
}

uint64_t ServerProcess::used_memory_with(size_t others) {
  const std::string wanted = std::to_string(others + 1);
  wait_until([&] { return info("clients", "connected_clients") == wanted; },
             "connected_clients is " + wanted);
  return used_memory();
}

uint64_t ServerProcess::cpu_ns() const {
  const std::filesystem::path threads = "/proc/" + std::to_string(pid_) + "/task";
  uint64_t sum_ns = 0;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator(threads, gone)) {
    std::ifstream file(thread.path() / "schedstat");
    uint64_t run_ns = 0;
    if (file >> run_ns) sum_ns += run_ns;
  }
  if (sum_ns == 0) throw Failure("no schedstat of the server: has it ended?");
  return sum_ns;
}

double ServerProcess::whole_cpu_s() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  constexpr int kFieldsBefore = 11;  // behind the name: utime, stime, cutime, cstime
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string ignored;
  for (int i = 0; i < kFieldsBefore; ++i)
    fields >> ignored;
  uint64_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    uint64_t ticks = 0;
    fields >> ticks;
    sum += ticks;
  }
  return static_cast<double>(sum) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// A field of the process's status, that the kernel gives in kB.
uint64_t ServerProcess::status_bytes(std::string_view field) const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return std::stoull(line.substr(field.size())) * 1024;
  }
  throw Failure("no " + std::string(field) + " of the server: has it ended?");
}

uint64_t ServerProcess::rss_bytes() const {
  return status_bytes("VmRSS:");
}

uint64_t ServerProcess::peak_bytes() const {
  return status_bytes("VmHWM:");
}

void ServerProcess::forget_peak() const {
  std::ofstream("/proc/" + std::to_string(pid_) + "/clear_refs") << "5";
}

std::string version_of(ServerProcess& server) {
  const std::string info = server.command({"INFO", "server"});
  for (const char* name : {"weir", "valkey", "redis"}) {
    const std::string version = field_of(info, std::string(name) + "_version");
    if (!version.empty()) return std::string(name) + " " + version;
  }
  return "of unknown version";
}

}  // namespace weir::bench
