// A thread that helps the main one: it is not sent signals, which are the main thread's, and may
// step back where both want the same core.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace weir {

/// How much a helper steps back.
enum class Niceness : int { kNone = 0, kSome = 10 };

template <class Function>
std::thread start_helper(Niceness niceness, Function function) {
  // A thread begins with the mask of the one that starts it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread helper([niceness, function = std::move(function)]() mutable {
    // Of this thread alone, although the call is about processes; without it all works, too.
    if (niceness != Niceness::kNone)
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), static_cast<int>(niceness));
    function();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return helper;
}

}  // namespace weir
