// redis-cli in all the ways in which people and scripts use it.
#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"

namespace weir::testing {
namespace {

/// redis-cli with these words behind the address; it must succeed.
std::string cli(const TestServer& server, const std::vector<std::string>& words) {
  std::vector<std::string> all = {"redis-cli", "-p", std::to_string(server.port())};
  all.insert(all.end(), words.begin(), words.end());
  const Finished finished = run_tool(all);
  CAPTURE(finished.err);
  CHECK(finished.exit_code == 0);
  return finished.out;
}

/// The same with this text on its standard input.
std::string cli_with_input(const TestServer& server, const std::string& input,
                           const std::string& options = {}) {
  const Finished finished = run_script("printf '%s' \"$2\" | redis-cli -p \"$1\" " + options,
                                       {std::to_string(server.port()), input});
  CAPTURE(finished.err);
  CHECK(finished.exit_code == 0);
  return finished.out;
}

Terminal at_terminal(const TestServer& server) {
  return Terminal({"redis-cli", "-p", std::to_string(server.port())});
}

}  // namespace

TEST_CASE("redis-cli pings over TCP, the Unix socket and RESP3", "[clients]") {
  TestServer server;
  CHECK(cli(server, {"ping"}) == "PONG\n");
  CHECK(cli(server, {"-3", "ping"}) == "PONG\n");
  CHECK(cli(server, {"-s", server.socket_path(), "ping"}) == "PONG\n");
}

TEST_CASE("redis-cli -n selects its database", "[clients]") {
  TestServer server;
  CHECK(cli(server, {"-n", "2", "xadd", "s", "1-0", "f", "v"}) == "1-0\n");
  CHECK(cli(server, {"xlen", "s"}) == "0\n");
  CHECK(cli(server, {"-n", "2", "-3", "xrange", "s", "-", "+"}) == "1-0\nf\nv\n");
}

TEST_CASE("redis-cli -a gives the password", "[clients]") {
  TestServer server({"--requirepass", "secret"});
  CHECK(cli(server, {"ping"}) == "NOAUTH Authentication required.\n\n");
  CHECK(cli(server, {"--no-auth-warning", "-a", "secret", "ping"}) == "PONG\n");
  CHECK(cli(server, {"--no-auth-warning", "--user", "default", "--pass", "secret", "-3", "ping"}) ==
        "PONG\n");
}

TEST_CASE("redis-cli runs the commands of its standard input", "[clients]") {
  TestServer server;
  CHECK(cli_with_input(server, "XADD s 1-0 f \"two words\"\nSELECT 1\nXLEN s\nPING\n") ==
        "1-0\nOK\n0\nPONG\n");
  CHECK(cli(server, {"--json", "-3", "xrange", "s", "-", "+"}) ==
        "[[\"1-0\",[\"f\",\"two words\"]]]\n");
}

TEST_CASE("redis-cli --pipe loads a stream from a file of commands", "[clients]") {
  TestServer server;
  std::string commands;
  for (int n = 1; n <= 1000; ++n)
    commands += "XADD s " + std::to_string(n) + "-0 f v\r\n";
  const std::string out = cli_with_input(server, commands, "--pipe");
  CHECK(contains(out, "errors: 0, replies: 1000"));
  CHECK(server.connect()("XLEN", "s") == 1000);
}

TEST_CASE("redis-cli shows the messages of a channel, in both protocols", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* const protocol : {"-2", "-3"}) {
    Terminal terminal({"redis-cli", protocol, "-p", std::to_string(server.port())});
    REQUIRE(terminal.shows("> "));
    terminal.type("SUBSCRIBE news\r");
    CHECK(terminal.shows("(integer) 1"));
    CHECK(redis("PUBLISH", "news", "it rains") == 1);
    CHECK(terminal.shows("\"message\""));
    CHECK(terminal.shows("\"it rains\""));
  }
}

TEST_CASE("redis-cli -r and -i repeat a command", "[clients]") {
  TestServer server;
  const std::string out = cli(server, {"-r", "3", "-i", "0.001", "xadd", "s", "*", "f", "v"});
  CHECK(std::count(out.begin(), out.end(), '\n') == 3);
  CHECK(server.connect()("XLEN", "s") == 3);
}

TEST_CASE("redis-cli --scan lists every key, filtered if asked", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  for (int i = 0; i < 300; ++i)
    redis("XADD", "key:" + std::to_string(i), "1-0", "f", "v");
  const std::string all = cli(server, {"--scan"});
  CHECK(std::count(all.begin(), all.end(), '\n') == 300);
  const std::string some = cli(server, {"--scan", "--pattern", "key:29?"});
  CHECK(std::count(some.begin(), some.end(), '\n') == 10);
}

TEST_CASE("redis-cli --bigkeys names the longest stream", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  for (int n = 1; n <= 42; ++n)
    redis("XADD", "long", std::to_string(n), "f", "v");
  redis("XADD", "short", "1-0", "f", "v");
  const std::string out = cli(server, {"--bigkeys"});
  CHECK(contains(out, "Sampled 2 keys in the keyspace!"));
  CHECK(contains(out, "Biggest stream found '\"long\"' has 42 entries"));
}

TEST_CASE("redis-cli --memkeys names the stream that takes most memory", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "large", "1-0", "f", std::string(10'000, 'x'));
  redis("XADD", "small", "1-0", "f", "v");
  redis("XADD", "small", "2-0", "f", "v");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--memkeys"}, {"--memkeys", "--memkeys-samples", "0"}}) {
    const std::string out = cli(server, words);
    const std::string bytes = redis("MEMORY", "USAGE", "large", "SAMPLES", "0").text;
    CHECK(contains(out, "Biggest stream found '\"large\"' has " + bytes + " bytes"));
  }
}

