// Requests of a pipeline are looked at before they run; nobody may see it in the replies.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/raw_client.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using Commands = std::vector<std::vector<std::string>>;

/// The replies to commands that come in one write, or one by one.
std::vector<resp::Reply> replies(RawClient& client, const Commands& commands, bool as_pipeline) {
  std::vector<resp::Reply> got;
  std::string bytes;
  for (const std::vector<std::string>& words : commands) {
    if (as_pipeline) {
      bytes += encode_command(words);
    } else {
      client.write(encode_command(words));
      got.push_back(client.read());
    }
  }
  if (as_pipeline) client.write(bytes);
  while (got.size() < commands.size())
    got.push_back(client.read());
  return got;
}

/// Streams of several nodes with a group to which all is delivered.
void prepare(RawClient& client) {
  client("FLUSHALL");
  for (const char* key : {"s", "t"}) {
    for (int n = 1; n <= 400; ++n)
      client("XADD", key, std::to_string(n) + "-0", "f", std::to_string(n));
    client("XGROUP", "CREATE", key, "g", "0");
    client("XREADGROUP", "GROUP", "g", "a", "STREAMS", key, ">");
    client("XGROUP", "CREATECONSUMER", key, "g", "b");
  }
  client("XADD", "one", "5-5", "f", "v");
}

/// Each command behind one of its kind, which is what decides how a pipeline is looked at.
void check_same(const Commands& commands) {
  TestServer server;
  RawClient client(server.port());
  prepare(client);
  replies(client, {commands[0]}, false);
  const std::vector<resp::Reply> expected = replies(client, commands, false);
  prepare(client);
  replies(client, {commands[0]}, false);
  CHECK(replies(client, commands, true) == expected);
}

}  // namespace

TEST_CASE("A pipeline of reads answers what its commands answer one by one", "[lookahead]") {
  check_same({{"XRANGE", "s", "150", "+", "COUNT", "2"},
              {"XRANGE", "t", "(399", "+", "COUNT", "2"},
              {"XRANGE", "none", "1", "+", "COUNT", "2"},
              {"XRANGE", "s", "0", "+", "COUNT", "1"},
              {"XRANGE", "s", "nonsense", "+", "COUNT", "1"},
              {"XRANGE", "s"},
              {"XDEL", "s", "151-0", "152-0"},
              {"XRANGE", "s", "151", "+", "COUNT", "2"},
              {"XREVRANGE", "s", "151", "-", "COUNT", "2"},
              {"DEL", "s"},
              {"XRANGE", "s", "151", "+", "COUNT", "2"},
              {"XRANGE", "one", "5-5", "5-5"},
              {"PING"}});
}

TEST_CASE("A pipeline of XREAD answers what its commands answer one by one", "[lookahead]") {
  check_same({{"XREAD", "COUNT", "1", "STREAMS", "s", "150"},
              {"XREAD", "COUNT", "1", "STREAMS", "s", "t", "399", "2"},
              {"XREAD", "STREAMS", "none", "0"},
              {"XREAD", "COUNT", "1", "STREAMS", "s", "$"},
              {"XREAD", "STREAMS"},
              {"XTRIM", "s", "MAXLEN", "50"},
              {"XREAD", "COUNT", "1", "STREAMS", "s", "150"},
              {"XREAD", "COUNT", "1", "STREAMS", "one", "5-4"}});
}

TEST_CASE("A pipeline of XCLAIM answers what its commands answer one by one", "[lookahead]") {
  check_same({{"XCLAIM", "s", "g", "b", "0", "150"},
              {"XCLAIM", "s", "g", "new", "0", "150"},
              {"XCLAIM", "t", "g", "a", "0", "1-0", "400-0"},
              {"XCLAIM", "t", "g", "a", "0", "999-0"},
              {"XCLAIM", "none", "g", "a", "0", "1-0"},
              {"XCLAIM", "s", "none", "a", "0", "1-0"},
              {"XCLAIM", "s", "g", "a", "0", "nonsense"},
              {"XCLAIM", "s", "g"},
              {"XDEL", "s", "151-0"},
              {"XCLAIM", "s", "g", "a", "0", "151-0"},
              {"XGROUP", "DELCONSUMER", "s", "g", "a"},
              {"XCLAIM", "s", "g", "b", "0", "149-0"},
              {"XCLAIM", "s", "g", "b", "0", "150-0"}});
}

}  // namespace weir::testing
