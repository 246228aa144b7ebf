// CONFIG SET and what it does at once, CONFIG REWRITE and what a restart finds, CONFIG GET.
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/address.h"
#include "tests/server/by_hand.h"
#include "tests/server/watching.h"

namespace weir::testing {
namespace {

using resp::show;

std::string value_of(Redis& redis, const std::string& option) {
  const std::string text = redis("CONFIG", "GET", option).text;
  const std::string start = "[\"" + option + "\",\"";
  if (!text.starts_with(start)) throw std::runtime_error("CONFIG GET " + option + ": " + text);
  return text.substr(start.size(), text.size() - start.size() - 2);
}

/// A server with a configuration file of its own.
struct Configured {
  explicit Configured(const std::string& more)
      : text("port 0\nsave \"\"\ndir " + server.folder().path() + "\nunixsocket " +
             server.socket_path() + "\n" + more) {
    write_text(path, text);
    server.start({path});
  }

  ByHand server;
  std::string path = server.folder() / "weir.conf";
  std::string text;
};

}  // namespace

TEST_CASE("CONFIG SET port moves the listener and leaves connections alone", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  const int port = free_port();
  CHECK(redis("CONFIG", "SET", "port", port) == "OK");
  CHECK(ask("127.0.0.1", port) == "+PONG");
  CHECK(ask("127.0.0.1", server.port()) == std::nullopt);
  CHECK(redis("PING") == "PONG");
  CHECK(info_number(redis, "tcp_port") == port);

  CHECK(redis("CONFIG", "SET", "port", 0) == "OK");
  CHECK(ask("127.0.0.1", port) == std::nullopt);
  CHECK(Redis(server.socket_path())("PING") == "PONG");
}

TEST_CASE("CONFIG SET port to one that is taken changes nothing", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  const TakenPort taken;
  CHECK(redis("CONFIG", "SET", "port", taken.port) ==
        "ERR CONFIG SET failed (possibly related to argument 'port') - "
        "Unable to listen on this port. Check server logs.");
  CHECK(value_of(redis, "port") == std::to_string(server.port()));
  CHECK(ask("127.0.0.1", server.port()) == "+PONG");
}

TEST_CASE("CONFIG SET bind takes effect at once", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(ask("127.0.0.2", server.port()) == std::nullopt);
  CHECK(redis("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2") == "OK");
  CHECK(ask("127.0.0.2", server.port()) == "+PONG");
  CHECK(redis("CONFIG", "SET", "bind", "127.0.0.2") == "OK");
  CHECK(ask("127.0.0.1", server.port()) == std::nullopt);
  CHECK(redis("CONFIG", "SET", "bind", "192.0.2.231").starts_with("ERR CONFIG SET failed"));
  CHECK(ask("127.0.0.2", server.port()) == "+PONG");
  CHECK(value_of(redis, "bind") == "127.0.0.2");
}

TEST_CASE("CONFIG SET maxclients holds for the next connection", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "SET", "maxclients", 1) == "OK");
  CHECK(ask("127.0.0.1", server.port()) == "-ERR max number of clients reached");
  CHECK(redis("CONFIG", "SET", "maxclients", 100) == "OK");
  CHECK(ask("127.0.0.1", server.port()) == "+PONG");
  CHECK(redis("CONFIG", "SET", "maxclients", 4'000'000'000)
            .starts_with("ERR CONFIG SET failed (possibly related to argument 'maxclients')"));
  CHECK(value_of(redis, "maxclients") == "100");
}

TEST_CASE("CONFIG SET loglevel changes what is logged from then on", "[config]") {
  TestServer server({"--enable-debug-command", "yes"});
  Redis redis = server.connect();
  const auto protocol_error = [&] { server.connect_raw().write("*x\r\n"); };
  protocol_error();
  REQUIRE(
      wait_until([&] { return redis("INFO", "errorstats").contains("errorstat_ERR:count=1\r"); }));
  CHECK_FALSE(server.has_logged("Protocol error"));
  CHECK(redis("CONFIG", "SET", "loglevel", "verbose") == "OK");
  protocol_error();
  CHECK(wait_until([&] { return server.has_logged("Protocol error"); }));

  redis("CONFIG", "SET", "loglevel", "nothing");
  redis("DEBUG", "LOG", "unheard");
  CHECK_FALSE(server.has_logged("unheard"));
}

TEST_CASE("CONFIG SET requirepass asks new connections for it and trusts the old", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "SET", "requirepass", "secret") == "OK");
  CHECK(redis("PING") == "PONG");
  RawClient stranger = server.connect_raw();
  CHECK(show(stranger("PING")) == "-NOAUTH Authentication required.");
  CHECK(show(stranger("AUTH", "secret")) == "+OK");
  CHECK(show(stranger("PING")) == "+PONG");
  redis("CONFIG", "SET", "requirepass", "");
  CHECK(show(server.connect_raw()("PING")) == "+PONG");
}

