// A queue of work and the processes around it: producers and consumers are programs over some
// client library, the queue is the stream "jobs" with the group "workers".
//
//   <program> producer <port> <first> <last>                   adds these jobs
//   <program> consumer <port> <name> <min idle> <hang after>   until the queue is closed and empty
//
// An entry has the fields job (its number), kind, and payload: bytes that follow from the number,
// all 256 values, none for some jobs.  A consumer claims what has been idle for `min idle` ms,
// reads, works, acknowledges one entry at a time, and tells each step in a line of its own, at
// once:
//
//   got 17 1795269436723-0       delivered for the first time, told for the whole reply at first
//   claimed 17 1795269436723-0   delivered because somebody left it idle
//   worked 17                    its payload was right
//   acked 17 1                   what XACK replied
//   hangs                        nothing comes anymore
//
// It hangs, if it is told to, once it has acknowledged so many: between work and XACK, with more
// entries of the same reply untouched.  The queue is closed when there is a key "closed".
#pragma once

#include <deque>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {

/// An interpreter, found on the PATH if it is no path, and its script in this folder.
struct Program {
  std::string interpreter;
  std::string script;
};

/// What a consumer told.  The numbers of jobs, each as often as it was told.
struct Journal {
  using Jobs = std::multiset<int64_t>;

  Jobs got;
  Jobs claimed;
  Jobs worked;
  Jobs acked;       // XACK replied 1
  Jobs acked_late;  // XACK replied something else: somebody had acknowledged it before
  std::map<int64_t, std::string> ids;

  void add(const Journal& other) {
    got.insert(other.got.begin(), other.got.end());
    claimed.insert(other.claimed.begin(), other.claimed.end());
    worked.insert(other.worked.begin(), other.worked.end());
    acked.insert(other.acked.begin(), other.acked.end());
    acked_late.insert(other.acked_late.begin(), other.acked_late.end());
  }
};

inline Journal read_journal(const std::string& text) {
  Journal journal;
  std::istringstream lines(text.substr(0, text.rfind('\n') + 1));  // the last may be half written
  std::string what;
  while (lines >> what) {
    if (what == "hangs") continue;
    int64_t job = 0;
    std::string rest;
    lines >> job;
    if (what == "worked") {
      journal.worked.insert(job);
      continue;
    }
    lines >> rest;
    if (what == "acked") {
      (rest == "1" ? journal.acked : journal.acked_late).insert(job);
    } else if (what == "got" || what == "claimed") {
      (what == "got" ? journal.got : journal.claimed).insert(job);
      journal.ids[job] = rest;
    } else {
      throw std::runtime_error("a consumer tells: " + what);
    }
  }
  return journal;
}

/// A producer or consumer that runs; what it prints goes to files in a folder of its own.
class QueueProcess {
 public:
  QueueProcess(const Program& program, const std::vector<std::string>& words)
      : process_(start(program, words)) {}

  Journal journal() const { return read_journal(read_text(folder_ / "out")); }
  bool has_told(const std::string& what) const {
    return read_text(folder_ / "out").find(what) != std::string::npos;
  }

  /// Throws what it said when it has ended.
  void must_run() {
    if (process_.exit_code()) throw std::runtime_error("a consumer ended: " + errors());
  }
  /// Waits for its end; throws what it said when that is a failure.
  void must_succeed() {
    const int exit_code = process_.wait(patient(Milliseconds(30000)));
    if (exit_code != 0) throw std::runtime_error("a process of the queue failed: " + errors());
  }
  /// Kills it in whatever it does.
  int kill_now() {
    process_.send_signal(SIGKILL);
    return process_.wait();
  }

 private:
  std::string errors() const { return read_text(folder_ / "err"); }
  ChildProcess start(const Program& program, const std::vector<std::string>& words) {
    const std::string script = std::string(WEIR_SOURCE_DIR) + "/tests/clients/" + program.script;
    std::vector<std::string> all = {program.interpreter, script};
    all.insert(all.end(), words.begin(), words.end());
    const int out = create(folder_ / "out");
    const int err = create(folder_ / "err");
    ChildProcess process("/usr/bin/env", all, out, err);
    close(out);
    close(err);
    return process;
  }
  static int create(const std::string& path) {
    return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }

  TempFolder folder_;
  ChildProcess process_;
};

class Queue {
 public:
  explicit Queue(const TestServer& server)
      : port_(std::to_string(server.port())), redis_(server.connect()) {
    redis_("XGROUP", "CREATE", "jobs", "workers", "0", "MKSTREAM");
  }

  struct Habits {
    int64_t min_idle_ms = 0;
    int64_t hang_after = 0;  // 0: never
  };
  QueueProcess& start_consumer(const Program& program, const std::string& name, Habits habits) {
    return consumers_.emplace_back(
        program,
        std::vector<std::string>{"consumer", port_, name, std::to_string(habits.min_idle_ms),
                                 std::to_string(habits.hang_after)});
  }

  /// Starts to add so many jobs behind those that there are.
  QueueProcess& start_producer(const Program& program, int64_t jobs) {
    const int64_t first = jobs_ + 1;
    jobs_ += jobs;
    return producers_.emplace_back(
        program,
        std::vector<std::string>{"producer", port_, std::to_string(first), std::to_string(jobs_)});
  }
  void close() { redis_("XADD", "closed", "*", "f", "v"); }

  /// All jobs that were or will be added.
  int64_t jobs() const { return jobs_; }
  Redis& redis() { return redis_; }

  /// Waits; throws what the consumers say when one of them ends, or when it was in vain.
  template <typename Condition>
  void wait_for(const std::string& what, const Condition& holds) {
    const bool came = wait_until(
        [&] {
          for (QueueProcess& consumer : consumers_)
            consumer.must_run();
          return holds();
        },
        patient(Milliseconds(30000)));
    if (!came) throw std::runtime_error("in vain: " + what);
  }

 private:
  std::string port_;
  Redis redis_;
  int64_t jobs_ = 0;
  std::deque<QueueProcess> consumers_;
  std::deque<QueueProcess> producers_;
};

}  // namespace weir::testing
