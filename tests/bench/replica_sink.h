// A replica that applies nothing, so that only what it costs its primary is seen.
//
//   PING, REPLCONF, PSYNC ? -1 ─► the snapshot, read to its end ─► REPLCONF ACK, once a second
//                            then it reads and forgets, or reads nothing
//
// Its thread reads with pauses, as one read of much costs the client's core less than many.
#pragma once

#include <string>
#include <thread>

#include "tests/bench/client_socket.h"

namespace weir::bench {

class ReplicaSink {
 public:
  enum class Reads { kAll, kNothing };

  /// Returns when the primary sends it the stream.
  explicit ReplicaSink(const Endpoint& primary, Reads reads = Reads::kAll);
  ~ReplicaSink();
  ReplicaSink(const ReplicaSink&) = delete;
  ReplicaSink& operator=(const ReplicaSink&) = delete;

 private:
  std::string read_line();
  void read_snapshot(const std::string& announced);
  void follow(const std::stop_token& stop, Reads reads) const;

  Fd fd_;
  std::string input_;  // what came behind the last line
  std::jthread thread_;
};

}  // namespace weir::bench
