// A thread that helps the main one: it is not sent signals, which are the main thread's, and takes
// short turns on a core that both want.
#pragma once

#include <csignal>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "persistence/file.h"

namespace weir {

/// How much a helper steps back.
enum class Niceness : int { kNone = 0, kSome = 10 };

namespace detail {

/// What sched_setattr(2) takes; the C library of Debian 12 does not have it.
struct SchedulingWish {
  uint32_t size = sizeof(SchedulingWish);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t turn_ns = 0;  // sched_runtime
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};

/// The calling thread has a core as soon as it needs one, and not for long.  Its share is the same,
/// but it does not wait for the end of the main thread's turn when the disk has answered, nor the
/// main thread for the end of its.  One that steps back does wait: once it runs, it no longer takes
/// the core from who wakes it.  A kernel before 6.12 takes no notice of the turns, and a container
/// may forbid the calls: all works without them.
inline void take_short_turns(Niceness niceness) {
  constexpr uint64_t kShortestTurnNs = 100'000;
  SchedulingWish wish;
  if (syscall(SYS_sched_getattr, 0, &wish, sizeof(wish), 0) != 0) return;
  wish.turn_ns = kShortestTurnNs;
  if (niceness != Niceness::kNone && wish.policy == SCHED_OTHER) wish.policy = SCHED_BATCH;
  syscall(SYS_sched_setattr, 0, &wish, 0);
}

}  // namespace detail

/// For a helper that works for long, now and then: who waits for its core goes first.  Without it
/// a turn ends with the next tick of the system only, up to 10 ms later.  Costs less than 1 µs.
inline void give_way() {
  sched_yield();
}

/// Runs `function` in a thread of its own.  Errors: the system may refuse one, as where a
/// container's processes and threads are counted and all of them are there; `function` is gone
/// then.
template <class Function>
IoResult<std::thread> start_helper(Niceness niceness, Function function) {
  // A thread begins with the mask of the one that starts it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  IoResult<std::thread> helper;
  auto work = [niceness, function = std::move(function)]() mutable {
    detail::take_short_turns(niceness);
    // Of this thread alone, although the call is about processes; without it all works, too.
    if (niceness != Niceness::kNone)
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), static_cast<int>(niceness));
    function();
  };
  try {
    helper = std::thread(std::move(work));
  } catch (const std::system_error& refused) {
    helper = tl::unexpected(IoError{
        .operation = "start", .path = "a helper thread", .errno_value = refused.code().value()});
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return helper;
}

}  // namespace weir
