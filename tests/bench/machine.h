// What the benchmark takes from the machine: two cores, file descriptors, a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir::bench {

/// The cores of server and client; -1 on a machine of one core, where nothing is pinned.
struct Cores {
  int server = -1;
  int client = -1;
};

/// Picks the first two cores that this process may use, and stays on the second.
Cores take_cores();

/// Pins the calling process to `core`; -1 does nothing.
void pin_to(int core);

/// Raises the limit of open files to its hard bound and returns it.
size_t raise_file_limit();

/// Monotonic time.
uint64_t now_ns();

/// How much of the machine others have used since the object was made.  The benchmark's children
/// count as ours once they have been reaped.
class ForeignLoad {
 public:
  ForeignLoad();
  /// Share of all cores, 0 ... 1, with what the host has stolen.
  double share() const;

 private:
  double busy_s_;
  double ours_s_;
  uint64_t started_ns_;
};

/// CPU model, number of cores and kernel, in one line.
std::string describe_machine();

}  // namespace weir::bench
