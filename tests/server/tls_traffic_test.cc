// What goes over TLS: much, many, and what is no TLS at all.
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/tls_stage.h"
#include "tests/server/watching.h"

namespace weir::testing {
namespace {

constexpr size_t kManyMegabytes = 10'000'000;

/// Bytes that are nowhere the same, so that none can be lost or doubled unseen.
std::string noise(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

TEST_CASE("Ten megabytes go in and come out over TLS as they were", "[tls]") {
  TlsStage stage;
  for (const int protocol : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions options = stage.good();
    options.protocol = protocol;
    TlsClient client(stage.tls_port, options);
    const std::string big = noise(kManyMegabytes, 1);
    CHECK(client("XADD", "big", "1-0", "f", big) == "1-0");
    client.write(encode_command(std::vector<std::string>{"XRANGE", "big", "-", "+"}));
    CHECK(client.read_reply().elements.at(0).elements.at(1).elements.at(1).text == big);
    CHECK(client("DEL", "big") == ":1");
  }
}

TEST_CASE("Ten thousand commands in one go are answered in order over TLS", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  std::string requests;
  for (int n = 1; n <= 10'000; ++n)
    requests +=
        encode_command(std::vector<std::string>{"XADD", "s", std::to_string(n) + "-0", "f", "v"});
  client.write(requests);
  int in_order = 0;
  for (int n = 1; n <= 10'000; ++n)
    in_order += client.read() == std::to_string(n) + "-0" ? 1 : 0;
  CHECK(in_order == 10'000);
}

TEST_CASE("Requests of every size around those of records and buffers arrive over TLS", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  for (const size_t base : {16384, 32768, 65536, 131072}) {
    for (const size_t size : {base - 200, base - 64, base - 1, base, base + 1, base + 300}) {
      CAPTURE(size);
      const std::string text = noise(size, static_cast<unsigned>(size));
      // Two in one write: the second begins in the middle of a record.
      client.write(encode_command(std::vector<std::string>{"ECHO", text}) +
                   encode_command(std::vector<std::string>{"ECHO", text}));
      CHECK((client.read() == text));
      CHECK((client.read() == text));
    }
  }
}

TEST_CASE("A request that comes byte by byte is understood over TLS", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  for (const char byte : encode_command(std::vector<std::string>{"XADD", "s", "1-0", "f", "v"}))
    client.write(std::string_view(&byte, 1));
  CHECK(client.read() == "1-0");
}

TEST_CASE("What is sent behind a waiting read is answered after it over TLS", "[tls]") {
  TlsStage stage;
  TlsClient client = stage.connect();
  Redis other = stage.server.connect();
  std::string behind;
  for (int n = 0; n < 5000; ++n)
    behind += encode_command(std::vector<std::string>{"ECHO", std::to_string(n) + noise(30, 7)});
  client.write(
      encode_command(std::vector<std::string>{"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}) +
      behind);
  REQUIRE(blocked_become(other, 1));
  CHECK(other("XADD", "s", "1-0", "f", "v") == "1-0");
  CHECK(client.read() == R"(*[*["s", *[*["1-0", *["f", "v"]]]]])");
  int in_order = 0;
  for (int n = 0; n < 5000; ++n)
    in_order += client.read() == std::to_string(n) + noise(30, 7) ? 1 : 0;
  CHECK(in_order == 5000);
}

TEST_CASE("A client of TLS that does not read stops only itself", "[tls]") {
  TlsStage stage;
  TlsClient lazy = stage.connect();
  CHECK(lazy("XADD", "big", "1-0", "f", noise(kManyMegabytes, 2)) == "1-0");
  for (int n = 0; n < 3; ++n)
    lazy.write(encode_command(std::vector<std::string>{"XLEN", "big"}) +
               encode_command(std::vector<std::string>{"XRANGE", "big", "-", "+"}));
  CHECK(stage.connect()("PING") == "+PONG");
  for (int n = 0; n < 3; ++n) {
    CHECK(lazy.read() == ":1");
    CHECK(lazy.read().size() > kManyMegabytes);
  }
}

TEST_CASE("Hundreds of clients are served over TLS at once", "[tls]") {
  TlsStage stage({"--max-new-tls-connections-per-cycle", "10"});
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int n = 0; n < 300; ++n)
    clients.push_back(std::make_unique<TlsClient>(stage.tls_port, stage.good()));
  for (const auto& client : clients)
    client->write(encode_command(std::vector<std::string>{"XADD", "s", "*", "f", "v"}));
  for (const auto& client : clients)
    CHECK(client->read().find('-') != std::string::npos);
  CHECK(stage.server.connect()("XLEN", "s") == 300);
}

TEST_CASE("Plain text at the TLS port is turned away, and the server goes on", "[tls]") {
  TlsStage stage;
  RawClient plain(stage.tls_port);
  plain.write("PING\r\n");
  CHECK_FALSE(std::holds_alternative<resp::Reply>(plain.await()));
  CHECK(stage.logs("SSL routines::wrong version number"));
  CHECK(refusal(stage.tls_port, stage.good()).empty());
}

TEST_CASE("TLS at the plain port is a protocol error, and the server goes on", "[tls]") {
  TlsStage stage;
  CHECK_FALSE(refusal(stage.server.port(), stage.good()).empty());
  CHECK(stage.server.connect()("PING") == "PONG");
}

TEST_CASE("A client that stops in the middle of a handshake keeps nobody waiting", "[tls]") {
  TlsStage stage;
  std::vector<RawClient> silent;
  for (int n = 0; n < 20; ++n) {
    silent.emplace_back(stage.tls_port);
    silent.back().write(std::string("\x16\x03\x01\x02\x00\x01", 6).substr(0, n % 7));
  }
  CHECK(refusal(stage.tls_port, stage.good()).empty());
  Redis redis = stage.server.connect();
  CHECK(wait_until([&] { return info_number(redis, "connected_clients") == 21; }));
  silent.clear();
  CHECK(wait_until([&] { return info_number(redis, "connected_clients") == 1; }));
}

TEST_CASE("A handshake that does not go on is over after `timeout` seconds", "[tls]") {
  TlsStage stage({"--timeout", "1"});
  RawClient silent(stage.tls_port);
  silent.write("\x16\x03\x01");
  CHECK(silent.closed());
}

TEST_CASE("A connection of TLS that is cut is gone", "[tls]") {
  TlsStage stage;
  Redis redis = stage.server.connect();
  TlsClient client = stage.connect();
  client.write(
      encode_command(std::vector<std::string>{"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}));
  REQUIRE(blocked_become(redis, 1));
  client.cut();
  CHECK(wait_until([&] { return info_number(redis, "connected_clients") == 1; }));
  CHECK(blocked_become(redis, 0));
}

TEST_CASE("Random bytes at the TLS port, before and after a handshake, harm nobody", "[tls]") {
  TlsStage stage;
  std::minstd_rand random(Catch::rngSeed());
  for (unsigned round = 0; round < 100; ++round) {
    std::string bytes = noise(random() % 2000, static_cast<unsigned>(random()));
    // Often something that begins like a record of TLS.
    if (round % 2 == 0 && bytes.size() > 5) bytes.replace(0, 3, std::string("\x16\x03\x01", 3));
    RawClient raw(stage.tls_port);
    raw.write(bytes);
  }
  for (unsigned round = 0; round < 20; ++round) {
    TlsClient client = stage.connect();
    client.write_unencrypted(noise(1 + random() % 3000, round));
  }
  CHECK(refusal(stage.tls_port, stage.good()).empty());
  Redis redis = stage.server.connect();
  CHECK(wait_until([&] { return info_number(redis, "connected_clients") == 1; }));
}

}  // namespace
}  // namespace weir::testing
