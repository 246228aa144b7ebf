// A socket tells once of what has come.  What comes together with the end of the connection, or is
// more than one read takes, is not told of again.
#include <string>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "tests/server/tls_stage.h"
#include "tests/server/watching.h"
#include "tests/support/asleep.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// Ends a connection so that the other side is told of an error, not of an end.
void reset(RawClient& client) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  client.close();
}

bool only_one_is_left(Redis& redis) {
  return wait_until([&] {
    return info_number(redis, "connected_clients") == 1 &&
           info_number(redis, "blocked_clients") == 0;
  });
}

/// Sends all of that at once over TLS, and goes: with a word or without.
void send_and_go(TlsStage& stage, const std::string& requests, bool is_told) {
  TlsClient client = stage.connect();
  const Asleep asleep(stage.server);
  client.write(requests);
  is_told ? client.end() : client.cut();
}

}  // namespace

TEST_CASE("Who sends a command and hangs up at once is heard, and is gone", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  {
    const Asleep asleep(server);
    client.send("XADD", "s", "1-0", "f", "a");
    client.close();
  }
  CHECK(wait_until([&] { return redis("XLEN", "s") == 1; }));
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A batch that takes many turns runs to its end, though nobody is there to be answered",
          "[clients]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  const std::string first = GENERATE("", "CLIENT REPLY OFF\r\n");
  std::string batch = first;
  for (int i = 0; i < 50; ++i)
    batch += "DEBUG SLEEP 0.001\r\nXADD s * f v\r\n";
  server.connect_raw().write(batch);
  CHECK(wait_until([&] { return redis("XLEN", "s") == 50; }));
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A batch that takes many turns runs to its end, though its connection is reset",
          "[clients]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  std::string batch = GENERATE("", "CLIENT REPLY OFF\r\n");
  CAPTURE(batch);
  for (int i = 0; i < 50; ++i)
    batch += "DEBUG SLEEP 0.001\r\nXADD s * f v\r\n";
  {
    RawClient client = server.connect_raw();
    client.send("PING");
    REQUIRE(client.read().text == "PONG");  // it is known, and not only about to be
    const Asleep asleep(server);
    client.write(batch);
    reset(client);
  }
  CHECK(wait_until([&] { return redis("XLEN", "s") == 50; }));
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A reader whose connection is reset behind slow requests is gone", "[clients]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  for (int i = 0; i < 3; ++i) {
    RawClient client = server.connect_raw();
    const Asleep asleep(server);
    client.write(
        "DEBUG SLEEP 0.001\r\nDEBUG SLEEP 0.001\r\nDEBUG SLEEP 0.001\r\n"
        "XREAD BLOCK 0 STREAMS s $\r\n");
    reset(client);
  }
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A batch over TLS that takes many turns runs to its end, however its client goes",
          "[clients][tls]") {
  TlsStage stage({"--enable-debug-command", "yes"});
  Redis redis = stage.server.connect();
  std::string batch = GENERATE("", "CLIENT REPLY OFF\r\n");
  const bool is_told = GENERATE(true, false);
  CAPTURE(batch, is_told);
  for (int i = 0; i < 50; ++i)
    batch += "DEBUG SLEEP 0.001\r\nXADD s * f v\r\n";
  send_and_go(stage, batch, is_told);
  CHECK(wait_until([&] { return redis("XLEN", "s") == 50; }));
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A reader over TLS who goes behind slow requests is gone", "[clients][tls]") {
  TlsStage stage({"--enable-debug-command", "yes"});
  Redis redis = stage.server.connect();
  for (const bool is_told : {true, false}) {
    send_and_go(stage, "DEBUG SLEEP 0.001\r\nDEBUG SLEEP 0.001\r\nXREAD BLOCK 0 STREAMS s $\r\n",
                is_told);
  }
  CHECK(only_one_is_left(redis));
}

TEST_CASE("A reader whose connection is reset together with its command is gone", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 3; ++i) {
    RawClient blocked = server.connect_raw();
    RawClient half = server.connect_raw();
    const Asleep asleep(server);
    blocked.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
    half.write("*2\r\n$4\r\nEC");
    reset(blocked);
    reset(half);
  }
  CHECK(only_one_is_left(redis));
}

TEST_CASE("Requests for several reads are answered to the last, though nothing follows them",
          "[clients]") {
  TestServer server;
  RawClient client = server.connect_raw();
  constexpr int kRequests = 20'000;
  std::string requests;
  for (int i = 0; i < kRequests; ++i)
    requests += "ECHO " + std::to_string(i) + "\r\n";
  client.write(requests);
  shutdown(client.fd(), SHUT_WR);
  int wrong = 0;
  for (int i = 0; i < kRequests; ++i)
    wrong += client.read().text != std::to_string(i) ? 1 : 0;
  CHECK(wrong == 0);
  CHECK(client.closed());
}

}  // namespace weir::testing
