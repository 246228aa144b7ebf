// XPENDING and XNACK: what is pending, and what is given back.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kMost = "9223372036854775807";
constexpr const char* kNotAnInteger = "ERR value is not an integer or out of range";
constexpr const char* kBadId = "ERR Invalid stream ID specified as stream command argument";

}  // namespace

TEST_CASE("XPENDING checks its words before the key", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  const char* const syntax = "ERR syntax error";
  CHECK(redis("XPENDING", "none", "g", "-") == syntax);
  CHECK(redis("XPENDING", "none", "g", "-", "+") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", 0, "-", "+") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", 0, "-", "+", 1, "c", "more") == syntax);
  CHECK(redis("XPENDING", "none", "g", "IDLE", "x", "-", "+") == kNotAnInteger);
  CHECK(redis("XPENDING", "none", "g", "-", "+", "x") == kNotAnInteger);
  CHECK(redis("XPENDING", "none", "g", "x", "+", 1) == kBadId);
  CHECK(redis("XPENDING", "none", "g", "-", "x", 1) == kBadId);
  CHECK(redis("XPENDING", "none", "g", "(18446744073709551615-18446744073709551615", "+", 1) ==
        "ERR invalid start ID for the interval");
  CHECK(redis("XPENDING", "none", "g", "-", "(0-0", 1) == "ERR invalid end ID for the interval");
  CHECK(redis("XPENDING", "none", "g") == "NOGROUP No such key 'none' or consumer group 'g'");
  CHECK(redis("XPENDING", "none", "g", "-", "+", 1) ==
        "NOGROUP No such key 'none' or consumer group 'g'");
}

TEST_CASE("XPENDING of a group with nothing pending", "[xpending]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  CHECK(redis("XPENDING", "s", "g") == "[0,nil,nil,nil]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", kMost) == "[]");
  redis("XGROUP", "CREATECONSUMER", "s", "g", "c");
  CHECK(redis("XPENDING", "s", "g") == "[0,nil,nil,nil]");
  CHECK(redis("XPENDING", "s", "g", "-", "+", kMost, "c") == "[]");
}

}  // namespace weir::testing
