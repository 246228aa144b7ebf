// Starting: which configurations are refused and how, where the server listens, who may come in.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/server/address.h"
#include "tests/server/by_hand.h"
#include "tests/support/contains.h"
#include "tests/support/forbidden_calls.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

/// The end of a server that must not start: its exit code is 1 and it says why.
std::string refusal(const std::vector<std::string>& arguments) {
  const Finished finished = run_server_to_end(arguments);
  CHECK(finished.exit_code == 1);
  return finished.out + finished.err;
}

unsigned permissions_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

}  // namespace

TEST_CASE("A server without random numbers does not start, and says why", "[startup]") {
  run_without({SYS_getrandom}, [] {
    CHECK(refusal({"--version"}) ==
          "The system gives no random numbers: getrandom: Operation not permitted. Is it "
          "forbidden?\n");
  });
}

TEST_CASE("A server that gets no file to wait with does not start, and says why", "[startup]") {
  run_without({SYS_timerfd_create}, [] {
    CHECK(contains(refusal({"--port", "0", "--save", ""}),
                   "The system refuses what the server waits with: timerfd_create: Operation not "
                   "permitted. Exiting."));
  });
  run_without({SYS_eventfd2}, [] {
    CHECK(contains(refusal({"--port", "0", "--save", ""}), "eventfd: Operation not permitted"));
  });
}

TEST_CASE("A server whose TCP port the system does not watch does not start, and says so",
          "[startup]") {
  constexpr uint32_t kFirstOwn = 3;  // behind the standard streams
  const std::string port = std::to_string(free_port());
  std::string why;
  REQUIRE(run_unwatched_from(kFirstOwn, [&] {
    why = refusal({"--port", port, "--bind", "127.0.0.1", "--save", ""});
  }));
  CHECK(contains(why, "The system refuses to watch listening sockets: No space left on device"));
  CHECK(contains(why, "Failed listening on port " + port + " (tcp), aborting."));
}

TEST_CASE(
    "A server whose timers or Unix socket the system does not watch does not start, and says so",
    "[startup]") {
  constexpr uint32_t kFirstOwn = 3;  // behind the standard streams
  constexpr uint32_t kMost = 64;
  ByHand server;
  uint32_t first = kFirstOwn;
  size_t said_before = 0;
  const auto said_by_this_one = [&] { return server.output().substr(said_before); };
  // Inside, since a server does not outlive the thread that launched it.
  const auto starts = [&] {
    bool is_ready = false;
    if (first > kFirstOwn) said_before = server.output().size();
    run_unwatched_from(first, [&] {
      server.launch(server.with({}));
      REQUIRE(wait_until([&] {
        is_ready = contains(said_by_this_one(), "Ready to accept connections unix");
        return is_ready || server.process().exit_code();
      }));
      if (is_ready) CHECK(server.terminate() == 0);
    });
    return is_ready;
  };
  while (first < kMost && !starts()) {
    CAPTURE(first, said_by_this_one());
    CHECK(server.process().exit_code() == 1);
    CHECK(contains(said_by_this_one(),
                   "The system refuses what the server waits with: epoll_ctl: No "
                   "space left on device. Exiting."));
    CHECK_FALSE(fs::exists(server.socket_path()));
    ++first;
  }
  CAPTURE(first);
  CHECK(first > kFirstOwn);
  CHECK(first < kMost);
}

TEST_CASE(
    "A server that may not have as many files open as its clients need says so and takes fewer",
    "[startup]") {
  constexpr rlim_t kOthers = 32;  // descriptors for other things
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const std::string possible = std::to_string(limit.rlim_cur - kOthers);
  const bool is_kept = run_under(keep_limits, [&] {
    ByHand server;
    server.start(server.with({"--maxclients", "4000000000"}));
    CHECK(contains(server.output(), "The limit of open files allows " + possible +
                                        " clients; maxclients is lowered to that."));
    Redis redis = server.connect();
    CHECK(redis("CONFIG", "GET", "maxclients").text == R"(["maxclients",")" + possible + R"("])");
    CHECK(server.terminate() == 0);
  });
  REQUIRE(is_kept);
}

TEST_CASE("A port that is in use ends the start with a reason", "[startup]") {
  const TakenPort taken;
  const std::string port = std::to_string(taken.port);
  const std::string why = refusal({"--port", port, "--bind", "127.0.0.1", "--save", ""});
  CHECK(contains(why, "Could not create server TCP listening socket 127.0.0.1:" + port +
                          ": Address already in use"));
  CHECK(contains(why, "Failed listening on port " + port + " (tcp), aborting."));
}

TEST_CASE("A server of which no address is there does not start, though each is optional",
          "[startup]") {
  CHECK(contains(refusal({"--bind", "-192.0.2.1", "-no.such.host.invalid", "--save", ""}),
                 "None of the addresses of 'bind' is available here"));
}

