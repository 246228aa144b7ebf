// Tools and libraries that come in as a user with few rights.
#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

/// Only "worker", with the password "secret", and who knows "root" get in.
std::vector<std::string> guarded() {
  return {"--requirepass", "root", "--user",
          "worker on >secret ~jobs* +@stream +@connection +info resetchannels"};
}

std::string cli_as_worker(const TestServer& server, std::vector<std::string> words) {
  std::vector<std::string> arguments = {"redis-cli", "-p", std::to_string(server.port()),
                                        "--no-auth-warning"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_tool(arguments).out;
}

void check_as_worker(const std::string& interpreter, const std::string& script) {
  TestServer server(guarded());
  check_script(interpreter, script, {std::to_string(server.port())});
}

}  // namespace

TEST_CASE("redis-cli --user works as that user, in both protocols", "[clients]") {
  TestServer server(guarded());
  for (const char* protocol : {"-2", "-3"}) {
    const auto ask = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {protocol, "--user", "worker", "--pass", "secret"});
      return cli_as_worker(server, std::move(words));
    };
    CHECK(ask({"xadd", "jobs", "*", "f", "v"}).find('-') != std::string::npos);
    CHECK(ask({"xlen", "other"}) == "NOPERM No permissions to access a key\n\n");
    CHECK(ask({"flushall"}) ==
          "NOPERM User worker has no permissions to run the 'flushall' command\n\n");
  }
  CHECK(cli_as_worker(server, {"-a", "root", "acl", "whoami"}) == "default\n");
}

TEST_CASE("redis-py works as a user", "[clients]") {
  check_as_worker("/usr/bin/python3", "python_user.py");
}

TEST_CASE("ioredis works as a user", "[clients]") {
  check_as_worker("node", "node_ioredis_user.mjs");
}

}  // namespace weir::testing
