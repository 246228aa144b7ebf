// What the process is refused by the system, and whether that is told.
#include "server/host/process.h"

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/forbidden_calls.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {
namespace {

/// This process may have so many files open, until the object goes.
class FileLimit {
 public:
  explicit FileLimit(rlim_t files) {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &former_) == 0);
    rlimit limit = former_;
    limit.rlim_cur = files;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~FileLimit() { setrlimit(RLIMIT_NOFILE, &former_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

  rlim_t most() const { return former_.rlim_max; }
  static rlim_t now() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit former_{};
};

/// What `work` returns in a process of its own, which may have no more files open than that.
uint64_t result_among(rlim_t files, const std::function<uint64_t()>& work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  uint64_t result = 0;
  if (child == 0) {
    const rlimit limit{files, files};
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) result = work();
    const bool is_told = write(ends[1], &result, sizeof(result)) == sizeof(result);
    _exit(is_told ? 0 : 1);
  }
  close(ends[1]);  // so that the end of a child that tells nothing is seen
  CHECK(read(ends[0], &result, sizeof(result)) == sizeof(result));
  close(ends[0]);
  CHECK(waitpid(child, nullptr, 0) == child);
  return result;
}

/// What ps would show of a program that was started with these words.
std::string title_of(const std::vector<std::string>& words, const Settings& settings) {
  std::string memory;
  for (const std::string& word : words)
    memory += word + '\0';
  memory += "HOME=/";  // the environment lies behind them
  std::vector<char*> arguments;
  for (size_t at = 0; arguments.size() < words.size(); at = memory.find('\0', at) + 1)
    arguments.push_back(memory.data() + at);
  // It names its thread, too.
  std::thread([&] {
    set_process_title(static_cast<int>(arguments.size()), arguments.data(), settings);
  }).join();
  CHECK(memory.ends_with("HOME=/"));
  return memory.substr(0, memory.find('\0'));
}

}  // namespace

TEST_CASE("A process that cannot go to the background stays where it is, and says why",
          "[process]") {
  std::string why;
  REQUIRE(run_without({SYS_clone, SYS_clone3}, [&why] { why = go_to_background(); }));
  CHECK(why == "Can't go to the background: fork: Operation not permitted");
  REQUIRE(run_without({SYS_open, SYS_openat}, [&why] { why = go_to_background(); }));
  CHECK(why == "Can't go to the background: /dev/null: Operation not permitted");
}

TEST_CASE("A pid file for which there is no room is told, and not left empty", "[process]") {
  const TempFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "pid");
  PidFile file;
  CHECK(file.write(folder / "pid") == "Failed to write PID file: No space left on device");
  CHECK(folder.names().empty());
}

TEST_CASE("Where the limit of files is not told, as many clients as wished are believed in",
          "[process]") {
  uint64_t clients = 0;
  REQUIRE(run_without({SYS_prlimit64}, [&clients] { clients = raise_file_limit(77); }));
  CHECK(clients == 77);
}

TEST_CASE("The limit of files becomes what the clients need, or as much as there may be",
          "[process]") {
  constexpr uint64_t kOthers = 32;  // descriptors for other things
  const FileLimit limit(100);
  CHECK(raise_file_limit(68) == 68);
  CHECK(FileLimit::now() == 100);
  CHECK(raise_file_limit(69) == 69);
  CHECK(FileLimit::now() == 101);
  CHECK(raise_file_limit(uint64_t{1} << 40) == limit.most() - kOthers);
  CHECK(FileLimit::now() == limit.most());
}

TEST_CASE("Who may raise the most files that there may be does so, and others make do with it",
          "[process]") {
  constexpr rlim_t kMost = 100;
  const bool is_privileged = result_among(kMost, [] {
                               const rlimit more{kMost + 1, kMost + 1};
                               return uint64_t{setrlimit(RLIMIT_NOFILE, &more) == 0};
                             }) != 0;
  CAPTURE(is_privileged);
  const uint64_t clients = result_among(kMost, [] { return raise_file_limit(69); });
  CHECK(clients == (is_privileged ? 69U : 68U));
}

TEST_CASE("Where the limit of files stays as it is, so many clients fit in, and at least one",
          "[process]") {
  for (const auto& [files, expected] : {std::pair{100, 68}, {34, 2}, {33, 1}, {32, 1}, {20, 1}}) {
    CAPTURE(files);
    const FileLimit limit(static_cast<rlim_t>(files));
    uint64_t clients = 0;
    REQUIRE(run_under(keep_limits, [&clients] { clients = raise_file_limit(77); }));
    CHECK(clients == static_cast<uint64_t>(expected));
    CHECK(FileLimit::now() == static_cast<rlim_t>(files));
  }
}

TEST_CASE("The title names the first address, and fits into the place of the arguments",
          "[process]") {
  const std::vector<std::string> words = {"weir", "--some", "arguments", "more"};
  Settings settings;
  settings.bind = {"10.0.0.1", "::1"};
  CHECK(title_of(words, settings) == "weir 10.0.0.1:6379");
  settings.bind.clear();
  CHECK(title_of(words, settings) == "weir *:6379");
  settings.port = 0;
  settings.tls_port = 6380;
  CHECK(title_of(words, settings) == "weir *:6380");
  settings.tls_port = 0;
  CHECK(title_of(words, settings) == "weir *:0");
  settings.unixsocket = "/run/weir.sock";
  CHECK(title_of(words, settings) == "weir /run/weir.sock");
  CHECK(title_of({"weir", "-x"}, settings) == "weir /r");
  settings.proc_title_template =
      "{title}{title} {port} {tls-port} {unixsocket}{config-file}{server-mode} ";
  settings.unixsocket = "/s";
  CHECK(title_of(words, settings) == "weirweir 0 0 /s");
  settings.set_proc_title = false;
  CHECK(title_of(words, settings) == "weir");
  CHECK(title_of({}, Settings()) == "HOME=/");
}

TEST_CASE("A program that is not told where it lies says nothing of it", "[process]") {
  CHECK(executable_path() == std::filesystem::canonical("/proc/self/exe"));
  std::string path = "?";
  REQUIRE(run_without({SYS_readlink}, [&path] { path = executable_path(); }));
  CHECK(path.empty());
}

TEST_CASE("What cannot be told to systemd is said, with the place", "[process]") {
  const auto fault = [](const std::string& path) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    std::string why = notify_systemd("READY=1\n");
    unsetenv("NOTIFY_SOCKET");
    return why;
  };
  for (const std::string& path : {std::string(), std::string("/"), std::string(200, 'x')})
    CHECK(fault(path) == "Can't tell systemd at '" + path + "': that is no path of a socket");
  CHECK(fault("/absent/notify") ==
        "Can't tell systemd at '/absent/notify': No such file or directory");
  std::string why;
  REQUIRE(run_without({SYS_socket}, [&] { why = fault("/absent/notify"); }));
  CHECK(why == "Can't tell systemd at '/absent/notify': Operation not permitted");
}

}  // namespace weir::testing
