// What goes on beside one client that behaves, and how long that one waits for its replies.
//
// A crowd is driven by a thread of its own, which makes way for the one that measures: they share
// the client's core.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/client_socket.h"
#include "tests/bench/scenario.h"

namespace weir::bench {

struct Crowd {
  std::vector<Fd> connections;       // they go with it
  std::function<void(Trial&)> step;  // again and again as long as the crowd runs
};

/// Runs the crowd's step on a thread as long as it lives.
class CrowdRunner {
 public:
  CrowdRunner(Crowd& crowd, Trial& trial);
  ~CrowdRunner();
  CrowdRunner(const CrowdRunner&) = delete;
  CrowdRunner& operator=(const CrowdRunner&) = delete;

 private:
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

/// One client that sends a command again as soon as it is answered, and notes how long that took.
class Witness {
 public:
  /// Connects: before the crowd comes, if it is to be there first.
  Witness(Trial& trial, std::vector<std::string> words);

  /// Of the trial's window, in microseconds, ascending.
  std::vector<double> waits_us();

 private:
  uint64_t next(std::string_view replies, Request& made);

  const Timing& timing_;
  std::vector<std::string> words_;
  std::vector<double> took_us_;
  uint64_t sent_at_ns_ = 0;
  LoadGenerator load_;
};

/// The median, 99 % and 99.9 % of the waits.
std::vector<double> percentiles_of(const std::vector<double>& waits_us);

}  // namespace weir::bench
