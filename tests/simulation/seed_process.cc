#include "tests/simulation/seed_process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/story.h"
#include "tests/support/temp_folder.h"

namespace weir::simulation {
namespace {

/// For one seed: of the processor's time, and of real time, which is long where others take it.
constexpr rlim_t kMostCpuS = 60;
constexpr unsigned kLongestS = 1200;

void tell_story(uint64_t seed, const std::string& root, int to) {
  alarm(kLongestS);
  const rlimit cpu{.rlim_cur = kMostCpuS, .rlim_max = kMostCpuS};
  setrlimit(RLIMIT_CPU, &cpu);
  // Turns are handed from thread to thread, which is quick on one core.
  const int core = sched_getcpu();
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(core < 0 ? 0U : static_cast<unsigned>(core), &here);
  sched_setaffinity(0, sizeof(here), &here);
  Story story(seed, root);
  const Outcome outcome = story.tell();
  std::string text = std::to_string(outcome.trace) + " " + std::to_string(outcome.promises) + " " +
                     std::to_string(outcome.steps) + " " +
                     std::to_string(outcome.oldest_excused_ms) + "\n";
  for (const std::string& finding : outcome.findings)
    text += finding + "\n";
  static_cast<void>(!::write(to, text.data(), text.size()));
  std::fflush(nullptr);
  _exit(0);
}

std::string read_to_end(int from) {
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t got = ::read(from, piece, sizeof(piece));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece, static_cast<size_t>(got));
  }
}

}  // namespace

SeedResult run_seed(uint64_t seed) {
  const testing::TempFolder folder(testing::TempFolder::memory());
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return {.finding = "no pipe"};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) tell_story(seed, folder.path(), ends[1]);
  ::close(ends[1]);
  const std::string text = read_to_end(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  SeedResult result;
  if (WIFSIGNALED(status)) {
    result.finding = std::string("ended by ") + strsignal(WTERMSIG(status));
    return result;
  }
  unsigned long long trace = 0;
  unsigned long long promises = 0;
  unsigned long long excused = 0;
  unsigned long long steps = 0;
  std::sscanf(text.c_str(), "%llu %llu %llu %llu", &trace, &promises, &steps, &excused);
  result = {.finding = text.substr(std::min(text.size(), text.find('\n') + 1)),
            .trace = trace,
            .promises = promises,
            .oldest_excused_ms = excused,
            .steps = steps};
  if (text.empty()) result.finding = "it ended without a word";
  return result;
}

}  // namespace weir::simulation
