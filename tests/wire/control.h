// The runner's own connection: sets the stage before a case and clears it afterwards.
//
// It is opened before the first case and stays, since some cases set a password.  Errors of the
// server are the caller's to judge: most of what is said here may be unknown to a server that is
// still growing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/raw_client.h"

namespace weir::wire {

class Control {
 public:
  /// Throws std::runtime_error when nobody accepts.
  explicit Control(int port) : port_(port), client_(port) {}

  int port() const { return port_; }

  /// The reply to a command.  Throws std::runtime_error when the server is gone or silent.
  resp::Reply ask(const std::vector<std::string>& words);

  /// Sends all, then reads all replies and does not look at them.
  void ask_all(const std::vector<std::vector<std::string>>& commands);

  /// The present value of a configuration option; nothing when the server does not know it.
  std::optional<std::string> config(const std::string& name);

 private:
  int port_;
  testing::RawClient client_;
};

}  // namespace weir::wire
