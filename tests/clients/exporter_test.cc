// What Prometheus sees of a server, through the exporter that Debian has.
#include <string>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

/// One scrape: metrics on standard output, the exporter's log on standard error.
Finished scrape(const TestServer& server) {
  const std::string script = std::string(WEIR_SOURCE_DIR) + "/tests/clients/exporter.py";
  return run_tool({"/usr/bin/python3", script, std::to_string(server.port())});
}

void fill(Redis& redis) {
  for (int n = 1; n <= 3; ++n)
    redis("XADD", "orders", std::to_string(n) + "-0", "f", "v");
  redis("XGROUP", "CREATE", "orders", "billing", "0");
  redis("XREADGROUP", "GROUP", "billing", "worker", "COUNT", "2", "STREAMS", "orders", ">");
  redis("NOSUCH");
}

}  // namespace

TEST_CASE("A scrape by the Prometheus exporter leaves no error in its log", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  const Finished finished = scrape(server);
  CAPTURE(finished.err);
  CHECK(finished.exit_code == 0);
  CHECK_FALSE(contains(finished.err, "level=error"));
  CHECK_FALSE(contains(finished.err, "level=warn"));
}

TEST_CASE("The Prometheus exporter finds the server's figures and those of streams", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  const Finished finished = scrape(server);
  CAPTURE(finished.out, finished.err);
  for (const std::string line :
       {"redis_up 1", "redis_db_keys{db=\"db0\"} 1",
        "redis_stream_length{db=\"db0\",stream=\"orders\"} 3",
        "redis_stream_groups{db=\"db0\",stream=\"orders\"} 1",
        "redis_stream_group_consumers{db=\"db0\",group=\"billing\",stream=\"orders\"} 1",
        "redis_stream_group_messages_pending{db=\"db0\",group=\"billing\",stream=\"orders\"} 2",
        "redis_commands_total{cmd=\"xadd\"} 3", "redis_errors_total{err=\"ERR\"} 1",
        "redis_slowlog_length 0", "redis_blocked_clients 0", "redis_cluster_enabled 0"}) {
    CAPTURE(line);
    CHECK(contains(finished.out, "\n" + line + "\n"));
  }
  for (const std::string name :
       {"redis_memory_used_bytes ", "redis_commands_duration_seconds_total{cmd=\"xadd\"} ",
        "redis_connected_clients ", "redis_stream_group_consumer_messages_pending{",
        "redis_latency_percentiles_usec{cmd=\"xadd\""}) {
    CAPTURE(name);
    CHECK(contains(finished.out, "\n" + name));
  }
}

}  // namespace weir::testing
