// Clients that are too many, too large or too slow: what they cost, and that it is given back.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

constexpr int64_t kMebibyte = 1 << 20;

std::string large_stream(Redis& redis, int entries) {
  std::string value(10'000, 'x');
  for (int n = 1; n <= entries; ++n)
    redis("XADD", "large", std::to_string(n), "f", value);
  return value;
}

/// Clients that have sent these bytes and read nothing.
std::vector<RawClient> clients_that_sent(const TestServer& server, int count,
                                         const std::string& bytes) {
  std::vector<RawClient> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(server.connect_raw());
    clients.back().write(bytes);
  }
  return clients;
}

std::string repeated(std::string_view bytes, int64_t times) {
  std::string all;
  for (; times > 0; --times)
    all += bytes;
  return all;
}

/// The first line of a text with these words in it.
std::string line_with(const std::string& text, std::string_view words) {
  const size_t at = text.find(words);
  REQUIRE(at != std::string::npos);
  const size_t start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}

}  // namespace

TEST_CASE("Ten thousand requests sent before the first reply is read are all answered", "[flood]") {
  TestServer server;
  RawClient client = server.connect_raw();
  std::string requests;
  for (int i = 0; i < 10'000; ++i)
    requests += "ECHO " + std::to_string(i) + "\r\n";
  client.write(requests);

  int wrong = 0;
  for (int i = 0; i < 10'000; ++i)
    wrong += client.read().text != std::to_string(i) ? 1 : 0;
  CHECK(wrong == 0);
}

TEST_CASE("A client that does not read its replies costs memory until it goes", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  large_stream(redis, 100);
  const int64_t baseline = info_number(redis, "used_memory");

  RawClient slow = server.connect_raw();
  for (int i = 0; i < 60; ++i)
    slow.send("XRANGE", "large", "-", "+");
  REQUIRE(memory_grows_by(redis, baseline, 40 * kMebibyte));
  CHECK(redis("XADD", "s", "1-0", "f", "v") == "1-0");
  const auto field = [&](const std::string& name) {
    std::istringstream list(redis("CLIENT", "LIST").text);
    std::string line;
    std::getline(list, line);  // of the one that asks
    std::getline(list, line);
    return client_field(line, name);
  };
  CHECK(wait_until([&] { return std::stoll(field("omem")) > 40 * kMebibyte; }));
  CHECK(field("events") == "rw");
  CHECK(field("obl") == "16384");
  CHECK(field("oll") == "1");

  slow.close();
  CHECK(memory_returns_to(redis, baseline));
  CHECK(info_becomes(redis, "connected_clients", 1));
}

TEST_CASE("A client may leave in the middle of a large reply", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string value = large_stream(redis, 1000);
  const int64_t baseline = info_number(redis, "used_memory");
  for (int i = 0; i < 20; ++i) {
    RawClient client = server.connect_raw();
    client.send("XRANGE", "large", "-", "+");
    // Part of the reply has come, and there is no whole one.
    REQUIRE_FALSE(client.nothing_arrives(reply_patience()));
    client.close();
  }
  CHECK(info_becomes(redis, "connected_clients", 1));
  CHECK(memory_returns_to(redis, baseline));
  CHECK(redis("XRANGE", "large", "1", "1") == R"([["1-0",["f",")" + value + R"("]]])");
}

TEST_CASE("A reply of ten megabytes arrives whole while others are served", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string value = large_stream(redis, 1000);
  RawClient client = server.connect_raw();
  client.send("XRANGE", "large", "-", "+");
  CHECK(redis("PING") == "PONG");

  const resp::Reply reply = client.read();
  REQUIRE(reply.elements.size() == 1000);
  CHECK(std::all_of(reply.elements.begin(), reply.elements.end(), [&](const resp::Reply& entry) {
    return entry.elements[1].elements[1].text == value;
  }));
}

TEST_CASE("An argument that is announced and not sent costs no memory", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = info_number(redis, "used_memory");
  std::vector<RawClient> liars =
      clients_that_sent(server, 20,
                        "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nf\r\n$104857600\r\n" +
                            std::string(1000, 'x'));
  REQUIRE(wait_until([&] { return info_number(redis, "total_net_input_bytes") > 20'000; }));
  CHECK(info_number(redis, "used_memory") < baseline + 30 * kMebibyte);

  liars.clear();
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("Arguments that are announced and not sent cost a connection no more than its room",
          "[flood]") {
  constexpr int kLiars = 1000;
  constexpr int64_t kMostBytes = 20 * 1024;  // room for input has 16 KiB
  TestServer server;
  Redis redis = server.connect();
  std::vector<RawClient> liars = clients_that_sent(server, kLiars, "PING\r\n");
  for (RawClient& liar : liars)
    liar.read();
  const int64_t baseline = info_number(redis, "used_memory");
  for (RawClient& liar : liars)
    liar.write("*1000000\r\n$4\r\nXACK\r\n");
  const int64_t input = kLiars * std::string_view("PING*1000000$4XACK").size();
  REQUIRE(wait_until([&] { return info_number(redis, "total_net_input_bytes") > input; }));
  CHECK(info_number(redis, "used_memory") < baseline + kLiars * kMostBytes);
}

TEST_CASE("An argument of a hundred megabytes is stored and given back", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = info_number(redis, "used_memory");
  const std::string value(100 * kMebibyte, 'x');
  RawClient client = server.connect_raw();
  CHECK(show(client("XADD", "s", "1-0", "f", value)) == R"("1-0")");
  CHECK(client("XRANGE", "s", "-", "+").elements[0].elements[1].elements[1].text == value);

  redis("DEL", "s");
  client.close();
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("A request larger than client-query-buffer-limit ends its connection", "[flood]") {
  TestServer server({"--client-query-buffer-limit", "1mb"});
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client.write("*2\r\n$4\r\nECHO\r\n$1500000\r\n" + std::string(1'500'000, 'x') + "\r\n");
  CHECK(client.closed());
  CHECK(info_number(redis, "client_query_buffer_limit_disconnections") == 1);
  const std::string log = server.log();
  CHECK(log.find("# Closing client that reached max query buffer length: id=") !=
        std::string::npos);
  CHECK(log.find(R"( (qbuf initial bytes: "*2\r\n$4\r\nECHO\r\n$1500000\r\nxxx)") !=
        std::string::npos);
}

TEST_CASE("What piles up behind a wait counts for client-query-buffer-limit", "[flood][xread]") {
  TestServer server({"--client-query-buffer-limit", "1mb"});
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  REQUIRE(blocked_become(redis, 1));
  client.write(std::string(2 * kMebibyte, '\n'));
  CHECK(client.closed());
  CHECK(blocked_become(redis, 0));
  CHECK(info_number(redis, "client_query_buffer_limit_disconnections") == 1);
}

TEST_CASE("A client that does not read is closed at client-output-buffer-limit", "[flood]") {
  TestServer server({"--client-output-buffer-limit", "normal 2mb 0 0"});
  Redis redis = server.connect();
  large_stream(redis, 100);
  RawClient slow = server.connect_raw();
  for (int i = 0; i < 30; ++i)
    slow.send("XRANGE", "large", "-", "+");

  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 1));
  CHECK(connected_become(redis, 1));
  CHECK(server.has_logged("scheduled to be closed ASAP for overcoming of output buffer limits."));
}

TEST_CASE("Who has not given the password cannot pile up replies by not reading them",
          "[flood][auth]") {
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  REQUIRE(redis("AUTH", "secret") == "OK");
  RawClient slow = server.connect_raw();
  std::string requests;
  for (int i = 0; i < 20'000; ++i)
    requests += "x\r\n";
  CHECK(wait_until([&] {
    slow.write(requests);
    return info_number(redis, "client_output_buffer_limit_disconnections") == 1;
  }));
  CHECK(connected_become(redis, 1));
}

TEST_CASE(
    "Who has not given the password is closed with the reply that leaves more than 64 KiB unread",
    "[flood][auth]") {
  constexpr int64_t kBound = int64_t{64} * 1024;
  const std::string refusal = "-NOAUTH Authentication required.\r\n";
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  REQUIRE(redis("AUTH", "secret") == "OK");
  REQUIRE(redis("CONFIG", "RESETSTAT") == "OK");
  RawClient slow = server.connect_raw();
  REQUIRE(wait_until([&] {
    slow.write(repeated("PING\r\n", 20'000));
    return server.has_logged("scheduled to be closed ASAP for overcoming");
  }));
  const std::string line = line_with(server.log(), "scheduled to be closed ASAP");
  const int64_t replies = std::stoll(info_field(redis, "errorstat_NOAUTH").substr(6));  // "count="
  const int64_t sent = std::stoll(client_field(line, "tot-net-out"));
  const int64_t unread = replies * static_cast<int64_t>(refusal.size()) - sent;
  CHECK(unread > kBound);
  CHECK(unread <= kBound + static_cast<int64_t>(refusal.size()));
}

TEST_CASE("Who has not given the password may send 1 MiB while everybody is paused, and no more",
          "[flood][auth]") {
  constexpr int64_t kBound = kMebibyte;
  constexpr int64_t kOneRead = int64_t{64} * 1024;
  TestServer server({"--requirepass", "secret"});
  Redis redis = server.connect();
  REQUIRE(redis("AUTH", "secret") == "OK");
  RawClient patient = server.connect_raw();
  RawClient greedy = server.connect_raw();
  REQUIRE(redis("CLIENT", "PAUSE", 60'000) == "OK");
  for (RawClient* const client : {&patient, &greedy})
    client->send("AUTH", "secret");  // waits
  patient.write(repeated("PING\r\n", (kBound - kOneRead) / 6));
  greedy.write(repeated("PING\r\n", (kBound + kOneRead) / 6));
  CHECK(greedy.closed());
  const std::string line = line_with(server.log(), "Closing client that reached max query buffer");
  const int64_t unread = std::stoll(client_field(line, "qbuf"));
  CHECK(unread > kBound - kOneRead);
  CHECK(unread <= kBound + kOneRead);
  CHECK(patient.nothing_arrives());
}

TEST_CASE("The soft client-output-buffer-limit gives a client its seconds", "[flood]") {
  TestServer server({"--client-output-buffer-limit", "normal 0 1mb 1"});
  Redis redis = server.connect();
  large_stream(redis, 100);
  RawClient slow = server.connect_raw();
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 30; ++i)
    slow.send("XRANGE", "large", "-", "+");

  CHECK(info_becomes(redis, "client_output_buffer_limit_disconnections", 1));
  CHECK(Clock::now() - start >= std::chrono::seconds(1));
}

TEST_CASE("Half requests of many clients are forgotten with them", "[flood]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t baseline = info_number(redis, "used_memory");
  std::vector<RawClient> clients = clients_that_sent(
      server, 200, "*2\r\n$4\r\nECHO\r\n$1000000\r\n" + std::string(100'000, 'x'));
  REQUIRE(memory_grows_by(redis, baseline, 15 * kMebibyte));
  clients.clear();
  CHECK(info_becomes(redis, "connected_clients", 1));
  CHECK(memory_returns_to(redis, baseline));
}

TEST_CASE("As many connections as the files allow are all served", "[flood]") {
  // Both ends of each are files, ours and the server's; some are needed for other things.
  const int64_t files = static_cast<int64_t>(raise_own_file_limit());
  const int64_t wanted = std::min<int64_t>(10'000, files - 200);
  TestServer server({"--maxclients", std::to_string(wanted + 10), "--tcp-backlog", "4096"});
  Redis redis = server.connect();
  REQUIRE(info_number(redis, "maxclients") == wanted + 10);

  std::vector<RawClient> clients;
  for (int64_t i = 0; i < wanted; ++i)
    clients.push_back(server.connect_raw());
  CHECK(info_becomes(redis, "connected_clients", wanted + 1));
  for (RawClient& client : clients)
    client.write("PING\r\n");
  int64_t answered = 0;
  for (RawClient& client : clients)
    answered += show(client.read()) == "+PONG" ? 1 : 0;
  CHECK(answered == wanted);
  clients.clear();
  CHECK(info_becomes(redis, "connected_clients", 1));
}

TEST_CASE("Connections beyond maxclients are told so and closed", "[flood]") {
  TestServer server({"--maxclients", "3"});
  Redis redis = server.connect();
  REQUIRE(connected_become(redis, 1));
  RawClient second = server.connect_raw();
  second("PING");
  RawClient third = server.connect_raw();
  third("PING");

  RawClient fourth = server.connect_raw();
  CHECK(show(fourth.read()) == "-ERR max number of clients reached");
  CHECK(fourth.closed());
  CHECK(info_number(redis, "rejected_connections") == 1);

  third.close();
  REQUIRE(info_becomes(redis, "connected_clients", 2));
  CHECK(show(server.connect_raw()("PING")) == "+PONG");
}

}  // namespace weir::testing
