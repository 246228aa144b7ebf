#include "tests/bench/failure.h"

#include <cerrno>
#include <csignal>
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

void throw_if_interrupted() {
  if (signal_came != 0) throw Interrupted();
}

}  // namespace weir::bench
