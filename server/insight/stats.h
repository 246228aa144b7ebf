// What is counted while the server runs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/insight/histogram.h"
#include "server/net/io_counts.h"

namespace weir {

struct CommandStats {
  uint64_t calls = 0;
  uint64_t ns = 0;                       // of all calls; waiting does not count
  uint64_t rejected_calls = 0;           // stopped before it ran
  uint64_t failed_calls = 0;             // answered with an error
  std::unique_ptr<Histogram> durations;  // made when the first is recorded

  /// A call has come to its end.  is_recorded: in the histogram, too.
  void count_call(uint64_t duration_ns, bool is_recorded) {
    ++calls;
    ns += duration_ns;
    if (!is_recorded) return;
    if (durations == nullptr) [[unlikely]]
      durations = std::make_unique<Histogram>();
    durations->record(duration_ns);
  }
};

/// A rate per second: the mean of the last 16 samples.
class Rate {
 public:
  /// `total` has been reached at `now_us`.
  void sample(uint64_t total, int64_t now_us);
  uint64_t per_second() const;
  void clear() { samples_ = {}; }

 private:
  std::array<uint64_t, 16> samples_{};
  size_t next_ = 0;
  uint64_t last_total_ = 0;
  int64_t last_us_ = 0;
};

class Stats {
 public:
  explicit Stats(size_t command_count) : by_command(command_count) {}

  /// One error reply; `text` begins with its code.
  void count_error(std::string_view text);
  /// CONFIG RESETSTAT.  io: what the sockets have counted by now.
  void reset(const IoCounts& io);

  std::vector<CommandStats> by_command;  // by row of the command table
  std::map<std::string, uint64_t, std::less<>> errors_by_code;

  uint64_t commands = 0;
  uint64_t connections = 0;
  uint64_t rejected_connections = 0;
  uint64_t errors = 0;
  uint64_t auth_failures = 0;
  uint64_t denied_commands = 0;  // by ACL rules
  uint64_t denied_keys = 0;
  uint64_t denied_channels = 0;
  uint64_t denied_certificates = 0;  // that name no user
  uint64_t turns = 0;
  uint64_t expiry_runs_cut = 0;  // that left keys whose time was over
  int64_t expiry_us = 0;         // spent on removing keys that nobody asked for
  uint64_t turns_ns = 0;         // what all turns took, waiting for sockets apart
  size_t peak_memory_bytes = 0;
  IoCounts io_at_reset;

  Rate command_rate;
  Rate in_rate;
  Rate out_rate;
  Rate turn_rate;
  Rate turn_ns_rate;
};

}  // namespace weir