TEST_CASE("redis-cli --hotkeys names the key in use, and says what it needs for that",
          "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "cold", "1-0", "f", "v");
  const Finished refused =
      run_tool({"redis-cli", "-p", std::to_string(server.port()), "--hotkeys"});
  CHECK(contains(refused.out + refused.err, "An LFU maxmemory policy is not selected"));
  redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu");
  for (int n = 1; n <= 200; ++n)
    redis("XADD", "hot", std::to_string(n), "f", "v");
  CHECK(std::regex_search(cli(server, {"--hotkeys"}),
                          std::regex("hot key found with counter: \\d+\\tkeyname: \"hot\"")));
}

TEST_CASE("redis-cli --stat shows keys, memory, clients and requests", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  Terminal stat({"redis-cli", "-p", std::to_string(server.port()), "--stat", "-i", "0.01"});
  CHECK(stat.shows("keys       mem      clients blocked requests"));
  CHECK(stat.shows(std::regex(R"(\n1 +[0-9.]+[BKMG] +2 +0 +\d+ \(\+[1-9]\d*\) +\d+ )")));
  CAPTURE(stat.screen());
  stat.type("\x03");  // Ctrl-C
  CHECK(stat.wait() == -SIGINT);
}

TEST_CASE("redis-cli --latency measures pings", "[clients]") {
  TestServer server;
  const std::string out = cli(server, {"--latency", "-i", "0.1", "--raw"});
  CHECK(std::regex_match(out, std::regex(R"(\d+ \d+ \d+\.\d+ \d+\n)")));
}

TEST_CASE("redis-cli --latency-history begins a new line for every interval", "[clients]") {
  TestServer server;
  Terminal history(
      {"redis-cli", "-p", std::to_string(server.port()), "--latency-history", "-i", "0.1"});
  const std::regex two_lines(
      R"((min: \d+, max: \d+, avg: \d+\.\d+ \(\d+ samples\) -- \d+\.\d+ seconds range[^]*){2})");
  CHECK(history.shows(two_lines));
  CAPTURE(history.screen());
  history.type("\x03");
  CHECK(history.wait() == -SIGINT);
}

TEST_CASE("redis-cli --latency-dist draws a line of samples", "[clients]") {
  TestServer server;
  Terminal spectrum(
      {"redis-cli", "-p", std::to_string(server.port()), "--latency-dist", "-i", "0.1"});
  CHECK(spectrum.shows("From 0 to 100%"));
  CHECK(spectrum.shows("\x1b[0m"));
  spectrum.type("\x03");
  CHECK(spectrum.wait() == -SIGINT);
}

TEST_CASE("redis-cli at a terminal shows replies, hints and the database", "[clients]") {
  TestServer server;
  Terminal terminal = at_terminal(server);
  const std::string prompt = "127.0.0.1:" + std::to_string(server.port());
  // A line is typed when the prompt is there: redis-cli forgets what comes before.
  const auto answers = [&](const std::string& line, const std::string& reply) {
    CAPTURE(line);
    CHECK(terminal.shows("> "));
    terminal.type(line + "\r");
    CHECK(terminal.shows(reply));
  };
  answers("XADD s * f v", "\"1");  // an ID of this century
  answers("XLEN s", "(integer) 1");
  answers("XRANGE s - + COUNT 1", "1) 1) \"1");
  answers("NOSUCH x", "(error) ERR unknown command 'NOSUCH'");
  answers("SELECT 3", prompt + "[3]");
  answers("help xadd", "summary:");
  answers("quit", "");
  CHECK(terminal.wait() == 0);
  CHECK(server.connect()("XLEN", "s") == 1);
}

TEST_CASE("redis-cli hints at the arguments while a command is typed", "[clients]") {
  TestServer server;
  Terminal terminal = at_terminal(server);
  REQUIRE(terminal.shows("> "));
  // What COMMAND DOCS says of every command is drawn behind the cursor.
  for (const auto& [typed, hint] :
       std::vector<std::pair<std::string, std::string>>{{"XADD ", "NOMKSTREAM"},
                                                        {"XREAD ", "STREAMS"},
                                                        {"SCAN ", "MATCH"},
                                                        {"XSETID ", "ENTRIESADDED"},
                                                        {"CLIENT KILL ", "ID client-id"},
                                                        {"HELLO ", "protover"}}) {
    CAPTURE(typed, terminal.screen());
    terminal.type(typed);
    CHECK(terminal.shows(hint));
    terminal.type("\x15");  // clear the line
  }
  terminal.type("PING\r");
  CHECK(terminal.shows("PONG"));
}

TEST_CASE("redis-cli shows help for every command of the server", "[clients]") {
  TestServer server;
  Terminal terminal = at_terminal(server);
  REQUIRE(terminal.shows("> "));
  for (const char* group : {"@stream", "@generic", "@connection", "@server"}) {
    terminal.type("help " + std::string(group) + "\r");
    CHECK(terminal.shows("since:"));
    CHECK(terminal.shows("127.0.0.1:"));
  }
  terminal.type("quit\r");
  CHECK(terminal.wait() == 0);
}

TEST_CASE("A wait in redis-cli ends when an entry comes", "[clients]") {
  TestServer server;
  Redis redis = server.connect();
  Terminal terminal = at_terminal(server);
  REQUIRE(terminal.shows("> "));
  terminal.type("XREAD BLOCK 0 STREAMS s $\r");
  REQUIRE(wait_until([&] { return redis("INFO", "clients").contains("blocked_clients:1\r"); }));
  redis("XADD", "s", "7-7", "f", "v");
  CHECK(terminal.shows("\"7-7\""));
  CHECK(terminal.shows("> "));
}

}  // namespace weir::testing
