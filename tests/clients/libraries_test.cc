// Client libraries in their own languages: each script does what an application does and prints
// "ok".
#include <string>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

void check_script(const std::string& interpreter, const std::string& script) {
  TestServer server;
  const std::string path = std::string(WEIR_SOURCE_DIR) + "/tests/clients/" + script;
  const Finished finished = run_tool({interpreter, path, std::to_string(server.port())});
  CAPTURE(finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(finished.out == "ok\n");
  CHECK(server.connect()("PING") == "PONG");
}

}  // namespace

TEST_CASE("redis-py adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  // The system's interpreter, as with PHP and Ruby: it is the one that the package of the library
  // belongs to.
  check_script("/usr/bin/python3", "python_client.py");
}

TEST_CASE("node-redis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_script("node", "node_redis.mjs");
}

TEST_CASE("ioredis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_script("node", "node_ioredis.mjs");
}

TEST_CASE("php-redis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_script("/usr/bin/php", "php_client.php");
}

TEST_CASE("redis-rb adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_script("/usr/bin/ruby", "ruby_client.rb");
}

}  // namespace weir::testing
