// A producer that lives through failovers, and knows what it was promised: it asks a Sentinel who
// the primary is, writes entries with IDs of its own, in order, and asks again when the connection
// ends, nobody answers, or it meets a replica.
//
//   IDs:  1 2 3 … 40 │ 41 … 47 │ 48 49 …
//          acknowledged  sent, no reply or an error: they may be there or not
//
// Always: an entry counts as acknowledged only if its own reply said so.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/patience.h"
#include "tests/support/raw_client.h"
#include "tests/support/redis.h"

namespace weir::testing {

class FailoverWriter {
 public:
  struct Acknowledged {
    uint64_t id = 0;
    Clock::time_point sent;
    Clock::time_point at;
  };

  FailoverWriter(size_t number, std::vector<int> sentinel_ports, uint64_t seed)
      : key_("w" + std::to_string(number)), sentinels_(std::move(sentinel_ports)), random_(seed) {}

  /// Writes until it is told to end; to be run in a thread.
  void run(const std::atomic<bool>& ends);

  // --- Meanwhile, from another thread
  uint64_t acknowledged_count() const { return count_.load(std::memory_order_relaxed); }
  /// When the first entry that was sent after `since` was acknowledged.
  std::optional<Clock::time_point> first_acknowledged(Clock::time_point since) const;
  /// What was acknowledged up to now and this server does not have; asked for again, it is not told
  /// again.  only_new: of what no call before has asked for.
  std::vector<Acknowledged> take_missing(Redis& server, bool only_new);
  /// Whether both servers have the same of what it wrote.
  bool is_same_on(Redis& one, Redis& other) const;

 private:
  void write_to(int port, const std::atomic<bool>& ends);
  bool write_batch(RawClient& client, int port, const std::atomic<bool>& ends);
  int ask_for_primary();

  const std::string key_;
  const std::vector<int> sentinels_;
  std::mt19937_64 random_;
  uint64_t last_id_ = 0;
  std::atomic<uint64_t> count_ = 0;
  mutable std::mutex mutex_;
  std::vector<Acknowledged> acknowledged_;  // in order
  size_t checked_ = 0;                      // how many of them
};

}  // namespace weir::testing
