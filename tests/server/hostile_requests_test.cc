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

using namespace std::string_literals;
using resp::show;

constexpr int64_t kMebibyte = 1 << 20;

std::string repeated(std::string_view bytes, size_t times) {
  std::string all;
  all.reserve(bytes.size() * times);
  for (size_t i = 0; i < times; ++i)
    all += bytes;
  return all;
}

/// A request of so many arguments behind its name, all of them empty.
std::string with_empty_arguments(const std::vector<std::string>& words, size_t arguments) {
  std::string request = encode_command(words);
  const size_t line = request.find("\r\n");
  return "*" + std::to_string(words.size() + arguments) + request.substr(line) +
         repeated("$0\r\n\r\n", arguments);
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
  constexpr int64_t kMostBytes = int64_t{24} * 1024;  // of a connection inside of a request
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
  CHECK(memory_of(redis) < baseline + int64_t{200} * 40 * 1024);
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

TEST_CASE("A request of a million arguments is run or refused, and given back", "[hostile]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = memory_of(redis);
  RawClient client = server.connect_raw();
  client.write(with_empty_arguments({"PING"}, 1'000'000));
  CHECK(show(client.read()) == "-ERR wrong number of arguments for 'ping' command");
  client.write(with_empty_arguments({"nosuch"}, 1'000'000));
  CHECK(show(client.read()).starts_with("-ERR unknown command 'nosuch'"));
  client.write(with_empty_arguments({"XREAD", "STREAMS"}, 1'000'000));
  CHECK(show(client.read()).starts_with("-ERR Invalid stream ID"));
  client.write(with_empty_arguments({"XDEL", "s"}, 1'000'000));
  CHECK(show(client.read()) == ":0");
  client.write(with_empty_arguments({"XADD", "s", "1-0"}, 1'000'000));
  CHECK(show(client.read()) == R"("1-0")");
  CHECK(client("XRANGE", "s", "-", "+").elements[0].elements[1].elements.size() == 1'000'000);
  redis("DEL", "s");
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Who has not given the password can send no mebibyte without a request",
          "[hostile][auth]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = owner_of(server);
  const std::string piece = "$16384\r\n" + std::string(16'384, 'x') + "\r\n";
  // Ten arguments at most, of sixteen kibibytes: a whole request is refused, and never grows
  // larger.
  RawClient client = server.connect_raw();
  client.write("*10\r\n$4\r\nXADD\r\n" + repeated(piece, 9));
  CHECK(show(client.read()) == "-NOAUTH Authentication required.");
  client.write("*11\r\n");
  CHECK(show(client.read()) == "-ERR Protocol error: unauthenticated multibulk length");
  CHECK(client.closed());
  CHECK(redis("DBSIZE") == 0);
}

TEST_CASE("What speaks another protocol is refused or ignored, and changes nothing",
          "[hostile][protocol]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const std::vector<std::string> openings = {
      "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(500, '\xaa'),  // TLS
      "EHLO mail.example.org\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
      "set s 0 0 5\r\nvalue\r\nflush_all\r\n",                // memcached
      "\x00\x00\x00\x08\x04\xd2\x16\x2f"s,                    // Postgres
      "\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06client"s,  // MQTT
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00\x00\x00\x00\x00"s,
      "GET /FLUSHALL HTTP/1.1\r\nHost: weir\r\n\r\nFLUSHALL\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nFLUSHALL\r\n",
      "OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n",
      "USER anonymous\r\nPASS x\r\nDELE s\r\n",  // FTP
      "+OK\r\n:1\r\n$5\r\nvalue\r\n",            // replies
      "REDIS0011\xfa\x09redis-ver\x05"
      "7.2.4",  // a snapshot
      std::string(100'000, '\0'),
      std::string(100'000, '\xff'),
      "\r\n\r\n\n\n\r\r\n",
  };
  for (const std::string& opening : openings) {
    CAPTURE(opening.substr(0, 30));
    RawClient client = server.connect_raw();
    client.write(opening);
    // Errors, or nothing at all.
    Arrival arrival = client.await(kQuiet);
    while (const auto* const reply = std::get_if<resp::Reply>(&arrival)) {
      CHECK(show(*reply).starts_with("-ERR"));
      arrival = client.await(kQuiet);
    }
    CHECK_FALSE(std::holds_alternative<NoReply>(arrival));
    CHECK(redis("XLEN", "s") == 1);
  }
  CHECK(redis("DBSIZE") == 1);
  CHECK(connected_become(redis, 1));
}

}  // namespace weir::testing
