// Clients that mean harm by how they ask: slowly, without end, without reading, in another
// protocol, without a password.  What is looked at is memory and behaviour, and that somebody else
// is served all the while.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr int64_t kMebibyte = 1 << 20;

std::string repeated(std::string_view bytes, size_t times) {
  std::string all;
  all.reserve(bytes.size() * times);
  for (size_t i = 0; i < times; ++i)
    all += bytes;
  return all;
}

std::vector<RawClient> connect_many(const TestServer& server, int count) {
  std::vector<RawClient> clients;
  clients.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i)
    clients.push_back(server.connect_raw());
  return clients;
}

/// An authenticated client of a server with a password.
Redis owner_of(const TestServer& server) {
  Redis redis = server.connect();
  redis("AUTH", "secret");
  return redis;
}

int64_t memory_of(Redis& redis) {
  return info_number(redis, "used_memory");
}

}  // namespace

TEST_CASE("Two thousand clients that send a byte at a time are each answered", "[hostile]") {
  constexpr int64_t kClients = 2000;
  constexpr int64_t kMostBytes = int64_t{48} * 1024;  // of a connection inside of a request
  REQUIRE(raise_own_file_limit() > 2 * kClients);
  TestServer server({"--maxclients", "2100", "--tcp-backlog", "4096"});
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients = connect_many(server, kClients);
  const std::string request = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";
  int64_t most = 0;
  for (const char byte : request) {
    for (RawClient& client : clients)
      client.write(std::string_view(&byte, 1));
    CHECK(redis("PING") == "PONG");
    most = std::max(most, memory_of(redis));
  }
  CHECK(most < baseline + kClients * kMostBytes + kKeptBytes);
  int answered = 0;
  for (RawClient& client : clients)
    answered += client.read().text == "hi" ? 1 : 0;
  CHECK(answered == kClients);
  clients.clear();
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Two billion arguments that are announced and not sent cost nothing", "[hostile]") {
  TestServer server;
  Redis redis = server.connect();
  std::vector<RawClient> clients = connect_many(server, 200);
  for (RawClient& client : clients)
    client("PING");
  const int64_t baseline = memory_of(redis);
  const int64_t received = info_number(redis, "total_net_input_bytes");
  for (RawClient& client : clients)
    client.write("*2147483647\r\n$4\r\nXADD\r\n");
  REQUIRE(wait_until(
      [&] { return info_number(redis, "total_net_input_bytes") > received + int64_t{200} * 20; }));
  CHECK(memory_of(redis) < baseline + int64_t{200} * 48 * 1024);
}

TEST_CASE("Arguments without end meet client-query-buffer-limit", "[hostile]") {
  TestServer server({"--client-query-buffer-limit", "1mb"});
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_raw();
  client.write("*2147483647\r\n" + repeated("$0\r\n\r\n", 500'000));
  CHECK(client.closed());
  CHECK(info_becomes(redis, "client_query_buffer_limit_disconnections", 1));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("A pipeline whose replies nobody reads ends at client-output-buffer-limit", "[hostile]") {
  TestServer server({"--client-output-buffer-limit", "normal 1mb 0 0"});
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients = connect_many(server, 20);
  const std::string bomb = "COMMAND\r\n" + repeated("COMMAND DOCS\r\n", 200);
  for (RawClient& client : clients)
    client.write(bomb);
  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 20));
  CHECK(connected_become(redis, 1));
  CHECK(memory_returns_to(redis, baseline));
  CHECK(info_number(redis, "used_memory_peak") < baseline + int64_t{20} * 3 * kMebibyte);
}

TEST_CASE("A transaction cannot answer with more than client-output-buffer-limit", "[hostile]") {
  TestServer server({"--client-output-buffer-limit", "normal 2mb 0 0"});
  Redis redis = server.connect();
  for (int n = 1; n <= 10; ++n)
    redis("XADD", "large", n, "f", std::string(100'000, 'x'));
  const int64_t baseline = info_number(redis, "used_memory_peak");
  RawClient client = server.connect_raw();
  client("MULTI");
  for (int i = 0; i < 100; ++i)
    client("XRANGE", "large", "-", "+");
  client("XADD", "done", "1-0", "f", "v");
  client.send("EXEC");
  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 1));
  CHECK(redis("XLEN", "done") == 1);  // whole, though nobody is told
  CHECK(info_number(redis, "used_memory_peak") < baseline + 12 * kMebibyte);
}

TEST_CASE("A read of the same stream over and over cannot answer with more than the limit",
          "[hostile][xread]") {
  TestServer server({"--client-output-buffer-limit", "normal 2mb 0 0"});
  Redis redis = server.connect();
  for (int n = 1; n <= 10; ++n)
    redis("XADD", "large", n, "f", std::string(100'000, 'x'));
  const int64_t baseline = info_number(redis, "used_memory_peak");
  std::vector<std::string> words = {"XREAD", "STREAMS"};
  words.insert(words.end(), 100, "large");
  words.insert(words.end(), 100, "0");
  RawClient client = server.connect_raw();
  client.write(encode_command(words));
  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 1));
  CHECK(info_number(redis, "used_memory_peak") < baseline + 12 * kMebibyte);
}

TEST_CASE("Replies to who has not given the password do not pile up", "[hostile][auth]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = owner_of(server);
  const int64_t baseline = memory_of(redis);
  std::vector<RawClient> clients = connect_many(server, 20);
  const std::string requests = repeated("PING\r\n", 200'000);
  for (RawClient& client : clients)
    client.write(requests);
  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 20));
  CHECK(connected_become(redis, 1));
  CHECK(info_number(redis, "used_memory_peak") < baseline + 20 * kMebibyte);
}

TEST_CASE("Who has not given the password may read as many refusals as it takes the trouble for",
          "[hostile][auth]") {
  TestServer server({"--requirepass", "secret"});
  RawClient client = server.connect_raw();
  int refused = 0;
  for (int i = 0; i < 2000; ++i)
    refused += show(client("PING")) == "-NOAUTH Authentication required." ? 1 : 0;
  CHECK(refused == 2000);
  CHECK(show(client("AUTH", "secret")) == "+OK");
  client.write(repeated("PING\r\n", 20'000));
  CHECK(show(client.read()) == "+PONG");
}

}  // namespace weir::testing
