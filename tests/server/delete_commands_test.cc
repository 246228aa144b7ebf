// XDELEX, XACKDEL and trimming: what becomes of entries that groups still refer to.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kBadId = "ERR Invalid stream ID specified as stream command argument";
constexpr const char* kSyntax = "ERR syntax error";

/// 1-0 … 5-0 at "s"; the groups "g" and "h" have read all.
void fill(Redis& redis) {
  for (int n = 1; n <= 5; ++n)
    redis("XADD", "s", std::to_string(n) + "-0", "f", "v");
  for (const char* group : {"g", "h"}) {
    redis("XGROUP", "CREATE", "s", group, 0);
    redis("XREADGROUP", "GROUP", group, "c", "STREAMS", "s", ">");
  }
}

/// What both commands say about their words; `words` is what stands before the options.
void check_grammar(Redis& redis, const std::vector<std::string>& words) {
  const auto with = [&](const std::vector<std::string>& options) {
    std::vector<std::string> all = words;
    all.insert(all.end(), options.begin(), options.end());
    redis.send_words(all);
    return redis.read();
  };
  for (const char* number : {"0", "-1", "x", "", "1.5", "9223372036854775808"}) {
    CHECK(with({"IDS", number, "1-0"}) == "ERR Number of IDs must be a positive integer");
  }
  for (const char* number : {"2", "2147483647", "9223372036854775807"}) {
    CHECK(with({"IDS", number, "1-0"}) ==
          "ERR The `numids` parameter must match the number of arguments");
  }
  CHECK(with({"IDS", "1", "1-0", "2-0"}) == kSyntax);
  CHECK(with({"IDS", "1", "1-0", "IDS"}) == kSyntax);
  CHECK(with({"FOO", "IDS", "1", "1-0"}) == kSyntax);
  CHECK(with({"KEEPREF", "1-0", "2-0"}) == kSyntax);
  CHECK(with({"KEEPREF", "KEEPREF", "IDS", "1", "1-0"}) == kSyntax);
  CHECK(with({"ACKED", "IDS", "1", "1-0", "DELREF"}) == kSyntax);
  CHECK(with({"IDS", "2", "1-0", "x"}) == kBadId);
  CHECK(redis("XLEN", "s") == 5);
}

}  // namespace

TEST_CASE("XDELEX and XACKDEL say what is wrong, and do nothing then", "[xdelex][xackdel]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  check_grammar(redis, {"XDELEX", "s"});
  check_grammar(redis, {"XACKDEL", "s", "g"});
  CHECK(redis("XPENDING", "s", "g") == R"([5,"1-0","5-0",[["c","5"]]])");
}

TEST_CASE("XDELEX and XACKDEL without the key look at options, not at IDs", "[xdelex][xackdel]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XDELEX", "s", "IDS", 2, "x", "y") == "[-1,-1]");
  CHECK(redis("XDELEX", "s", "FOO", 1, "x") == kSyntax);
  CHECK(redis("XACKDEL", "s", "g", "IDS", 1, "x") == "[-1]");
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(redis("XACKDEL", "s", "g", "IDS", 2, "1-0", "x") == "[-1,-1]");
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("XDELEX keeps, drops or minds references", "[xdelex]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  CHECK(redis("XDELEX", "s", "IDS", 3, "1-0", "1-0", "9-0") == "[1,-1,-1]");
  CHECK(redis("XPENDING", "s", "g") == R"([5,"1-0","5-0",[["c","5"]]])");
  CHECK(redis("XDELEX", "s", "DELREF", "IDS", 2, "1-0", "2-0") == "[-1,1]");
  CHECK(redis("XPENDING", "s", "g") == R"([3,"3-0","5-0",[["c","3"]]])");
  CHECK(redis("XPENDING", "s", "h") == R"([3,"3-0","5-0",[["c","3"]]])");
  redis("XACK", "s", "g", "3-0", "4-0");
  redis("XACK", "s", "h", "3-0");
  CHECK(redis("XDELEX", "s", "IDS", 4, "3-0", "4-0", "2-0", "9-0", "ACKED") == "[1,2,-1,2]");
  CHECK(redis("XRANGE", "s", "-", "+") == R"([["4-0",["f","v"]],["5-0",["f","v"]]])");
}

