// A client that writes until its server dies, and then knows what must have survived.
//
//   units:  1 2 3 … 40 │ 41 … 45 │ 46 47 48       what it sent, in order; each a command, or
//                      │         │ sent, no reply  MULTI … EXEC
//                      │ acknowledged, but too young to be promised (everysec)
//                      must be there
//
// A unit's effect depends on nothing but those before it: the keys are the writer's own, IDs are
// explicit.  So what a restart finds must be what some first n units give, n not less than what was
// promised: a reference server, which never dies, is given one unit after the other until both
// agree.  A half transaction, a gap, or a loss is a state that it never has.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/patience.h"
#include "tests/support/redis.h"

namespace weir::testing {

class CrashWriter {
 public:
  CrashWriter(size_t number, uint64_t seed);

  /// Writes to the server at this socket until the connection ends; to be run in a thread.
  /// progress: counts units that were acknowledged.
  void write_until_closed(const std::string& socket_path, std::atomic<uint64_t>& progress);

  /// Compares what a server found again with what was written, and goes on from there.
  /// young: what was acknowledged since then need not be there.  The text says what is wrong, else
  /// is empty.
  std::string check(Redis& found, Redis& reference, std::optional<Clock::time_point> young);

  /// Units acknowledged over all lives, and those of them that a check found missing.
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t lost() const { return lost_; }

 private:
  using Words = std::vector<std::string>;
  struct Unit {
    std::vector<Words> commands;
    std::optional<Clock::time_point> acknowledged;
  };

  Unit next_unit();
  Words command();
  Words xadd();
  Words group_command();
  std::string key();
  std::string some_id();
  uint64_t below(uint64_t bound) { return random_() % bound; }
  std::string describe(Redis& redis) const;
  void apply(Redis& reference, size_t from, size_t to) const;
  std::optional<size_t> approach(Redis& reference, const std::string& wanted, size_t from,
                                 size_t to) const;
  void copy_keys(Redis& reference, const std::string& from, const std::string& to) const;

  std::mt19937_64 random_;
  std::vector<std::string> keys_;
  uint64_t last_id_ = 0;
  std::vector<Unit> units_;  // since the last check
  uint64_t acknowledged_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace weir::testing
