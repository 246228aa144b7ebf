// A primary, two replicas, and three of Debian's Sentinels that watch them: seven processes.
//
//   SentinelGroup group({.server_lines = {"appendonly yes"}});
//   REQUIRE(group.becomes_well());
//   const size_t killed = *group.primary();
//   group.server(killed).crash_now();
//   REQUIRE(wait_until([&] { return group.primary() != killed; }));
//
// The Sentinels look several times a second where by themselves they do every second or ten, so
// that a failover takes two seconds and not twelve.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/server/configured_server.h"

namespace weir::testing {

class SentinelGroup {
 public:
  static constexpr size_t kServers = 3;
  static constexpr size_t kSentinels = 3;

  struct Options {
    std::vector<std::string> server_lines = {};  // of the configuration of each server
    int down_after_ms = 1000;                    // silence that is taken for death
    int failover_timeout_ms = 2000;              // twice that lies between two failovers
    bool is_hurried = true;
  };
  explicit SentinelGroup(const Options& options);

  ConfiguredServer& server(size_t i) { return *servers_[i]; }
  const ConfiguredServer& sentinel(size_t i) const { return *sentinels_[i]; }
  /// The server at this port.
  std::optional<size_t> server_at(int port) const;
  /// The port that a Sentinel names as the primary's; 0: it does not answer.
  static int primary_port(Redis& sentinel);
  /// The server that all Sentinels name; nothing while they do not agree.
  std::optional<size_t> primary();

  /// All agree, the primary has both replicas, each Sentinel sees that and has nothing to do.
  bool is_well();
  /// Within the deadline, which begins when no Sentinel is in TILT: one that the machine let stand
  /// for two seconds trusts no clock for thirty, and does nothing meanwhile.
  bool becomes_well(Milliseconds deadline = patient(Milliseconds(20000)));
  /// Ends the Sentinels: roles stay as they are.
  void end_watching();
  /// What the Sentinels have printed, for a test that fails.
  std::string logs() const;

 private:
  bool sees_all_well(size_t sentinel);
  bool trust_their_clocks();

  std::vector<std::unique_ptr<ConfiguredServer>> servers_;
  std::vector<std::unique_ptr<ConfiguredServer>> sentinels_;
  std::vector<Redis> questions_;  // a connection to each Sentinel
};

}  // namespace weir::testing
