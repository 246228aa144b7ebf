// A server whose arguments are all the test's own: for configuration files, start-up and signals.
//
//   ByHand server;
//   server.start(server.with({"--pidfile", server.folder() / "pid"}));
//   CHECK(server.connect()("PING") == "PONG");
//   CHECK(server.terminate() == 0);
//
// What it is asked by goes through the Unix socket, which its configuration has to name.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {

class ByHand {
 public:
  ByHand() = default;

  const TempFolder& folder() const { return folder_; }
  std::string socket_path() const { return folder_ / "s.sock"; }
  /// Arguments that every test wants: our folder and socket, no port.
  std::vector<std::string> with(std::vector<std::string> more) const {
    std::vector<std::string> all = {
        "--port", "0", "--unixsocket", socket_path(), "--dir", folder_.path(), "--save", ""};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  /// Starts the server and waits until it answers on its socket.  Throws with what it printed.
  void start(const std::vector<std::string>& arguments,
             const std::string& program = server_binary()) {
    launch(arguments, program);
    if (!wait_until([this] { return process_->exit_code() || answers(); }) || !answers()) {
      throw std::runtime_error("the server does not answer:\n" + output());
    }
  }

  /// Starts it and waits for nothing.
  void launch(const std::vector<std::string>& arguments,
              const std::string& program = server_binary()) {
    const std::string file = folder_ / "output";
    const int out = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    process_.emplace(program, arguments, out, out);
    close(out);
  }

  Redis connect() const { return Redis(socket_path()); }
  ChildProcess& process() { return *process_; }
  /// Everything it wrote to standard output and error.
  std::string output() const { return read_text(folder_ / "output"); }
  bool prints(const std::string& text) const {
    return wait_until([&] { return output().find(text) != std::string::npos; });
  }
  int terminate() {
    process_->send_signal(SIGTERM);
    return process_->wait();
  }

 private:
  bool answers() const {
    try {
      connect()("PING");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  TempFolder folder_;
  std::optional<ChildProcess> process_;
};

}  // namespace weir::testing
