// What a helper thread is started with: no signals, and its share of the cores.
#include "persistence/helper_thread.h"

#include <catch2/catch.hpp>

#include "tests/support/forbidden_calls.h"

namespace weir::testing {
namespace {

struct Seen {
  bool has_all_blocked = false;
  int niceness = 0;
  int policy = SCHED_OTHER;
  uint64_t turn_ns = 0;  // 0: the kernel does not say
};

Seen look() {
  Seen seen;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  seen.has_all_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
  seen.niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
  seen.policy = sched_getscheduler(0);
  detail::SchedulingWish wish;
  if (syscall(SYS_sched_getattr, 0, &wish, sizeof(wish), 0) == 0) seen.turn_ns = wish.turn_ns;
  return seen;
}

Seen seen_by(Niceness niceness) {
  Seen seen;
  start_helper(niceness, [&seen] { seen = look(); }).value().join();
  return seen;
}

TEST_CASE("a helper is sent no signals, and the thread that starts it goes on being sent them") {
  CHECK_FALSE(look().has_all_blocked);
  CHECK(seen_by(Niceness::kNone).has_all_blocked);
  CHECK_FALSE(look().has_all_blocked);
}

TEST_CASE("a helper steps back if it is told to, and nobody else does") {
  const int usual = look().niceness;
  CHECK(seen_by(Niceness::kNone).niceness == usual);
  CHECK(seen_by(Niceness::kSome).niceness >= 10);
  CHECK(look().niceness == usual);
}

TEST_CASE("a helper that steps back does not take the core from who wakes it") {
  const int usual = look().policy;
  CHECK(seen_by(Niceness::kNone).policy == usual);
  CHECK(seen_by(Niceness::kSome).policy == SCHED_BATCH);
  CHECK(look().policy == usual);
}

TEST_CASE("a helper of a process that steps back further already does so, too") {
  std::thread([] {
    const sched_param no_priority{};
    REQUIRE(sched_setscheduler(0, SCHED_IDLE, &no_priority) == 0);
    CHECK(seen_by(Niceness::kSome).policy == SCHED_IDLE);
  }).join();
}

TEST_CASE("a helper has shorter turns than the thread that starts it") {
  const uint64_t usual = look().turn_ns;
  if (usual == 0) return;  // a kernel before 6.12
  CHECK(seen_by(Niceness::kNone).turn_ns < usual);
  CHECK(seen_by(Niceness::kSome).turn_ns < usual);
  CHECK(look().turn_ns == usual);
}

TEST_CASE("a helper works where it may neither step back nor have shorter turns") {
  const int usual = look().niceness;
  run_without({SYS_sched_getattr, SYS_sched_setattr, SYS_setpriority}, [usual] {
    const Seen seen = seen_by(Niceness::kSome);
    CHECK(seen.has_all_blocked);
    CHECK(seen.niceness == usual);
    CHECK(seen.turn_ns == 0);
  });
}

TEST_CASE("a helper that the system refuses is an error, and signals come as before") {
  run_without({kThreadCall}, [] {
    const IoResult<std::thread> helper = start_helper(Niceness::kNone, [] {});
    REQUIRE_FALSE(helper);
    CHECK(to_string(helper.error()) == "start 'a helper thread': Operation not permitted");
    CHECK_FALSE(look().has_all_blocked);
  });
}

}  // namespace
}  // namespace weir::testing
