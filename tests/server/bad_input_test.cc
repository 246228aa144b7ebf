// Bytes that are no requests: each error, what becomes of the connection, and that nobody else
// notices.
#include <random>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

struct BadInput {
  std::string bytes;
  std::string error;
};

constexpr size_t kTooLong = size_t{65} * 1024;

std::vector<BadInput> protocol_errors() {
  const std::string long_line(kTooLong, '1');
  return {
      {"*x\r\n", "invalid multibulk length"},
      {"*2147483648\r\n", "invalid multibulk length"},
      {"*9223372036854775808\r\n", "invalid multibulk length"},
      {"*+1\r\n$4\r\nPING\r\n", "invalid multibulk length"},
      {"*\r\n", "invalid multibulk length"},
      {"*1\r\n$-1\r\n", "invalid bulk length"},
      {"*1\r\n$\r\n", "invalid bulk length"},
      {"*1\r\n$536870913\r\n", "invalid bulk length"},
      {"*1\r\n$9999999999999999999\r\n", "invalid bulk length"},
      {"*2\r\n$4\r\nECHO\r\n+2\r\nhi\r\n", "expected '$', got '+'"},
      {"*1\r\nPING\r\n", "expected '$', got 'P'"},
      {"*" + long_line, "too big mbulk count string"},
      {"*1\r\n$" + long_line, "too big bulk count string"},
      {std::string(kTooLong, 'a'), "too big inline request"},
      {"ECHO \"never closed\r\n", "unbalanced quotes in request"},
      {"ECHO 'a'b\r\n", "unbalanced quotes in request"},
  };
}

/// Somebody who does everything right, and must not notice the others.
class Witness {
 public:
  explicit Witness(const TestServer& server) : client_(server.connect_raw()) {}

  bool is_served() {
    ++asked_;
    return show(client_("XADD", "witness", std::to_string(asked_), "f", "v")) ==
               "\"" + std::to_string(asked_) + "-0\"" &&
           show(client_("XLEN", "witness")) == ":" + std::to_string(asked_);
  }

 private:
  RawClient client_;
  int asked_ = 0;
};

}  // namespace

TEST_CASE("Each protocol error is named, ends its connection and no other", "[protocol]") {
  TestServer server;
  Redis redis = server.connect();
  Witness witness(server);
  for (const BadInput& bad : protocol_errors()) {
    CAPTURE(bad.bytes.substr(0, 40));
    RawClient client = server.connect_raw();
    client.write(bad.bytes);
    CHECK(show(client.read()) == "-ERR Protocol error: " + bad.error);
    CHECK(client.closed());
    CHECK(witness.is_served());
  }
  CHECK(info_field(redis, "errorstat_ERR") == "count=" + std::to_string(protocol_errors().size()));
  CHECK(info_becomes(redis, "connected_clients", 2));
}

TEST_CASE("The log shows who sent what could not be understood, and a part of it", "[protocol]") {
  TestServer server({"--loglevel", "verbose"});
  const auto log_after = [&](const std::string& bytes) {
    RawClient client = server.connect_raw();
    client.write(bytes);
    client.read();
    const std::string log = server.log();
    return log.substr(log.rfind(" - Protocol error"));
  };
  const std::regex form(
      R"( - Protocol error \(invalid multibulk length\) from client: id=\d+ addr=\S+ .* tot-cmds=1\.)"
      R"( Query buffer during protocol error: '\*x\.\.'\n)");
  CHECK(std::regex_match(log_after("PING\r\n*x\r\n"), form));
  CHECK(log_after("*1\r\n$-1\r\n" + std::string(64, 'a') + std::string(100, 'b'))
            .ends_with("error: '*1..$-1.." + std::string(55, 'a') + "' (... more 45 bytes ...) '" +
                       std::string(64, 'b') + "'\n"));
}