TEST_CASE("CONFIG SET timeout closes who is idle, but not who waits or subscribes", "[config]") {
  TestServer server;
  Redis redis(server.socket_path());
  RawClient idle = server.connect_raw();
  RawClient waiting = server.connect_raw();
  idle("PING");
  waiting.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  RawClient subscriber = server.connect_raw();
  subscriber("SUBSCRIBE", "c");
  REQUIRE(blocked_become(redis, 1));
  redis("CONFIG", "SET", "timeout", 1);
  CHECK(info_becomes(redis, "connected_clients", 3));
  CHECK(idle.closed());
  CHECK(redis("PUBLISH", "c", "x") == 1);
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(waiting.read()).starts_with("*[*["));
}

TEST_CASE("CONFIG SET is all or nothing", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(
      redis("CONFIG", "SET", "hz", 50, "maxclients", "many").starts_with("ERR CONFIG SET failed"));
  CHECK(value_of(redis, "hz") == "10");
  CHECK(redis("CONFIG", "SET", "hz", 50, "timeout", 100) == "OK");
  CHECK(value_of(redis, "hz") == "50");
  CHECK(redis("CONFIG", "SET", "daemonize", "yes").text.ends_with("can't set immutable config"));
  CHECK(redis("CONFIG", "SET", "dir", "/tmp").text.ends_with("can't set protected config"));
  CHECK(redis("CONFIG", "SET", "nosuch", "x") ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
}

TEST_CASE("CONFIG GET gives every option once, by name and by pattern", "[config]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CONFIG", "GET", "databases") == R"(["databases","16"])");
  CHECK(redis("CONFIG", "GET", "nosuch") == "[]");
  CHECK(redis("CONFIG", "GET", "maxclients", "MAXCLIENTS", "nosuch").text.find("maxclients", 10) ==
        std::string::npos);
  CHECK(redis("CONFIG", "GET", "slave-read-only").text.starts_with("[\"slave-read-only\""));
  RawClient client = server.connect_resp3();
  const resp::Reply all = client("CONFIG", "GET", "*");
  CHECK(all.kind == resp::Reply::Kind::kMap);
  CHECK(all.elements.size() > 200);
}

TEST_CASE("CONFIG REWRITE keeps comments, order and what it does not know", "[config]") {
  Configured test("# a comment of mine\nhz 20\n\n# the end\n");
  Redis redis = test.server.connect();
  CHECK(redis("CONFIG", "REWRITE") == "OK");
  CHECK(read_text(test.path) == test.text);

  redis("CONFIG", "SET", "hz", 30, "timeout", 90, "maxmemory", "2gb");
  CHECK(redis("CONFIG", "REWRITE") == "OK");
  const std::string after = read_text(test.path);
  CHECK(after.find("# a comment of mine\nhz 30\n\n# the end\n") != std::string::npos);
  CHECK(after.find("# Generated by CONFIG REWRITE\n") < after.find("timeout 90\n"));
  CHECK(test.server.folder().names() == std::vector<std::string>{"output", "s.sock", "weir.conf"});
}

TEST_CASE("What CONFIG REWRITE wrote survives a restart", "[config]") {
  Configured test("maxclients 77\n");
  {
    Redis redis = test.server.connect();
    redis("CONFIG", "SET", "maxmemory", "123456789", "requirepass", "a secret \"\\ \x01");
    redis("CONFIG", "SET", "save", "900 1 300 10", "client-output-buffer-limit",
          "pubsub 1mb 2kb 3");
    redis("CONFIG", "SET", "maxclients", 88, "stream-node-max-entries", 5);
    CHECK(redis("CONFIG", "REWRITE") == "OK");
  }
  CHECK(test.server.terminate() == 0);
  test.server.start({test.path});
  Redis redis = test.server.connect();
  CHECK(redis("AUTH", "a secret \"\\ \x01") == "OK");
  CHECK(value_of(redis, "maxmemory") == "123456789");
  CHECK(value_of(redis, "maxclients") == "88");
  CHECK(value_of(redis, "save") == "900 1 300 10");
  CHECK(value_of(redis, "client-output-buffer-limit").ends_with(" pubsub 1048576 2048 3"));
  CHECK(value_of(redis, "stream-node-max-entries") == "5");
}

TEST_CASE("DEBUG CONFIG-REWRITE-FORCE-ALL gives every option a line", "[config][debug]") {
  Configured test("# mine\nhz 20\nenable-debug-command yes\n");
  Redis redis = test.server.connect();
  CHECK(redis("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == "OK");
  const std::string after = read_text(test.path);
  CHECK(after.find("# mine\nhz 20\nenable-debug-command yes\n") != std::string::npos);
  CHECK(after.find("\nmaxclients 10000\n") != std::string::npos);
  CHECK(after.find("\nslowlog-max-len 128\n") != std::string::npos);
  CHECK(test.server.terminate() == 0);
  test.server.start({test.path});
  CHECK(test.server.connect()("PING") == "PONG");
}

TEST_CASE("CONFIG REWRITE without a file is refused", "[config]") {
  TestServer server;
  CHECK(server.connect()("CONFIG", "REWRITE") == "ERR The server is running without a config file");
}

TEST_CASE("CONFIG REWRITE makes a file anew that has gone", "[config]") {
  Configured test("maxclients 77\n");
  std::filesystem::remove(test.path);
  CHECK(test.server.connect()("CONFIG", "REWRITE") == "OK");
  CHECK(read_text(test.path).find("maxclients 77\n") != std::string::npos);
}

}  // namespace weir::testing
