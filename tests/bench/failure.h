// How a measurement ends early.
//
// A benchmark is a long row of steps on sockets, processes and files; any of them may fail, and
// each failure means the same: this scenario has no number.  So, unlike in the server, a failed
// step throws, the scenario's destructors stop its servers, and the runner puts the text into the
// table.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace weir::bench {

/// The scenario cannot go on; what() is what the table shows.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user wants the benchmark to end (SIGINT, SIGTERM or SIGHUP).
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// `what` with the text of errno.
Failure system_failure(const std::string& what);

/// From here on the signals only raise a flag, so that destructors stop the servers.
void catch_signals();

/// The main function of a program that is told a server's path and, if wanted, a number; 0: it is
/// not.
int run_main(int argc, char** argv, const char* usage,
             int (*run)(const std::string& program, uint64_t number));

/// Throws Interrupted when a signal has come.  Called by everything that waits.
void throw_if_interrupted();

}  // namespace weir::bench
