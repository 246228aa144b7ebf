// MONITOR: who is shown what.
#include <regex>
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// The next line that a monitor is shown, without its time and the sender's port.
std::string next_line(Redis& monitor) {
  const std::string line = monitor.read().text;
  return std::regex_replace(line, std::regex(R"(^\d{10}\.\d{6} |:\d+(?=\]))"), "");
}

}  // namespace

TEST_CASE("A monitor is shown every command with its database and sender", "[monitor]") {
  TestServer server;
  Redis monitor = server.connect();
  Redis redis = server.connect();
  CHECK(monitor("MONITOR") == "OK");
  redis("xadd", "s", "1-1", "f", "a \"b\"\n\x01");
  CHECK(next_line(monitor) == R"([0 127.0.0.1] "xadd" "s" "1-1" "f" "a \"b\"\n\x01")");
  redis("SELECT", "3");
  CHECK(next_line(monitor) == R"([3 127.0.0.1] "SELECT" "3")");
  Redis local(server.socket_path());
  local("PING");
  CHECK(next_line(monitor) == "[0 unix:" + server.socket_path() + R"(] "PING")");
}

TEST_CASE("Commands of operators, unknown and refused ones are not shown", "[monitor]") {
  TestServer server;
  Redis monitor = server.connect();
  Redis redis = server.connect();
  monitor("MONITOR");
  redis("CONFIG", "GET", "port");
  redis("SLOWLOG", "LEN");
  redis("NOSUCH");
  redis("XLEN");
  redis("PING");
  CHECK(next_line(monitor) == R"([0 127.0.0.1] "PING")");
}

TEST_CASE("A waiting command is shown once, when it begins to wait", "[monitor]") {
  TestServer server;
  Redis monitor = server.connect();
  Redis redis = server.connect();
  Redis reader = server.connect();
  monitor("MONITOR");
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  CHECK(next_line(monitor) == R"([0 127.0.0.1] "XREAD" "BLOCK" "0" "STREAMS" "s" "$")");
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(reader.read().contains("1-0"));
  CHECK(next_line(monitor) == R"([0 127.0.0.1] "XADD" "s" "1-0" "f" "v")");
  CHECK(monitor.nothing_arrives());
}

TEST_CASE("EXEC is shown behind the commands that it ran", "[monitor][exec]") {
  TestServer server;
  Redis monitor = server.connect();
  Redis redis = server.connect();
  monitor("MONITOR");
  redis("MULTI");
  redis("XLEN", "s");
  redis("EXEC");
  for (const char* word : {"MULTI\"", "XLEN\" \"s\"", "EXEC\""})
    CHECK(next_line(monitor) == "[0 127.0.0.1] \"" + std::string(word));
}

TEST_CASE("A transaction cannot make its connection a monitor", "[monitor][exec]") {
  TestServer server;
  Redis redis = server.connect();
  redis("MULTI");
  CHECK(redis("MONITOR") == "QUEUED");
  CHECK(redis("EXEC").contains("ERR MONITOR isn't allowed for DENY BLOCKING client"));
  redis("PING");
  CHECK(redis.nothing_arrives());
}

TEST_CASE("Passwords are not shown to monitors", "[monitor][auth][hello]") {
  TestServer server({"--requirepass", "hush"});
  Redis monitor = server.connect();
  monitor("AUTH", "hush");
  monitor("MONITOR");
  Redis redis = server.connect();
  redis("AUTH", "hush");
  CHECK(next_line(monitor) == R"re([0 127.0.0.1] "AUTH" "(redacted)")re");
  redis("HELLO", "2", "AUTH", "default", "hush", "SETNAME", "me");
  CHECK(next_line(monitor) ==
        R"re([0 127.0.0.1] "HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "me")re");
}

TEST_CASE("A monitor's own commands are answered before they are shown", "[monitor]") {
  TestServer server;
  Redis monitor = server.connect();
  monitor("MONITOR");
  CHECK(monitor("PING") == "PONG");
  CHECK(next_line(monitor) == R"([0 127.0.0.1] "PING")");
}

TEST_CASE("A monitor is not shown that it leaves, another one is", "[monitor][quit]") {
  TestServer server;
  Redis other = server.connect();
  other("MONITOR");
  RawClient monitor = server.connect_raw();
  monitor("MONITOR");
  CHECK(resp::show(monitor("QUIT")) == "+OK");
  CHECK(monitor.closed());
  CHECK(next_line(other) == R"([0 127.0.0.1] "QUIT")");
}

TEST_CASE("A monitor has flag O until RESET", "[monitor][reset][client]") {
  TestServer server;
  Redis redis = server.connect();
  Redis monitor = server.connect();
  monitor("MONITOR");
  CHECK(redis("CLIENT", "LIST").contains("flags=O "));
  CHECK(monitor("RESET") == "RESET");
  CHECK_FALSE(redis("CLIENT", "LIST").contains("flags=O "));
  redis("PING");
  CHECK(monitor.nothing_arrives());
}

TEST_CASE("A monitor that does not read is disconnected by its output limit", "[monitor]") {
  TestServer server({"--client-output-buffer-limit", "normal 100000 0 0"});
  Redis redis = server.connect();
  RawClient monitor = server.connect_raw();
  monitor("MONITOR");
  CHECK(wait_until([&] {
    for (int i = 0; i < 100; ++i)
      redis.send("ECHO", std::string(10'000, 'x'));
    for (int i = 0; i < 100; ++i)
      redis.read();
    return info_number(redis, "client_output_buffer_limit_disconnections") == 1;
  }));
  redis("PING");
}

TEST_CASE("A monitor that has gone is shown nothing", "[monitor]") {
  TestServer server;
  Redis redis = server.connect();
  {
    Redis monitor = server.connect();
    monitor("MONITOR");
  }
  CHECK(wait_until([&] { return !redis("CLIENT", "LIST").contains("flags=O "); }));
  CHECK(redis("PING") == "PONG");
}

TEST_CASE("A monitor cannot touch keys, nor become one a second time", "[monitor]") {
  TestServer server;
  Redis monitor = server.connect();
  CHECK(monitor("MONITOR") == "OK");
  for (const char* command : {"XLEN", "PERSIST"})
    CHECK(monitor(command, "s") == "ERR Replica can't interact with the keyspace");
  CHECK(monitor("PUBLISH", "c", "m") == "ERR Replica can't interact with the keyspace");
  monitor.send("MONITOR");
  CHECK(monitor.nothing_arrives());
  CHECK(monitor("RESET") == "RESET");
  CHECK(monitor("XLEN", "s") == 0);
}

}  // namespace weir::testing
