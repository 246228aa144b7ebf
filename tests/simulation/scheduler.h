// Threads of servers, run one at a time, in an order and at moments that a seed draws.
//
//   task (a thread of a server) ── waits ──► Scheduler ── draws one that may go on ──► task
//     in epoll_wait, a condition,               │
//     a sync, the end of another               none may: the clock goes on to the next event
//
// A server's threads are threads here, too, but only the one that was handed the turn runs; it
// gives it back where it would wait.  Whoever is dead is never handed it again: its memory stays
// as it was, as that of a machine that lost power, and goes with the process of the seed.
//
// Time is a number.  Looking at it takes a little of it, so that who works against a deadline
// comes to its end.
//
// Always: the same seed makes the same run; trace() of two runs is equal.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <pthread.h>

namespace weir::simulation {

inline constexpr int64_t kNsPerMs = 1'000'000;

/// Taken by who is given it.  One of the library's would spin for a while, with the core that who
/// is to give it needs.
class Turn {
 public:
  void release();
  void acquire();

 private:
  std::atomic<uint32_t> is_given_ = 0;
};

struct Task {
  int machine = 0;
  int number = 0;
  bool is_ready = true;
  bool is_dead = false;
  bool is_done = false;
  const void* waits_for = nullptr;  // whose wake() it wants; null: only for a moment
  uint64_t waits = 0;               // how often it has waited: tells an old alarm from a new one
  pthread_t thread{};
  std::function<void()> body;
  Turn turn;
};

class Scheduler {
 public:
  explicit Scheduler(uint64_t seed) : random_(seed) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  uint64_t draw(uint64_t bound) { return random_() % bound; }
  bool one_in(uint64_t n) { return draw(n) == 0; }
  /// Many short ones, few long ones: up to `most`.
  int64_t draw_time(int64_t most);

  int64_t now_ns() const { return now_ns_; }
  int64_t look_at_clock() { return now_ns_ += kLookNs; }
  void at(int64_t when_ns, std::function<void()> event) {
    events_.emplace(when_ns, std::move(event));
  }
  void after(int64_t delay_ns, std::function<void()> event) {
    at(now_ns_ + delay_ns, std::move(event));
  }
  /// Runs until `is_over`, or until then; whether it is over.
  bool run(const std::function<bool()>& is_over, int64_t until_ns);

  /// Before a task goes on: its machine's turn comes.
  std::function<void(int machine)> on_turn;

  // --- Tasks
  Task& add(int machine, std::function<void()> body);
  /// Runs `task` whenever it is its turn: the life of its thread.
  void live(Task& task);
  /// All of a machine: they never go on.
  void kill(int machine);
  void wake(const void* what);

  // --- Of the task that runs
  static Task* current();
  /// Until wake(what), or that moment; whether it was woken.
  bool wait(const void* what, std::optional<int64_t> until_ns);
  /// Of another task.
  void wait_for_end(pthread_t thread);
  void pass_time(int64_t ns);
  [[noreturn]] void end_for_ever();

  /// What happened so far, as one number.
  uint64_t trace() const { return trace_; }
  void note(std::string_view what, uint64_t detail);
  uint64_t steps() const { return steps_; }

 private:
  static constexpr int64_t kLookNs = 200;

  void hand_turn(Task& task);
  void give_back(Task& task);
  std::vector<Task*> ready() const;

  std::mt19937_64 random_;
  int64_t now_ns_ = 1'000'000'000;
  std::multimap<int64_t, std::function<void()>> events_;
  std::vector<std::unique_ptr<Task>> tasks_;
  Turn returned_;
  uint64_t trace_ = 0;
  uint64_t steps_ = 0;
};

}  // namespace weir::simulation