TEST_CASE("XACKDEL deletes what it acknowledged, as far as others are done with it", "[xackdel]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  CHECK(redis("XACKDEL", "s", "g", "IDS", 3, "1-0", "1-0", "9-0") == "[1,-1,-1]");
  CHECK(redis("XACKDEL", "s", "h", "ACKED", "IDS", 2, "2-0", "1-0") == "[2,1]");
  CHECK(redis("XACKDEL", "s", "g", "ACKED", "IDS", 1, "2-0") == "[1]");
  CHECK(redis("XACKDEL", "s", "g", "DELREF", "IDS", 1, "3-0") == "[1]");
  CHECK(redis("XPENDING", "s", "g") == R"([2,"4-0","5-0",[["c","2"]]])");
  CHECK(redis("XPENDING", "s", "h") == R"([2,"4-0","5-0",[["c","2"]]])");
  CHECK(redis("XLEN", "s") == 2);
}

TEST_CASE("The last of several IDS blocks counts", "[xdelex][xackdel]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  CHECK(redis("XDELEX", "s", "IDS", 1, "1-0", "IDS", 2, "2-0", "3-0") == "[1,1]");
  CHECK(redis("XLEN", "s") == 3);
}

TEST_CASE("A million IDs are taken in one command", "[xack][xdelex][xackdel]") {
  constexpr size_t kIds = 1'000'000;
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  const std::vector<std::string> ids(kIds, "9-0");
  const auto with_ids = [&](std::vector<std::string> words) {
    words.insert(words.end(), ids.begin(), ids.end());
    redis.send_words(words);
    return redis.read();
  };
  const std::string number = std::to_string(kIds);
  CHECK(with_ids({"XACK", "s", "g"}) == 0);
  CHECK(with_ids({"XNACK", "s", "g", "FAIL", "IDS", number}) == 0);
  CHECK(with_ids({"XDELEX", "s", "IDS", number}).text.size() == 3 * kIds + 1);
  CHECK(with_ids({"XACKDEL", "s", "g", "IDS", number}).text.size() == 3 * kIds + 1);
  CHECK(with_ids({"XACKDEL", "s", "none", "IDS", number}).text.size() == 3 * kIds + 1);
}

TEST_CASE("XADD and XTRIM take one policy, anywhere among the options", "[xadd][xtrim]") {
  TestServer server;
  Redis redis = server.connect();
  fill(redis);
  CHECK(redis("XADD", "s", "DELREF", "MAXLEN", 5, "6-0", "f", "v") == "6-0");
  CHECK(redis("XPENDING", "s", "g") == R"([4,"2-0","5-0",[["c","4"]]])");
  CHECK(redis("XADD", "s", "MAXLEN", 1, "acked", "7-0", "f", "v") == "7-0");
  CHECK(redis("XLEN", "s") == 6);
  CHECK(redis("XTRIM", "s", "keepref", "MAXLEN", 3) == 3);
  CHECK(redis("XPENDING", "s", "g") == R"([4,"2-0","5-0",[["c","4"]]])");
  CHECK(redis("XADD", "s", "KEEPREF", "KEEPREF", "8-0", "f", "v") == kBadId);
  CHECK(redis("XTRIM", "s", "MAXLEN", 0, "KEEPREF", "ACKED") == kSyntax);
  CHECK(redis("XTRIM", "s", "KEEPREF", "LIMIT", 0) ==
        "ERR syntax error, XTRIM must be called with a trimming strategy");
}

}  // namespace weir::testing
