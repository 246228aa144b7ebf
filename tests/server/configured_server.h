// A server that has a configuration file of its own, and may write into it: ours, or a Sentinel of
// Debian.
//
//   ConfiguredServer server(server_binary(), {"save \"\"", "replicaof 127.0.0.1 7000"});
//   server.crash_now();
//   server.start();                                  // with what it has written into its file
//   CHECK(server.configuration().find("replicaof") != std::string::npos);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/redis.h"
#include "tests/support/temp_folder.h"

namespace weir::testing {

class ConfiguredServer {
 public:
  /// Starts it on a free port and waits until it answers.  lines: of its file, beside port and
  /// folder.  behind: arguments that follow the file's name.  Throws std::runtime_error.
  ConfiguredServer(std::string program, const std::vector<std::string>& lines,
                   std::vector<std::string> behind = {});

  int port() const { return port_; }
  pid_t pid() const { return process_->pid(); }
  const std::string& folder() const { return folder_.path(); }
  Redis connect() const { return Redis(port_); }
  bool is_running() { return process_ && !process_->exit_code(); }
  /// What stands in its file now.
  std::string configuration() const;
  /// All that it has printed.
  std::string log() const;

  void start();
  void crash_now();
  /// SIGSTOP: its connections stay, and nobody answers.
  void freeze();
  void thaw();

 private:
  bool answers() const;
  std::string file() const { return folder_ / "server.conf"; }

  std::string program_;
  std::vector<std::string> behind_;
  TempFolder folder_;
  int port_ = 0;
  std::optional<ChildProcess> process_;
};

}  // namespace weir::testing
