// What commands say about themselves and the clock.
#include <regex>
#include <string>

#include <catch2/catch.hpp>

#include "server/text.h"
#include "tests/support/redis.h"
#include "tests/support/test_server.h"

namespace weir::testing {

TEST_CASE("Every container explains its subcommands and ends with HELP itself", "[help]") {
  const TestServer server;
  Redis redis = server.connect();
  const auto helped = [](const Shown& help) {
    return help.contains("<subcommand> [<arg> [value] [opt] ...]. Subcommands are:") &&
           help.contains("HELP") && help.contains("    Print this help.");
  };
  CHECK(helped(redis("CLIENT", "HELP")));
  CHECK(helped(redis("COMMAND", "HELP")));
  CHECK(helped(redis("CONFIG", "HELP")));
  CHECK(helped(redis("FUNCTION", "HELP")));
  CHECK(helped(redis("LATENCY", "HELP")));
  CHECK(helped(redis("MEMORY", "HELP")));
  CHECK(helped(redis("MODULE", "HELP")));
  CHECK(helped(redis("OBJECT", "HELP")));
  CHECK(helped(redis("SCRIPT", "HELP")));
  CHECK(helped(redis("SLOWLOG", "HELP")));
  CHECK(helped(redis("XGROUP", "HELP")));
  CHECK(helped(redis("XINFO", "HELP")));
}

TEST_CASE("A container's HELP names each of its subcommands", "[help]") {
  const TestServer server;
  Redis redis = server.connect();
  const std::string all = redis("COMMAND", "LIST").text;
  const std::regex word("\"([a-z]+)\\|([a-z-]+)\"");
  int subcommands = 0;
  for (std::sregex_iterator found(all.begin(), all.end(), word), end; found != end; ++found) {
    const std::string container = (*found)[1];
    if (container == "cluster") continue;  // it has none, whatever is asked
    const std::string name = to_upper((*found)[2].str());
    CAPTURE(container, name);
    CHECK(std::regex_search(redis(container, "HELP").text, std::regex("," + name + "[ ,]")));
    ++subcommands;
  }
  CHECK(subcommands > 60);
}

TEST_CASE("COMMAND COUNT counts commands without their subcommands", "[command]") {
  const TestServer server;
  Redis redis = server.connect();
  const Shown count = redis("COMMAND", "COUNT");
  CHECK(count.number() > 30);
  CHECK(count.number() < 150);
}

TEST_CASE("TIME goes forward and has two parts", "[time]") {
  const TestServer server;
  Redis redis = server.connect();
  const std::string before = redis("TIME").text;
  CHECK(before.starts_with("[\""));
  CHECK(redis("TIME").text >= before);
}

}  // namespace weir::testing
