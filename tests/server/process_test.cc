// The server as a process: its log, its signals, its files, and what others see of it.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/server/address.h"
#include "tests/server/by_hand.h"
#include "tests/support/contains.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

/// The place of each part in `text`, which must come in this order.
void check_order(const std::string& text, const std::vector<std::string>& parts) {
  size_t at = 0;
  for (const std::string& part : parts) {
    CAPTURE(part);
    const size_t found = text.find(part, at);
    REQUIRE(found != std::string::npos);
    at = found + part.size();
  }
}

/// Where systemd would listen.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    REQUIRE(bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  }

  /// The next message; empty when none comes in time.
  std::string next() {
    if (!becomes_readable(socket_.fd())) return {};
    char bytes[512];
    const ssize_t got = recv(socket_.fd(), bytes, sizeof(bytes), 0);
    return {bytes, static_cast<size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  OwnSocket socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

/// Ends a process that is not our child when the test is left early.
struct Daemon {
  explicit Daemon(pid_t process) : pid(process) {}
  ~Daemon() { kill(pid, SIGKILL); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  bool is_gone() const {
    // A process that has ended has no command line, even before somebody asks for its exit code.
    return wait_until(
        [this] { return read_text("/proc/" + std::to_string(pid) + "/cmdline").empty(); });
  }
  const pid_t pid;
};

}  // namespace

TEST_CASE("The option --version names the version as Redis does and exits with 0", "[process]") {
  for (const char* option : {"--version", "-v"}) {
    const Finished finished = run_server_to_end({option});
    CHECK(finished.exit_code == 0);
    CHECK(std::regex_search(
        finished.out,
        std::regex(
            R"( v=\d+\.\d+\.\d+ .*sha=[0-9a-f]{8}:\d malloc=\S+ bits=64 build=[0-9a-f]+\n$)")));
  }
}

TEST_CASE("The option --help goes to standard error and exits with 1, as with Redis", "[process]") {
  for (const char* option : {"--help", "-h"}) {
    const Finished finished = run_server_to_end({option});
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(contains(finished.err, "Usage: "));
  }
}

TEST_CASE("The option --sentinel is refused wherever it stands", "[process]") {
  const std::vector<std::vector<std::string>> lines = {
      {"--sentinel"}, {"/absent/sentinel.conf", "--sentinel"}, {"--port", "0", "--sentinel"}};
  for (const std::vector<std::string>& line : lines) {
    const Finished finished = run_server_to_end(line);
    CHECK(finished.exit_code == 1);
    CHECK(contains(finished.err, "Weir is no Sentinel"));
  }
}

TEST_CASE("A program that is called a Sentinel refuses to start", "[process]") {
  const TempFolder folder;
  const std::string program = folder / "weir-sentinel";
  fs::create_symlink(server_binary(), program);
  const Finished finished = run_server_to_end({"--port", "0"}, program);
  CHECK(finished.exit_code == 1);
  CHECK(contains(finished.err, "Weir is no Sentinel"));
}

TEST_CASE("Memory and system are examined on request", "[process]") {
  CHECK(run_server_to_end({"--test-memory"}).exit_code == 1);
  const Finished memory = run_server_to_end({"--test-memory", "2"});
  CHECK(memory.exit_code == 0);
  CHECK(contains(memory.out, "passed this test"));
  const Finished system = run_server_to_end({"--check-system"});
  CHECK(system.exit_code == (contains(system.out, "WARNING:") ? 1 : 0));
  CHECK(contains(system.out, "[overcommit]..."));
}

TEST_CASE("The lines that others wait for come in their order", "[process]") {
  TestServer server;
  check_order(server.log(), {"oO0OoO0OoO0Oo Weir is starting oO0OoO0OoO0Oo\n", "Redis version=",
                             ", bits=64, commit=", ", modified=0, pid=", ", just started\n",
                             "Configuration loaded\n",
                             "Running mode=standalone, port=" + std::to_string(server.port()) + ".",
                             "Server initialized\n", "Ready to accept connections tcp\n",
                             "Ready to accept connections unix\n"});
}

TEST_CASE("always-show-logo shows port and PID before 'Server initialized'", "[process]") {
  TestServer server({"--always-show-logo", "yes"});
  const std::string pid = std::to_string(server.pid());
  check_order(server.log(),
              {"Port: " + std::to_string(server.port()), " PID: " + pid, "Server initialized"});
}

TEST_CASE("Every line of the log begins with PID, role, time and level", "[process]") {
  TestServer server({"--loglevel", "debug", "--enable-debug-command", "yes"});
  server.connect()("DEBUG", "LOG", "a line of ours");
  server.terminate();
  const std::regex form(R"(\d+:[MSC] \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} [.\-*#] .+)");
  std::istringstream lines(server.log());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(std::regex_match(line, form));
    CHECK(line.starts_with(std::to_string(server.pid()) + ":"));
  }
  CHECK(count > 5);
  CHECK(contains(server.log(), " # DEBUG LOG: a line of ours\n"));
}

TEST_CASE("The log's role is C until the configuration is loaded, then M", "[process]") {
  TestServer server;
  const std::string log = server.log();
  const auto role_of = [&](const std::string& text) {
    const size_t line = log.rfind('\n', log.find(text)) + 1;  // 0 when it is the first
    return log[log.find(':', line) + 1];
  };
  CHECK(role_of("Weir is starting") == 'C');
  CHECK(role_of("Configuration loaded") == 'C');
  CHECK(role_of("Running mode=standalone") == 'M');
  CHECK(role_of("Ready to accept connections tcp") == 'M');
}

TEST_CASE("loglevel leaves out what is below it", "[process]") {
  TestServer server({"--loglevel", "warning"});
  CHECK_FALSE(contains(server.log(), "Server initialized"));
  server.terminate();
  CHECK(contains(server.log(), " # Redis is now ready to exit, bye bye..."));
}

TEST_CASE("logfile takes the log instead of standard output, also after it was moved",
          "[process]") {
  ByHand server;
  const std::string path = server.folder() / "weir.log";
  server.start(server.with({"--logfile", path, "--enable-debug-command", "yes"}));
  CHECK(contains(read_text(path), "Ready to accept connections unix"));
  CHECK(server.output().empty());

  fs::rename(path, path + ".1");
  server.connect()("DEBUG", "LOG", "after rotation");
  CHECK(contains(read_text(path), "after rotation"));
}

TEST_CASE("A relative logfile lies in 'dir', from the first line on", "[process]") {
  ByHand server;
  const std::string path = server.folder() / "relative.log";
  server.start(server.with({"--logfile", "relative.log"}));
  check_order(read_text(path), {"Weir is starting", "Ready to accept connections unix"});
  CHECK_FALSE(fs::exists("relative.log"));
}

TEST_CASE("SIGTERM and SIGINT end the server cleanly and leave a trace", "[process]") {
  for (const auto& [signal, name] : {std::pair{SIGTERM, "SIGTERM"}, std::pair{SIGINT, "SIGINT"}}) {
    TestServer server;
    const RawClient idle = server.connect_raw();
    CHECK(kill(server.pid(), signal) == 0);
    CHECK(wait_until([&] { return !server.is_running(); }));
    CHECK(server.terminate() == 0);
    check_order(server.log(), {" # Received " + std::string(name) + " scheduling shutdown...\n",
                               "ready to exit, bye bye...\n"});
  }
}

TEST_CASE("SIGINT is followed, though it could not be when it came first", "[process]") {
  TestServer server({"--save", "900 1"});
  Redis redis = server.connect();
  const std::string dump = server.folder() + "/dump.rdb";
  redis("XADD", "s", "1-0", "f", "v");
  fs::create_directory(dump);
  CHECK(kill(server.pid(), SIGINT) == 0);
  REQUIRE(wait_until([&] { return contains(server.log(), "Error trying to save the DB"); }));
  CHECK(redis("PING") == "PONG");
  fs::remove(dump);
  CHECK(kill(server.pid(), SIGINT) == 0);
  CHECK(wait_until([&] { return !server.is_running(); }));
  CHECK(server.terminate() == 0);
  CHECK(fs::is_regular_file(dump));
}

TEST_CASE("SIGHUP and SIGPIPE are ignored", "[process]") {
  TestServer server;
  kill(server.pid(), SIGHUP);
  kill(server.pid(), SIGPIPE);
  CHECK(server.connect()("PING") == "PONG");
}

TEST_CASE("SHUTDOWN closes every connection and exits with 0", "[process][shutdown]") {
  TestServer server;
  RawClient waiting = server.connect_raw();
  waiting.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(server.stop() == 0);
  CHECK(waiting.closed());
  CHECK(contains(server.log(), "User requested shutdown..."));
}

TEST_CASE("A reply that was owed before SHUTDOWN is delivered", "[process][shutdown]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client.write("PING\r\nSHUTDOWN NOSAVE\r\n");
  CHECK(resp::show(client.read()) == "+PONG");
  CHECK(client.closed());
  CHECK(wait_until([&] { return !server.is_running(); }));
}

TEST_CASE("daemonize leaves a process of its own whose PID is in the pidfile", "[process]") {
  ByHand server;
  const std::string pidfile = server.folder() / "weir.pid";
  const std::string log = server.folder() / "weir.log";
  server.launch(server.with({"--daemonize", "yes", "--pidfile", pidfile, "--logfile", log}));
  const pid_t parent = server.process().pid();
  CHECK(server.process().wait() == 0);
  REQUIRE(wait_until([&] { return contains(read_text(log), "Ready to accept connections unix"); }));

  REQUIRE(std::regex_match(read_text(pidfile), std::regex("\\d+\n")));
  const Daemon daemon(std::stoi(read_text(pidfile)));
  CHECK(daemon.pid != parent);
  CHECK(getsid(daemon.pid) == daemon.pid);
  CHECK(contains(server.connect()("INFO", "server").text,
                 "process_id:" + std::to_string(daemon.pid) + "\r\n"));

  server.connect()("SHUTDOWN");
  CHECK(daemon.is_gone());
  CHECK_FALSE(fs::exists(pidfile));
}

TEST_CASE("pidfile is written without daemonize too, and removed at the end", "[process]") {
  ByHand server;
  const std::string pidfile = server.folder() / "weir.pid";
  server.start(server.with({"--pidfile", pidfile}));
  CHECK(read_text(pidfile) == std::to_string(server.process().pid()) + "\n");
  CHECK(server.terminate() == 0);
  CHECK_FALSE(fs::exists(pidfile));
}

TEST_CASE("Relative paths of socket and pidfile are found again after CONFIG SET dir",
          "[process]") {
  ByHand server;
  const std::string elsewhere = server.folder() / "elsewhere";
  fs::create_directory(elsewhere);
  write_text(elsewhere + "/s.sock", "not ours");
  write_text(elsewhere + "/weir.pid", "not ours");
  server.start(server.with(
      {"--unixsocket", "s.sock", "--pidfile", "weir.pid", "--enable-protected-configs", "yes"}));
  CHECK(server.connect()("CONFIG", "SET", "dir", elsewhere) == "OK");
  CHECK(server.terminate() == 0);
  CHECK(server.folder().names() == std::vector<std::string>{"elsewhere", "output"});
  CHECK(read_text(elsewhere + "/s.sock") == "not ours");
  CHECK(read_text(elsewhere + "/weir.pid") == "not ours");
}

TEST_CASE("A pidfile that cannot be written is a warning, no failure", "[process]") {
  ByHand server;
  server.start(server.with({"--pidfile", server.folder() / "absent" + "/pid"}));
  CHECK(contains(server.output(), "Failed to write PID file: No such file or directory"));
}

TEST_CASE("systemd is told when the server is ready and when it stops", "[process]") {
  for (const std::string kind : {"systemd", "auto"}) {
    CAPTURE(kind);
    ByHand server;
    const bool is_path = kind == "systemd";
    const std::string path =
        is_path ? server.folder() / "notify" : "@weir-test-" + std::to_string(getpid()) + "-notify";
    NotifySocket systemd(path);
    std::vector<std::string> words = {"NOTIFY_SOCKET=" + path, server_binary()};
    for (const std::string& word : server.with({"--supervised", kind}))
      words.push_back(word);
    server.start(words, "/usr/bin/env");
    CHECK(systemd.next() == "STATUS=Ready to accept connections\n");
    CHECK(systemd.next() == "READY=1\n");
    CHECK(server.terminate() == 0);
    CHECK(systemd.next() == "STOPPING=1\n");
  }
}

TEST_CASE("A crash leaves a report with signal, stack, INFO and command", "[process][debug]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("CLIENT", "SETNAME", "the-culprit");
  CHECK(redis("DEBUG", "SEGFAULT") == "(closed)");
  REQUIRE(wait_until([&] { return !server.is_running(); }));
  CHECK(server.terminate() == -SIGSEGV);
  check_order(server.log(),
              {":signal-handler (", "BUG REPORT START", "crashed by signal: 11", "STACK TRACE",
               "weir-server", "# Server\r\n", "redis_version:", "# Keyspace\r\n", "db0:keys=1",
               "name=the-culprit", "Command that ran: debug", "BUG REPORT END"});
}

TEST_CASE("A crash leaves its report where the log is", "[process][debug]") {
  ByHand server;
  const std::string path = server.folder() / "weir.log";
  server.start(server.with({"--logfile", path, "--enable-debug-command", "yes"}));
  CHECK(server.connect()("DEBUG", "SEGFAULT") == "(closed)");
  REQUIRE(wait_until([&] { return contains(read_text(path), "BUG REPORT END"); }));
  check_order(read_text(path), {"Ready to accept connections unix", "BUG REPORT START",
                                "crashed by signal: 11", "Command that ran: debug"});
  CHECK(server.output().empty());
}

TEST_CASE("A failed assertion is reported like a crash", "[process][debug]") {
  TestServer server({"--enable-debug-command", "yes"});
  CHECK(server.connect()("DEBUG", "PANIC") == "(closed)");
  REQUIRE(wait_until([&] { return !server.is_running(); }));
  CHECK(server.terminate() == -SIGABRT);
  CHECK(contains(server.log(), "crashed by signal: 6"));
}

TEST_CASE("crash-log-enabled no crashes without a report", "[process][debug]") {
  TestServer server({"--enable-debug-command", "yes", "--crash-log-enabled", "no"});
  CHECK(server.connect()("DEBUG", "SEGFAULT") == "(closed)");
  REQUIRE(wait_until([&] { return !server.is_running(); }));
  CHECK_FALSE(contains(server.log(), "BUG REPORT"));
}

TEST_CASE("The process title names program, address and port", "[process]") {
  TestServer server;
  const std::string command = read_text("/proc/" + std::to_string(server.pid()) + "/cmdline");
  CHECK(command.substr(0, command.find('\0')) ==
        server_binary() + " 127.0.0.1:" + std::to_string(server.port()));

  TestServer plain({"--set-proc-title", "no"});
  CHECK(read_text("/proc/" + std::to_string(plain.pid()) + "/cmdline")
            .substr(0, server_binary().size() + 7) == server_binary() + std::string("\0--port", 7));
}

}  // namespace weir::testing
