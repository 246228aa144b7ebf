#include "tests/bench/failure.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>

namespace weir::bench {
namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int) {
  signal_came = 1;
}

}  // namespace

Failure system_failure(const std::string& what) {
  return Failure(what + ": " + std::generic_category().message(errno));
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = note_signal;  // without SA_RESTART: what waits returns with EINTR
  for (int number : {SIGINT, SIGTERM, SIGHUP})
    sigaction(number, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int run_main(int argc, char** argv, const char* usage,
             int (*run)(const std::string& program, uint64_t number)) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s %s\n", argv[0], usage);
    return 2;
  }
  try {
    return run(argv[1], argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

void throw_if_interrupted() {
  if (signal_came != 0) throw Interrupted();
}

}  // namespace weir::bench