TEST_CASE("A second instance on the same port leaves the first alone", "[startup]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const std::string why =
      refusal({"--port", std::to_string(server.port()), "--bind", "127.0.0.1", "--save", ""});
  CHECK(contains(why, "Address already in use"));
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("A configuration file that is not there is named with its whole path", "[startup]") {
  const TempFolder folder;
  const std::string path = folder / "absent.conf";
  CHECK(contains(refusal({path}),
                 "Fatal error, can't open config file '" + path + "': No such file or directory"));
}

TEST_CASE("A configuration file that cannot be read is refused", "[startup]") {
  const TempFolder folder;
  CHECK(contains(refusal({folder.path()}), "Fatal error, can't open config file"));
}

TEST_CASE("A bad line of the configuration is shown with its number", "[startup]") {
  const TempFolder folder;
  const std::string path = folder / "weir.conf";
  write_text(path, "# first\n\nport 0\nno-such-option yes\n");
  const std::string why = refusal({path});
  CHECK(contains(why, "*** FATAL CONFIG FILE ERROR (Redis "));
  CHECK(contains(why,
                 "Reading the configuration file, at line 4\n>>> 'no-such-option yes'\n"
                 "Bad directive or wrong number of arguments\n"));

  write_text(path, "port abc\n");
  CHECK(contains(refusal({path}), "argument couldn't be parsed into an integer"));
  write_text(path, "maxmemory 10 apples\n");
  CHECK(contains(refusal({path}), "wrong number of arguments"));
}

TEST_CASE("A bad option of the command line is shown", "[startup]") {
  CHECK(contains(refusal({"--no-such-option", "yes"}), ">>> 'no-such-option \"yes\"'"));
  CHECK(contains(refusal({"--databases", "0"}), "argument must be between 1 and"));
  CHECK(contains(refusal({"--loadmodule", "x.so"}), "this server has no modules"));
}

TEST_CASE("A folder that is not there is refused", "[startup]") {
  ByHand server;
  CHECK(contains(refusal(server.with({"--dir", server.folder() / "absent"})),
                 "No such file or directory"));
}

TEST_CASE("A log file that cannot be written is refused", "[startup]") {
  ByHand server;
  CHECK(contains(refusal(server.with({"--logfile", server.folder() / "absent" + "/log"})),
                 "Can't open the log file: No such file or directory"));
}

TEST_CASE("Without a port and a Unix socket there is nothing to start", "[startup]") {
  CHECK(contains(refusal({"--port", "0", "--save", ""}), "not listen anywhere"));
}

TEST_CASE("Unix socket paths that cannot be used are refused with the reason", "[startup]") {
  ByHand server;
  const auto why = [&](const std::string& path) {
    return refusal({"--port", "0", "--save", "", "--unixsocket", path});
  };
  CHECK(contains(why(server.folder() / std::string(200, 'x')), "the path is too long"));
  CHECK(contains(why(server.folder() / "absent" + "/s"), "No such file or directory"));
  const std::string file = server.folder() / "file";
  write_text(file, "precious");
  CHECK(contains(why(file), "not a socket"));
  CHECK(read_text(file) == "precious");
  CHECK(contains(refusal(server.with({"--unixsocketperm", "7777"})), "between 0 and 777"));
  CHECK(contains(refusal(server.with({"--unixsocketperm", "rw"})), "octal"));
}

TEST_CASE("unixsocketperm is what the socket gets, and the socket goes at the end", "[startup]") {
  ByHand server;
  server.start(server.with({"--unixsocketperm", "600"}));
  CHECK(permissions_of(server.socket_path()) == 0600);
  CHECK(server.terminate() == 0);
  CHECK_FALSE(fs::exists(server.socket_path()));

  server.start(server.with({"--unixsocketperm", "777"}));
  CHECK(permissions_of(server.socket_path()) == 0777);
}

TEST_CASE("A socket that a crashed server left is replaced", "[startup]") {
  ByHand server;
  server.start(server.with({}));
  server.process().send_signal(SIGKILL);
  server.process().wait();
  REQUIRE(fs::exists(server.socket_path()));
  server.start(server.with({}));
  CHECK(server.connect()("PING") == "PONG");
}

TEST_CASE("The configuration may come through standard input", "[startup]") {
  ByHand server;
  const std::string file = server.folder() / "input";
  write_text(file, "port 0\nunixsocket " + server.socket_path() + "\nmaxclients 123\nsave \"\"\n");
  server.start({"-c", "exec \"$0\" - <\"$1\"", server_binary(), file}, "/bin/sh");
  CHECK(server.connect()("CONFIG", "GET", "maxclients") == R"(["maxclients","123"])");
}

TEST_CASE("Options come after standard input, and that after the file", "[startup]") {
  ByHand server;
  const std::string conf = server.folder() / "weir.conf";
  const std::string input = server.folder() / "input";
  write_text(conf, "port 0\nunixsocket " + server.socket_path() +
                       "\nmaxclients 100\nhz 20\ntimeout 30\nsave \"\"\n");
  write_text(input, "maxclients 200\nhz 40\n");
  server.start({"-c", "exec \"$0\" \"$1\" --hz 60 - <\"$2\"", server_binary(), conf, input},
               "/bin/sh");
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "GET", "timeout") == R"(["timeout","30"])");
  CHECK(redis("CONFIG", "GET", "maxclients") == R"(["maxclients","200"])");
  CHECK(redis("CONFIG", "GET", "hz") == R"(["hz","60"])");
}

