// Servers that follow each other, and how far they are.
//
//   TestServer primary = redis_primary();
//   TestServer replica(replica_of(primary));
//   Redis redis = replica.connect();
//   REQUIRE(in_step(primary, replica));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/info_fields.h"
#include "tests/support/test_server.h"

namespace weir::testing {

/// Options of a server that others follow at once, and whose data can be compared.
inline std::vector<std::string> primary_options(std::vector<std::string> more = {}) {
  std::vector<std::string> options = {"--repl-diskless-sync-delay", "0",
                                      "--enable-debug-command",     "yes",
                                      "--repl-ping-replica-period", "1"};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

inline std::vector<std::string> replica_of(const TestServer& primary,
                                           std::vector<std::string> more = {}) {
  std::vector<std::string> options =
      primary_options({"--replicaof", "127.0.0.1 " + std::to_string(primary.port())});
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

/// Waits until the replica has applied all that the primary has told.
inline bool in_step(Redis& primary, Redis& replica) {
  return wait_until([&] {
    return info_field(replica, "master_link_status") == "up" &&
           info_field(primary, "master_repl_offset") == info_field(replica, "slave_repl_offset") &&
           info_field(primary, "master_replid") == info_field(replica, "master_replid");
  });
}

inline bool in_step(const TestServer& primary, const TestServer& replica) {
  Redis one = primary.connect();
  Redis other = replica.connect();
  return in_step(one, other);
}

inline bool log_says(const TestServer& server, std::string_view text) {
  return wait_until([&] { return server.has_logged(text); });
}

}  // namespace weir::testing
