// weir-soak: a primary and its replica under mixed load for as long as one likes.
//
//   weir-soak SECONDS [ENTRIES_PER_S]
//
// The primary has a log (everysec); the load is in load.h, what befalls both in chores.h.  Each
// minute a line tells the operations, memory and latencies of that minute.  It fails if a command
// or a chore does, if an acknowledged entry reaches nobody, if the replica's data differ in the end
// or the primary's after a restart, and if resident memory grows from the first quarter of the run
// to its last by more than a tenth (in runs of ten minutes and more: shorter ones only tell it).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/soak/chores.h"
#include "tests/soak/crew.h"
#include "tests/soak/load.h"
#include "tests/support/replication_stage.h"

namespace weir::soak {
namespace {

using testing::info_field;
using testing::Milliseconds;
using testing::Redis;
using testing::TestServer;

constexpr double kEntriesPerS = 5000;
constexpr Milliseconds kBetweenLooks = std::chrono::seconds(1);
constexpr auto kBetweenLines = std::chrono::seconds(60);
constexpr Milliseconds kBetweenChores = std::chrono::seconds(5);
/// From this length on, memory that grows is a failure.
constexpr int kLongS = 600;
constexpr double kMostGrowth = 1.1;
constexpr double kMebi = 1 << 20;

double resident_mib(const TestServer& server) {
  std::ifstream file("/proc/" + std::to_string(server.pid()) + "/status");
  std::string word;
  while (file >> word && word != "VmRSS:") {
  }
  double kib = 0;
  file >> kib;
  return kib / 1024;
}

double number_of(Redis& redis, const char* field) {
  return std::strtod(info_field(redis, field).c_str(), nullptr);
}

/// What is seen of the primary from outside: a look each second, a line each minute.
class Observer {
 public:
  Observer(const TestServer& primary, Load& load)
      : primary_(primary), load_(load), redis_(primary.connect()) {}

  void turn() {
    testing::let_pass(kBetweenLooks);
    resident_.push_back(resident_mib(primary_));
    if (testing::Clock::now() >= next_line_) print_line();
  }

  void print_line() {
    if (elapsed_s_ == 0) {
      std::printf("%6s %10s %9s %9s %9s %6s   %s\n", "second", "entries", "ops/s", "used MiB",
                  "RSS MiB", "frag", "microseconds of one XADD");
    }
    const double elapsed_s = std::chrono::duration<double>(testing::Clock::now() - began_).count();
    const double commands = number_of(redis_, "total_commands_processed");
    std::printf("%6.0f %10llu %9.0f %9.1f %9.1f %6.3f   %s\n", elapsed_s,
                static_cast<unsigned long long>(load_.ledger.added()),
                (commands - commands_) / (elapsed_s - elapsed_s_),
                number_of(redis_, "used_memory") / kMebi, resident_mib(primary_),
                number_of(redis_, "mem_fragmentation_ratio"),
                load_.latencies.recent_text().c_str());
    std::fflush(stdout);
    commands_ = commands;
    elapsed_s_ = elapsed_s;
    next_line_ += kBetweenLines;
  }

  /// Median MiB of a quarter of the run, 0 ... 3.
  double resident_in(size_t quarter) const {
    const size_t part = resident_.size() / 4;
    if (part == 0) return 0;
    const auto from = resident_.begin() + static_cast<std::ptrdiff_t>(quarter * part);
    std::vector<double> values(from, from + static_cast<std::ptrdiff_t>(part));
    std::sort(values.begin(), values.end());
    return values[part / 2];
  }

 private:
  const TestServer& primary_;
  Load& load_;
  Redis redis_;
  std::vector<double> resident_;
  const testing::Clock::time_point began_ = testing::Clock::now();
  testing::Clock::time_point next_line_ = began_ + kBetweenLines;
  double commands_ = 0;
  double elapsed_s_ = 0;
};

std::vector<std::string> durable(std::vector<std::string> options) {
  options.insert(options.end(), {"--appendonly", "yes", "--appendfsync", "everysec"});
  return options;
}

/// In this thread: a server goes with the thread that started it.
void do_chores(const Crew& crew, Chores& chores, int seconds) {
  const auto end = testing::Clock::now() + std::chrono::seconds(seconds);
  for (auto due = testing::Clock::now() + kBetweenChores; due < end; due += kBetweenChores) {
    while (crew.is_working() && testing::Clock::now() < due)
      testing::let_pass(kBetweenLooks);
    if (!crew.is_working()) return;
    chores.next();
  }
}

std::string digest(const TestServer& server) {
  return server.connect()("DEBUG", "DIGEST").text;
}

void require(bool condition, const std::string& text) {
  if (!condition) throw std::runtime_error(text);
}

void check_data(TestServer& primary, TestServer& replica, Load& load) {
  clear_queues(load);
  Redis redis = primary.connect();
  require(testing::wait_until([&] { return redis("DBSIZE") == kLastingKeys; }),
          "keys do not expire");
  require(load.ledger.behind() == 0,
          std::to_string(load.ledger.behind()) + " acknowledged entries reached nobody");
  const std::string before = digest(primary);
  require(testing::in_step(primary, replica), "the replica does not catch up");
  require(digest(replica) == before, "the replica has other data");
  require(primary.terminate() == 0, "the primary does not end well");
  primary.start_again();
  require(testing::wait_until([&] { return digest(primary) == before; }, std::chrono::minutes(5),
                              Milliseconds(50)),
          "the primary has other data after a restart");
}

int run(int seconds, double entries_per_s) {
  TestServer primary(durable(testing::primary_options({"--repl-backlog-size", "64mb"})));
  TestServer replica(durable(testing::replica_of(primary)));
  Load load{.port = primary.port(), .entries_per_s = entries_per_s};
  Observer observer(primary, load);
  Chores chores(primary, replica);
  Crew crew;
  begin(crew, load);
  crew.hire("observer", [&observer] { return [&observer] { observer.turn(); }; });
  do_chores(crew, chores, seconds);
  crew.stop();
  observer.print_line();
  require(crew.failure().empty(), crew.failure());
  check_data(primary, replica, load);
  const double first = observer.resident_in(0);
  const double last = observer.resident_in(3);
  std::printf(
      "\n%llu entries, each given to somebody; %llu given again; %d chores; both digests"
      " equal, and after a restart\n"
      "RSS %.1f MiB in the first quarter, %.1f in the last: %.2f times\n"
      "one XADD, %llu times, microseconds: %s\n",
      static_cast<unsigned long long>(load.ledger.added()),
      static_cast<unsigned long long>(load.ledger.again()), chores.done(), first, last,
      last / first, static_cast<unsigned long long>(load.latencies.count()),
      load.latencies.text().c_str());
  require(seconds < kLongS || last <= kMostGrowth * first, "resident memory grows");
  return 0;
}

}  // namespace
}  // namespace weir::soak

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 0;
  if (argc > 3 || seconds <= 0) {
    std::fputs("usage: weir-soak SECONDS [ENTRIES_PER_S]\n", stderr);
    return 2;
  }
  try {
    return weir::soak::run(seconds, argc > 2 ? std::atof(argv[2]) : weir::soak::kEntriesPerS);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir-soak: %s\n", error.what());
    return 1;
  }
}
