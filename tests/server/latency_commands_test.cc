// LATENCY and INFO latencystats: what the durations of commands become.
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

TestServer watched_server() {
  return TestServer({"--enable-debug-command", "yes", "--latency-monitor-threshold", "100"});
}

bool matches(const Shown& reply, const std::string& form) {
  UNSCOPED_INFO(reply.text);
  return std::regex_match(reply.text, std::regex(form));
}

}  // namespace

TEST_CASE("A slow command is an event of LATENCY", "[latency]") {
  TestServer server = watched_server();
  Redis redis = server.connect();
  redis("PING");
  CHECK(redis("LATENCY", "LATEST") == "[]");
  redis("DEBUG", "SLEEP", "0.11");
  CHECK(matches(redis("LATENCY", "LATEST"), R"(\[\["command",1\d{9},(\d+),\1\]\])"));
  CHECK(matches(redis("LATENCY", "HISTORY", "command"), R"(\[\[1\d{9},\d+\]\])"));
  CHECK(redis("LATENCY", "GRAPH", "command").starts_with("command - high "));
  CHECK(redis("LATENCY", "DOCTOR").starts_with("command: 1 spikes"));
}

TEST_CASE("Waking many readers with much is an event of LATENCY", "[latency]") {
  TestServer server({"--latency-monitor-threshold", "1"});
  Redis redis = server.connect();
  std::vector<RawClient> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(server.connect_raw());
    readers.back().send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  }
  REQUIRE(blocked_become(redis, 5));
  redis("XADD", "s", "*", "f", std::string(8'000'000, 'v'));
  REQUIRE(blocked_become(redis, 0));
  CHECK(redis("LATENCY", "HISTORY", "command-unblocking") != "[]");
}

TEST_CASE("LATENCY without events has nothing to show", "[latency]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("LATENCY", "LATEST") == "[]");
  CHECK(redis("LATENCY", "HISTORY", "command") == "[]");
  CHECK(redis("LATENCY", "GRAPH", "command") == "ERR No samples available for event 'command'");
  CHECK(redis("LATENCY", "DOCTOR").contains("not monitored"));
  CHECK(redis("LATENCY", "RESET") == 0);
  CHECK(redis("LATENCY", "FOO") == "ERR unknown subcommand 'FOO'. Try LATENCY HELP.");
}

TEST_CASE("LATENCY RESET forgets the events that are named, or all", "[latency]") {
  TestServer server = watched_server();
  Redis redis = server.connect();
  redis("DEBUG", "SLEEP", "0.11");
  CHECK(redis("LATENCY", "RESET", "fast-command", "nosuch") == 0);
  CHECK(redis("LATENCY", "RESET", "command") == 1);
  redis("DEBUG", "SLEEP", "0.11");
  CHECK(redis("LATENCY", "RESET") == 1);
  CHECK(redis("LATENCY", "LATEST") == "[]");
}

TEST_CASE("LATENCY HISTOGRAM counts the calls of commands and of a container's", "[latency]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 3; ++i)
    redis("XADD", "s", "*", "f", "v");
  redis("CONFIG", "GET", "port");
  CHECK(matches(redis("LATENCY", "HISTOGRAM", "XADD", "nosuch", "xlen"),
                R"(\["xadd",\["calls",3,"histogram_usec",\[(\d+,\d+,)*\d+,3\]\]\])"));
  CHECK(redis("LATENCY", "HISTOGRAM", "config").starts_with(R"(["config|get",["calls",1,)"));
  const Shown all = redis("LATENCY", "HISTOGRAM");
  CHECK(all.contains(R"("xadd",["calls",3,)"));
  CHECK(all.contains(R"("config|get",["calls",1,)"));
}

TEST_CASE("INFO latencystats has the percentiles that are asked for", "[latency][info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XLEN", "s");
  const std::string name = "latency_percentiles_usec_xlen";
  const std::string number = R"(\d+\.\d{3})";
  CHECK(std::regex_match(info_field(redis, name),
                         std::regex("p50=" + number + ",p99=" + number + ",p99.9=" + number)));
  redis("CONFIG", "SET", "latency-tracking-info-percentiles", "0.0 100.0");
  CHECK(std::regex_match(info_field(redis, name), std::regex("p0=" + number + ",p100=" + number)));
  redis("CONFIG", "SET", "latency-tracking-info-percentiles", "");
  CHECK(info_field(redis, name).empty());
}

TEST_CASE("Durations are recorded with latency-tracking and dropped by RESETSTAT", "[latency]") {
  TestServer server({"--latency-tracking", "no"});
  Redis redis = server.connect();
  redis("XLEN", "s");
  CHECK(redis("LATENCY", "HISTOGRAM") == "[]");
  redis("CONFIG", "SET", "latency-tracking", "yes");
  redis("XLEN", "s");
  CHECK(redis("LATENCY", "HISTOGRAM", "xlen").contains(R"("calls",1)"));
  CHECK_FALSE(info_field(redis, "latency_percentiles_usec_xlen").empty());
  redis("CONFIG", "SET", "latency-tracking", "no");
  CHECK(redis("INFO", "latencystats") == "# Latencystats\r\n");
  redis("CONFIG", "RESETSTAT");
  CHECK(redis("LATENCY", "HISTOGRAM", "xlen") == "[]");
}

TEST_CASE("Each command of a pipeline has its own duration", "[latency][info]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  redis.send("DEBUG", "SLEEP", "0.2");
  redis.send("XLEN", "s");
  redis.send("XLEN", "s");
  for (int i = 0; i < 3; ++i)
    redis.read();
  const std::string sleeps = info_field(redis, "cmdstat_debug");
  CHECK(std::stoll(sleeps.substr(sleeps.find("usec=") + 5)) >= 200'000);
  const std::string reads = info_field(redis, "cmdstat_xlen");
  CHECK(std::stoll(reads.substr(reads.find("usec=") + 5)) < 100'000);
}

}  // namespace weir::testing
