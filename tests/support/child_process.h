// A program that a test started.  It never outlives the test: destroying the object kills it, and
// the kernel does when the test itself dies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/patience.h"

namespace weir::testing {

class ChildProcess {
 public:
  /// Starts `program` with standard output and error going to these open files.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments, int out,
               int err);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }

  /// Its exit code once it has ended, -9 for "killed by signal 9"; nothing while it runs.
  std::optional<int> exit_code();

  /// Waits for the end.  Throws std::runtime_error when the deadline comes first.
  int wait(Milliseconds deadline = patient(Milliseconds(10000)));

  void send_signal(int signal);

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// What a program that ran to its end left.
struct Finished {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// Runs `program` until it ends by itself.  Throws std::runtime_error when it does not in time.
Finished run_to_end(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace weir::testing
