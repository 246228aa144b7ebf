// Linked into the server of `make coverage` alone: whatever way it ends, it leaves its counters.
//
// A process writes them when main() returns.  Ours leaves by _exit, is killed by tests, or raises
// the signal of its crash again.  So `_exit` and `raise` are wrapped (-Wl,--wrap), and a thread
// waits for SIGUSR1, which the tests of that build send before SIGKILL (support/child_process.cc):
// it writes the counters and then does to the process what SIGKILL would have done.
//
// They go to a folder of the server's own in that of the program that has started it, which has
// others of the same objects.
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <unistd.h>

extern "C" void __gcov_dump();

namespace {

/// Two threads that write at once would spoil the files.
void write_once() {
  static std::once_flag written;
  std::call_once(written, __gcov_dump);
}

}  // namespace

extern "C" {
[[noreturn]] void __real__exit(int code);
int __real_raise(int signal);

[[noreturn]] void __wrap__exit(int code) {
  write_once();
  __real__exit(code);
}

int __wrap_raise(int signal) {
  write_once();
  return __real_raise(signal);
}
}

namespace {

struct LastWords {
  LastWords() {
    if (const char* const folder = std::getenv("GCOV_PREFIX"))
      setenv("GCOV_PREFIX", (std::string(folder) + "/weir-server").c_str(), 1);
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &asked, nullptr);
    try {
      std::thread([asked] {
        int signal = 0;
        sigwait(&asked, &signal);
        write_once();
        kill(getpid(), SIGKILL);
      }).detach();
    } catch (const std::system_error&) {
      // A server that is refused threads is not asked: SIGUSR1 then ends it without its counters.
      pthread_sigmask(SIG_UNBLOCK, &asked, nullptr);
    }
  }
};

const LastWords last_words;

}  // namespace
