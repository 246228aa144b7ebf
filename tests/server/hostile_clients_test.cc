// Clients that want to do harm: what they cost has a bound, others are served meanwhile, and all is
// given back when they go.  More of them: flood_test.cc, bad_input_test.cc.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr int64_t kMebibyte = 1 << 20;
/// What may differ for good: tables that have grown, buffers kept for the next client.
constexpr int64_t kKept = 4 * kMebibyte;

/// A server, and what it holds before anybody comes.
struct Scene {
  explicit Scene(const std::vector<std::string>& options = {}) : server(options) {}

  int64_t used() { return info_number(redis, "used_memory"); }
  bool all_is_given_back() {
    return wait_until(
        [&] { return info_number(redis, "connected_clients") == 1 && used() <= baseline + kKept; });
  }
  bool others_are_served() {
    const std::string text = std::to_string(++asked);
    return redis("XADD", "witness", text, "f", "v") == text + "-0" &&
           redis("XRANGE", "witness", text, text) == R"([[")" + text + R"(-0",["f","v"]]])";
  }

  TestServer server;
  Redis redis = server.connect();
  int64_t baseline = used();
  int asked = 0;
};

std::vector<RawClient> crowd(const TestServer& server, size_t count) {
  std::vector<RawClient> clients;
  for (size_t i = 0; i < count; ++i)
    clients.push_back(server.connect_raw());
  return clients;
}

}  // namespace

TEST_CASE("A million arguments are read, and what they took is given back", "[hostile]") {
  Scene scene;
  RawClient client = scene.server.connect_raw();
  constexpr size_t kArguments = 1'000'000;
  std::string request = "*" + std::to_string(kArguments + 1) + "\r\n$6\r\nEXISTS\r\n";
  for (size_t i = 0; i < kArguments; ++i)
    request += "$1\r\nk\r\n";
  client.write(request);
  CHECK(scene.others_are_served());
  CHECK(show(client.read()) == ":0");
  CHECK(show(client("PING")) == "+PONG");
  client.close();
  CHECK(scene.all_is_given_back());
}

TEST_CASE("Wrong passwords without end leave a bounded log and a served world", "[hostile][acl]") {
  Scene scene({"--acllog-max-len", "16"});
  RawClient client = scene.server.connect_raw();
  constexpr int kAttempts = 20'000;
  std::string requests;
  for (int i = 0; i < kAttempts; ++i)
    requests += "AUTH user" + std::to_string(i) + " " + std::string(100, 'p') + "\r\n";
  client.write(requests);
  int refused = 0;
  for (int i = 0; i < kAttempts; ++i)
    refused += client.read().text.starts_with("WRONGPASS") ? 1 : 0;
  CHECK(refused == kAttempts);
  CHECK(scene.others_are_served());
  CHECK(client("ACL", "LOG", "1000000").elements.size() == 16);
  client.close();
  CHECK(scene.all_is_given_back());
}

TEST_CASE("A hundred thousand channels of one subscriber go with it", "[hostile][pubsub]") {
  Scene scene;
  RawClient client = scene.server.connect_raw();
  constexpr int kChannels = 100'000;
  std::string requests;
  for (int i = 0; i < kChannels; ++i)
    requests += (i % 2 == 0 ? "SUBSCRIBE c" : "PSUBSCRIBE p*") + std::to_string(i) + "\r\n";
  client.write(requests);
  for (int i = 0; i < kChannels; ++i)
    client.read();
  CHECK(info_number(scene.redis, "pubsub_channels") == kChannels / 2);
  CHECK(scene.redis("PUBLISH", "c0", "x") == 1);
  CHECK(scene.others_are_served());
  client.close();
  CHECK(scene.all_is_given_back());
  CHECK(info_number(scene.redis, "pubsub_patterns") == 0);
}

TEST_CASE("Keys that are watched and waited for in masses are forgotten with who did it",
          "[hostile]") {
  Scene scene;
  std::vector<RawClient> clients = crowd(scene.server, 100);
  std::vector<std::string> watch = {"WATCH"};
  std::vector<std::string> read = {"XREAD", "BLOCK", "0", "STREAMS"};
  for (int i = 0; i < 500; ++i) {
    watch.push_back("k" + std::to_string(i));
    read.push_back(watch.back());
  }
  read.insert(read.end(), 500, "$");
  const std::string requests = encode_command(watch) + encode_command(read);
  for (RawClient& client : clients)
    client.write(requests);
  REQUIRE(blocked_become(scene.redis, 100));
  CHECK(scene.others_are_served());
  clients.clear();
  CHECK(blocked_become(scene.redis, 0));
  CHECK(scene.all_is_given_back());
}

TEST_CASE("Who asks for all keys again and again without reading is closed at its limit",
          "[hostile]") {
  Scene scene({"--client-output-buffer-limit", "normal 1mb 0 0", "--enable-debug-command", "yes"});
  scene.redis("DEBUG", "POPULATE", 5000);
  const int64_t filled = scene.used();
  std::vector<RawClient> clients = crowd(scene.server, 20);
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests += i % 2 == 0 ? "KEYS *\r\n" : "SCAN 0 COUNT 100000\r\n";
  for (RawClient& client : clients)
    client.write(requests);
  CHECK(info_becomes(scene.redis, "client_output_buffer_limit_disconnections", 20));
  CHECK(scene.others_are_served());
  CHECK(wait_until([&] { return scene.used() <= filled + kKept; }));
}

TEST_CASE("Others have their turn between the slow requests of a pipeline", "[hostile]") {
  Scene scene({"--enable-debug-command", "yes"});
  scene.redis("DEBUG", "POPULATE", 5000);
  constexpr int kRequests = 2000;  // that arrive together
  std::string requests;
  for (int i = 0; i < kRequests; ++i)
    requests += "KEYS *no*\r\n";
  RawClient client = scene.server.connect_raw();
  CHECK(show(client("CONFIG", "RESETSTAT")) == "+OK");
  client.write(requests);
  std::string calls;
  REQUIRE(wait_until([&] { return !(calls = info_field(scene.redis, "cmdstat_keys")).empty(); }));
  CHECK(std::stoi(calls.substr(calls.find('=') + 1)) < kRequests / 2);
  for (int i = 0; i < kRequests; ++i)
    REQUIRE(show(client.read()) == "*[]");
}

TEST_CASE("A pattern made of stars is answered", "[hostile]") {
  Scene scene;
  const std::string key(1000, 'a');
  scene.redis("XADD", key, "1", "f", "v");
  std::string pattern;
  for (int i = 0; i < 300; ++i)
    pattern += "a*";
  CHECK(scene.redis("KEYS", pattern + "b") == "[]");
  CHECK(scene.redis("KEYS", pattern) == "[\"" + key + "\"]");
}

TEST_CASE("A TLS handshake on a plain port is an error of its sender only", "[hostile]") {
  Scene scene;
  RawClient client = scene.server.connect_raw();
  std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  hello += std::string(500, '\n');
  client.write(hello);
  client.close();
  CHECK(connected_become(scene.redis, 1));
  CHECK(scene.others_are_served());
}

}  // namespace weir::testing
