// The real server as a process of its own: on a free port of 127.0.0.1 and a Unix socket, in a
// folder of its own that is removed at the end.
//
//   TestServer server({"--appendonly", "yes"});
//   Redis redis = server.connect();
//   redis("XADD", "s", "1-0", "f", "a");
//   server.crash_now();
//   server.start_again();                          // in the same folder, with the same options
//   CHECK(server.connect()("XLEN", "s") == 1);
//
// The folder, the port and `--save ""` are given before the options of the test, which may say
// otherwise.  WEIR_SERVER_BINARY in the environment puts another server in the place of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/contains.h"
#include "tests/support/raw_client.h"
#include "tests/support/redis.h"
#include "tests/support/temp_folder.h"

// Defined for every test program; the support library itself is built before anyone knows.
#ifndef WEIR_SERVER
#define WEIR_SERVER ""
#endif

namespace weir::testing {

/// The one that is compared with, follows and is followed.
inline constexpr const char* kRedis = "/usr/bin/redis-server";

/// The server to test: WEIR_SERVER_BINARY of the environment, otherwise `built`.
std::string server_binary(const std::string& built = WEIR_SERVER);

class TestServer {
 public:
  /// Starts the server and waits until it answers.  Throws std::runtime_error with its log when
  /// it ends or stays silent.
  explicit TestServer(std::vector<std::string> options = {}, std::string binary = server_binary());
  Redis connect() const { return Redis(port_); }
  RawClient connect_raw() const { return RawClient(port_); }
  RawClient connect_resp3() const;

  pid_t pid() const { return process_->pid(); }
  int port() const { return port_; }
  std::string socket_path() const { return folder_ / "weir.sock"; }
  const std::string& folder() const { return folder_.path(); }
  bool is_running() { return process_ && !process_->exit_code(); }

  /// Everything it has printed so far, over all its starts.
  std::string log() const;
  bool has_logged(std::string_view text) const { return contains(log(), text); }

  /// Asks for SHUTDOWN, waits, gives the exit code.  Throws std::runtime_error when it is refused.
  int stop();
  /// Sends SIGTERM, waits, gives the exit code.
  int terminate();
  /// Kills it with SIGKILL: nothing is flushed, the folder stays.
  void crash_now();

  /// Starts a server that has ended again, in the same folder and on the same port.
  void start_again();
  void start_again(std::vector<std::string> options);

 private:
  void launch();
  bool start_on_some_port();
  bool answers();

  std::string binary_;
  std::vector<std::string> options_;
  TempFolder folder_;
  int port_ = 0;
  std::optional<ChildProcess> process_;
};

/// Runs the server with these arguments to its end: for configurations that it must refuse.
Finished run_server_to_end(const std::vector<std::string>& arguments,
                           const std::string& binary = server_binary());

}  // namespace weir::testing