TEST_CASE("What was asked before a protocol error is answered, what comes after is not run",
          "[protocol]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client.write("XADD s 1-0 f v\r\n*1\r\n:0\r\nXADD s 2-0 f v\r\n");
  CHECK(show(client.read()) == R"("1-0")");
  CHECK(show(client.read()) == "-ERR Protocol error: expected '$', got ':'");
  CHECK(client.closed());
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("A line of 64 KiB is still a request, one byte more is not", "[protocol]") {
  TestServer server;
  RawClient client = server.connect_raw();
  const std::string longest(kTooLong - 1024 - 5, 'a');
  client.write("ECHO " + longest + "\n");
  CHECK(client.read().text == longest);
  client.write("ECHO a" + longest + "\n");
  CHECK(show(client.read()) == "-ERR Protocol error: too big inline request");
}

TEST_CASE("An argument longer than proto-max-bulk-len is refused before it comes", "[protocol]") {
  TestServer server({"--proto-max-bulk-len", "1mb"});
  RawClient client = server.connect_raw();
  const std::string largest(1 << 20, 'x');
  CHECK(client("ECHO", largest).text == largest);
  client.write("*2\r\n$4\r\nECHO\r\n$1048577\r\n");
  CHECK(show(client.read()) == "-ERR Protocol error: invalid bulk length");
}

TEST_CASE("Without its password a server reads only small requests", "[protocol][auth]") {
  TestServer server({"--requirepass", "secret"});
  RawClient large = server.connect_raw();
  large.write("*2\r\n$4\r\nAUTH\r\n$536870912\r\n");
  CHECK(show(large.read()) == "-ERR Protocol error: unauthenticated bulk length");
  CHECK(large.closed());

  RawClient many = server.connect_raw();
  many.write("*1000000\r\n");
  CHECK(show(many.read()) == "-ERR Protocol error: unauthenticated multibulk length");
  CHECK(many.closed());

  RawClient friendly = server.connect_raw();
  CHECK(show(friendly("AUTH", "secret")) == "+OK");
  CHECK(friendly("ECHO", std::string(20'000, 'x')).text.size() == 20'000);
}

TEST_CASE("A browser is cut off without an answer, and the log says so once", "[protocol]") {
  TestServer server;
  Witness witness(server);
  for (const char* request :
       {"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "Host: x\r\n\r\n", "*1\r\n$4\r\nPoSt\r\n"}) {
    RawClient client = server.connect_raw();
    client.write(request);
    CHECK(client.closed());
    CHECK(witness.is_served());
  }
  const std::string log = server.log();
  const size_t first = log.find("Possible SECURITY ATTACK detected");
  REQUIRE(first != std::string::npos);
  CHECK(log.find("Possible SECURITY ATTACK detected", first + 1) == std::string::npos);
}

TEST_CASE("A connection that ends inside a pipeline has run exactly its whole requests",
          "[protocol]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string pipeline =
      encode_command(std::vector<std::string>{"XADD", "s", "*", "f", "v"}) +
      "XADD s * f \"v\"\r\n" +
      encode_command(std::vector<std::string>{"XADD", "s", "*", "field", "value"});
  const size_t second = pipeline.find("XADD s *");
  const size_t third = pipeline.find("*5", second);
  const int64_t connections = info_number(redis, "total_connections_received");
  int64_t ended = 0;
  int64_t expected = 0;
  for (size_t length = 0; length <= pipeline.size(); ++length) {
    CAPTURE(length);
    RawClient client = server.connect_raw();
    client.write(std::string_view(pipeline).substr(0, length));
    client.close();
    expected += (length >= second ? 1 : 0) + (length >= third ? 1 : 0) +
                (length == pipeline.size() ? 1 : 0);
    REQUIRE(info_becomes(redis, "total_connections_received", connections + ++ended));
    REQUIRE(info_becomes(redis, "connected_clients", 1));
    REQUIRE(redis("XLEN", "s") == expected);
  }
}

TEST_CASE("Random bytes hurt nobody but their sender", "[protocol][seed]") {
  TestServer server;
  Redis redis = server.connect();
  Witness witness(server);
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  // Mostly bytes that the protocol gives a meaning to.
  const std::string alphabet = "*$\r\n\r\n0123456789- \"'\\PINGxaddXREADecho";
  for (int round = 0; round < 300; ++round) {
    std::string bytes(random() % 2000, '\0');
    for (char& byte : bytes) {
      byte = random() % 8 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    }
    RawClient client = server.connect_raw();
    client.write(bytes);
    client.close();
    if (round % 20 == 0) REQUIRE(witness.is_served());
  }
  CHECK(info_becomes(redis, "connected_clients", 2));
  CHECK(witness.is_served());
}

TEST_CASE("A request cut into single bytes is the same request", "[protocol]") {
  TestServer server;
  RawClient client = server.connect_raw();
  const std::string request =
      encode_command(std::vector<std::string>{"ECHO", std::string(300, 'x')}) + "PING\r\n";
  for (const char byte : request)
    client.write(std::string_view(&byte, 1));
  CHECK(client.read().text == std::string(300, 'x'));
  CHECK(show(client.read()) == "+PONG");
}

TEST_CASE("QUIT is answered and nothing behind it is run", "[protocol][quit]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client.write("PING\r\nQUIT\r\nXADD s 1-0 f v\r\n");
  CHECK(show(client.read()) == "+PONG");
  CHECK(show(client.read()) == "+OK");
  CHECK(client.closed());
  CHECK(redis("EXISTS", "s") == 0);
}

}  // namespace weir::testing
