// redis-benchmark runs without an error, and what it did is there afterwards.
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

constexpr int kRequests = 2000;

std::string benchmark(std::vector<std::string> words) {
  words.insert(words.begin(),
               {"redis-benchmark", "-q", "-c", "8", "-n", std::to_string(kRequests)});
  const Finished finished = run_tool(words);
  std::string all = finished.out + finished.err;
  CAPTURE(all);
  CHECK(finished.exit_code == 0);
  CHECK_FALSE(contains(all, "rror"));
  CHECK_FALSE(contains(all, "WARNING"));
  return all;
}

bool reports(const std::string& output, const std::string& test) {
  return std::regex_search(output, std::regex(test + R"(: \d+\.\d+ requests per second)"));
}

std::vector<std::string> add_entries(std::vector<std::string> words) {
  words.insert(words.end(), {"XADD", "s", "*", "f", "v"});
  return words;
}

}  // namespace

TEST_CASE("redis-benchmark pings inline and in multibulk", "[clients]") {
  TestServer server;
  const std::string port = std::to_string(server.port());
  const std::vector<std::vector<std::string>> ways = {{"-p", port},
                                                      {"-p", port, "-P", "16"},
                                                      {"-p", port, "-P", "16", "-3"},
                                                      {"-p", port, "--dbnum", "5"},
                                                      {"-s", server.socket_path(), "-P", "16"}};
  for (std::vector<std::string> way : ways) {
    CAPTURE(way.size(), way.back());
    way.insert(way.end(), {"-t", "ping_inline,ping_mbulk"});
    const std::string output = benchmark(way);
    CHECK(reports(output, "PING_INLINE"));
    CHECK(reports(output, "PING_MBULK"));
  }
}

TEST_CASE("redis-benchmark adds entries in pipelines of 16", "[clients]") {
  TestServer server;
  const std::string port = std::to_string(server.port());
  const std::vector<std::vector<std::string>> ways = {{"-p", port, "-P", "16"},
                                                      {"-s", server.socket_path(), "-P", "16"},
                                                      {"-p", port, "-P", "16", "-3"},
                                                      {"-p", port, "--dbnum", "5"}};
  for (const std::vector<std::string>& way : ways) {
    CAPTURE(way.back());
    Redis redis = server.connect();
    CHECK(reports(benchmark(add_entries(way)), "XADD s \\* f v"));
    if (way.back() == "5") redis("SELECT", 5);
    // With -P it rounds up to whole pipelines of every client.
    CHECK(redis("XLEN", "s").number() >= kRequests);
    CHECK(redis("FLUSHALL") == "OK");
  }
}

TEST_CASE("redis-benchmark gives its password", "[clients]") {
  TestServer server({"--requirepass", "secret"});
  const std::string port = std::to_string(server.port());
  CHECK(reports(benchmark({"-p", port, "-a", "secret", "-t", "ping_mbulk"}), "PING_MBULK"));
}

TEST_CASE("redis-benchmark spreads entries over random keys", "[clients]") {
  TestServer server;
  const std::string port = std::to_string(server.port());
  const Finished finished = run_tool({"redis-benchmark", "-q", "-p", port, "-n", "1000", "-r",
                                      "100", "xadd", "key:__rand_int__", "*", "f", "__rand_int__"});
  CHECK(finished.exit_code == 0);
  const int64_t keys = server.connect()("DBSIZE").number();
  CHECK(keys > 50);
  CHECK(keys <= 100);
}

}  // namespace weir::testing
