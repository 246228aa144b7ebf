// A server that is stopped for a while: its connections stay, what is sent to it waits, and it
// hears of all of it at once when it wakes.
#pragma once

#include <csignal>

#include "tests/support/test_server.h"

namespace weir::testing {

class Asleep {
 public:
  explicit Asleep(const TestServer& server) : pid_(server.pid()) { kill(pid_, SIGSTOP); }
  Asleep(const Asleep&) = delete;
  Asleep& operator=(const Asleep&) = delete;
  ~Asleep() { wake(); }

  void wake() const { kill(pid_, SIGCONT); }

 private:
  const pid_t pid_;
};

}  // namespace weir::testing
