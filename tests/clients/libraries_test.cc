// Client libraries in their own languages: each script does what an application does and prints
// "ok".
#include <string>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

void check_library(const std::string& interpreter, const std::string& script) {
  TestServer server;
  check_script(interpreter, script, {std::to_string(server.port())});
  CHECK(server.connect()("PING") == "PONG");
}

}  // namespace

TEST_CASE("redis-py adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  // The system's interpreter, as with PHP and Ruby: it is the one that the package of the library
  // belongs to.
  check_library("/usr/bin/python3", "python_client.py");
}

TEST_CASE("node-redis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_library("node", "node_redis.mjs");
}

TEST_CASE("ioredis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_library("node", "node_ioredis.mjs");
}

TEST_CASE("php-redis adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_library("/usr/bin/php", "php_client.php");
}

TEST_CASE("redis-rb adds, reads, waits, pipelines, transacts and looks around", "[clients]") {
  check_library("/usr/bin/ruby", "ruby_client.rb");
}

}  // namespace weir::testing