TEST_CASE("The option --port is stronger than the port of the file", "[startup]") {
  ByHand server;
  const std::string conf = server.folder() / "weir.conf";
  const int port = free_port();
  write_text(conf, "port 1\nbind 127.0.0.1\nunixsocket " + server.socket_path() + "\nsave \"\"\n");
  server.start({conf, "--port", std::to_string(port)});
  CHECK(ask("127.0.0.1", port) == "+PONG");
  CHECK(contains(server.output(), "Configuration loaded"));
}

TEST_CASE("Included files take effect where they are included", "[startup]") {
  ByHand server;
  const std::string conf = server.folder() / "weir.conf";
  write_text(server.folder() / "more.conf", "hz 33\nmaxclients 44\n");
  write_text(conf, "hz 11\ninclude " + (server.folder() / "more.conf") +
                       "\nmaxclients 55\ninclude " + (server.folder() / "none*.conf") +
                       "\nport 0\nsave \"\"\nunixsocket " + server.socket_path() + "\n");
  server.start({conf});
  CHECK(server.connect()("CONFIG", "GET", "hz") == R"(["hz","33"])");
  CHECK(server.connect()("CONFIG", "GET", "maxclients") == R"(["maxclients","55"])");
}

TEST_CASE("Every address of 'bind' is listened on", "[startup]") {
  ByHand server;
  const int port = free_port();
  server.start(server.with({"--port", std::to_string(port), "--bind", "127.0.0.1", "127.0.0.2"}));
  CHECK(ask("127.0.0.1", port) == "+PONG");
  CHECK(ask("127.0.0.2", port) == "+PONG");
  CHECK(ask("127.0.0.3", port) == std::nullopt);
}

TEST_CASE("IPv6 addresses are listened on", "[startup]") {
  if (!has_ipv6_loopback()) {
    WARN("this machine has no ::1, so IPv6 is not tested");
    return;
  }
  ByHand server;
  const int port = free_port();
  server.start(server.with({"--port", std::to_string(port), "--bind", "::1", "127.0.0.1"}));
  CHECK(ask("::1", port) == "+PONG");
  Redis monitor = server.connect();
  CHECK(monitor("MONITOR") == "OK");
  CHECK(ask("::1", port) == "+PONG");
  CHECK(monitor.read().contains("[0 [::1]:"));
  CHECK(ask("127.0.0.1", port) == "+PONG");
}

TEST_CASE("An address that is not here is fatal, unless it begins with a minus", "[startup]") {
  const std::string absent = "192.0.2.231";  // reserved for documentation
  const std::string port = std::to_string(free_port());
  CHECK(contains(refusal({"--port", port, "--bind", "127.0.0.1", absent, "--save", ""}),
                 "socket " + absent + ":" + port + ": Cannot assign requested address"));

  ByHand server;
  server.start(server.with({"--port", port, "--bind", "127.0.0.1", "-" + absent}));
  CHECK(ask("127.0.0.1", std::stoi(port)) == "+PONG");
}

TEST_CASE("Protected mode turns away who comes from outside without a password", "[startup]") {
  const std::string outside = outer_address();
  if (outside.empty()) {
    WARN("this machine has no other address than the loopback's, so protected mode is not tested");
    return;
  }
  ByHand server;
  const int port = free_port();
  server.start(server.with({"--port", std::to_string(port), "--bind", "*"}));
  const std::optional<std::string> answer = ask(outside, port);
  REQUIRE(answer);
  CHECK(answer->starts_with("-DENIED "));
  CHECK(contains(*answer, "protected mode"));
  CHECK(ask("127.0.0.1", port) == "+PONG");

  Redis redis = server.connect();
  CHECK(contains(redis("INFO", "stats").text, "rejected_connections:1\r\n"));
  redis("CONFIG", "SET", "requirepass", "secret");
  CHECK(ask(outside, port) == "-NOAUTH Authentication required.");
  redis("CONFIG", "SET", "requirepass", "");
  redis("CONFIG", "SET", "protected-mode", "no");
  CHECK(ask(outside, port) == "+PONG");
}

}  // namespace weir::testing
