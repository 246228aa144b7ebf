// A stretch of network in front of a server that loses connections, in all the ways there are.
//
//   replica ──► TornLinks ──► primary        cut      both ends are closed, some with a reset
//               port()        target         half     one direction ends, the other goes on a while
//                                            stall    nothing passes for a while
//                                            drip     a few bytes at a time, with pauses
//
// What befalls a connection is drawn when it begins, and at which byte: some within the handshake,
// some within a snapshot, some long after.  A thread of its own does it.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <random>
#include <thread>

#include "tests/support/patience.h"
#include "tests/support/torn_link.h"

namespace weir::testing {

class TornLinks {
 public:
  /// target: a port of 127.0.0.1.
  TornLinks(int target, uint64_t seed);
  ~TornLinks();
  TornLinks(const TornLinks&) = delete;
  TornLinks& operator=(const TornLinks&) = delete;

  int port() const { return port_; }
  /// Whether connections that begin from now on are torn; it begins calm.
  void set_torn(bool is_torn) { is_torn_ = is_torn; }
  /// Closes every connection there is.
  void cut_all();

  /// How often what happened.
  struct Counts {
    std::atomic<uint64_t> links = 0;
    std::atomic<uint64_t> cuts = 0;
    std::atomic<uint64_t> halves = 0;
    std::atomic<uint64_t> stalls = 0;
    std::atomic<uint64_t> drips = 0;
    std::atomic<uint64_t> bytes = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  void run();
  void accept_one();
  TornLink::Fate draw_fate();
  uint64_t below(uint64_t bound) { return random_() % bound; }

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::mt19937_64 random_;
  std::list<TornLink> links_;
  Counts counts_;
  std::atomic<bool> is_torn_ = false;
  std::atomic<uint64_t> cuts_asked_ = 0;
  std::atomic<uint64_t> cuts_done_ = 0;
  std::atomic<bool> ends_ = false;
  std::thread thread_;  // last: it uses all of the others
};

}  // namespace weir::testing
