#include "tests/simulation/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir::simulation {
namespace {

thread_local Task* running_here = nullptr;

void futex(std::atomic<uint32_t>& word, int operation, uint32_t value) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void Turn::release() {
  is_given_.store(1);
  futex(is_given_, FUTEX_WAKE, 1);
}

void Turn::acquire() {
  while (is_given_.exchange(0) == 0)
    futex(is_given_, FUTEX_WAIT, 0);
}

Task* Scheduler::current() {
  return running_here;
}

int64_t Scheduler::draw_time(int64_t most) {
  const int64_t shorter = one_in(8) ? most : most / 10;
  return 1 + static_cast<int64_t>(draw(static_cast<uint64_t>(std::max<int64_t>(shorter, 1))));
}

void Scheduler::note(std::string_view what, uint64_t detail) {
  const uint64_t parts[] = {trace_, static_cast<uint64_t>(now_ns_), detail,
                            XXH3_64bits(what.data(), what.size())};
  trace_ = XXH3_64bits(parts, sizeof(parts));
  static const bool is_told = std::getenv("WEIR_TRACE") != nullptr;
  if (is_told)
    std::printf("%12lld %.*s %llu\n", static_cast<long long>(now_ns_),
                static_cast<int>(what.size()), what.data(),
                static_cast<unsigned long long>(detail));
}

// --- Whose turn it is ----------------------------------------------------------------------------

std::vector<Task*> Scheduler::ready() const {
  std::vector<Task*> found;
  for (const auto& task : tasks_) {
    if (task->is_ready && !task->is_dead && !task->is_done) found.push_back(task.get());
  }
  return found;
}

bool Scheduler::run(const std::function<bool()>& is_over, int64_t until_ns) {
  while (!is_over()) {
    if (now_ns_ >= until_ns) return false;
    const std::vector<Task*> tasks = ready();
    const bool is_due = !events_.empty() && events_.begin()->first <= now_ns_;
    if (!is_due && !tasks.empty()) {
      hand_turn(*tasks[draw(tasks.size())]);
      continue;
    }
    if (events_.empty()) return false;
    auto next = events_.extract(events_.begin());
    now_ns_ = std::max(now_ns_, next.key());
    next.mapped()();
  }
  return true;
}

void Scheduler::hand_turn(Task& task) {
  ++steps_;
  note("turn", static_cast<uint64_t>(task.machine));
  on_turn(task.machine);
  task.turn.release();
  returned_.acquire();
}

void Scheduler::give_back(Task& task) {
  returned_.release();
  task.turn.acquire();
}

// --- Tasks ---------------------------------------------------------------------------------------

Task& Scheduler::add(int machine, std::function<void()> body) {
  tasks_.push_back(std::make_unique<Task>());
  Task& task = *tasks_.back();
  task.machine = machine;
  task.number = static_cast<int>(tasks_.size());
  task.body = std::move(body);
  return task;
}

void Scheduler::live(Task& task) {
  task.turn.acquire();
  running_here = &task;
  task.body();
  task.is_done = true;
  wake(&task);
  running_here = nullptr;
  returned_.release();
}

void Scheduler::kill(int machine) {
  for (const auto& task : tasks_) {
    if (task->machine == machine && !task->is_done) task->is_dead = true;
  }
}

void Scheduler::wake(const void* what) {
  for (const auto& task : tasks_) {
    if (task->waits_for == what && !task->is_dead) task->is_ready = true;
  }
}

bool Scheduler::wait(const void* what, std::optional<int64_t> until_ns) {
  Task& task = *running_here;
  task.is_ready = false;
  task.waits_for = what;
  const uint64_t number = ++task.waits;
  bool is_late = false;
  if (until_ns) {
    // The task may be gone by then, but not its number.
    at(*until_ns, [this, it = &task, number, &is_late] {
      if (it->is_dead || it->is_done || it->waits != number || it->is_ready) return;
      is_late = it->is_ready = true;
    });
  }
  give_back(task);
  ++task.waits;
  task.waits_for = nullptr;
  return !is_late;
}

void Scheduler::wait_for_end(pthread_t thread) {
  for (size_t i = 0; i < tasks_.size(); ++i) {
    Task* const task = tasks_[i].get();
    if (task->is_dead || pthread_equal(task->thread, thread) == 0) continue;
    while (!task->is_done)
      wait(task, std::nullopt);
  }
}

/// Where nobody else would have a turn and nothing happens, there is no need to give it back.
void Scheduler::pass_time(int64_t ns) {
  const int64_t until = now_ns_ + ns;
  const bool is_alone = std::none_of(tasks_.begin(), tasks_.end(), [](const auto& task) {
    return task.get() != running_here && task->is_ready && !task->is_dead && !task->is_done;
  });
  if (!is_alone || (!events_.empty() && events_.begin()->first <= until)) {
    wait(nullptr, until);
  } else {
    now_ns_ = until;
  }
}

void Scheduler::end_for_ever() {
  running_here->is_dead = true;
  for (;;)
    give_back(*running_here);
}

}  // namespace weir::simulation
