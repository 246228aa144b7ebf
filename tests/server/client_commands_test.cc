// CLIENT, SELECT, HELLO, RESET, AUTH: a connection about itself and about others.
#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

using resp::show;

std::string id_of(RawClient& client) {
  return std::to_string(client("CLIENT", "ID").integer);
}

}  // namespace

TEST_CASE("CLIENT LIST names no command behind one that is unknown", "[client]") {
  TestServer server({}, GENERATE(server_binary(), std::string(kRedis)));
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  const std::string id = id_of(client);
  CHECK(redis("CLIENT", "LIST", "ID", id).contains(" cmd=client|id "));
  for (const char* const words : {"NOSUCH", "CLIENT NOSUCH"}) {
    CAPTURE(words);
    client.write(std::string(words) + "\r\n");
    CHECK(show(client.read()).starts_with("-ERR unknown "));
    CHECK(redis("CLIENT", "LIST", "ID", id).contains(" cmd=NULL "));
  }
}

TEST_CASE("CLIENT LIST has the fields that tools read, as name=value and in order", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient client = server.connect_raw();
  client("CLIENT", "SETNAME", "somebody");
  REQUIRE(connected_become(redis, 2));
  const std::string text = client("CLIENT", "LIST").text;
  const std::vector<std::string> expected = {
      "id",    "addr",      "laddr",    "fd",        "name",       "age",         "idle",
      "flags", "db",        "sub",      "psub",      "ssub",       "multi",       "watch",
      "qbuf",  "qbuf-free", "argv-mem", "multi-mem", "rbs",        "rbp",         "obl",
      "oll",   "omem",      "tot-mem",  "events",    "cmd",        "user",        "redir",
      "resp",  "lib-name",  "lib-ver",  "io-thread", "tot-net-in", "tot-net-out", "tot-cmds"};
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::vector<std::string> names;
    std::istringstream fields(line);
    for (std::string field; fields >> field;) {
      CHECK(std::count(field.begin(), field.end(), '=') == 1);
      names.push_back(field.substr(0, field.find('=')));
    }
    CHECK(names == expected);
  }
  CHECK(count == 2);
  CHECK(text.ends_with("\n"));
}

TEST_CASE("CLIENT INFO counts no output that was sent already", "[client]") {
  TestServer server;
  RawClient client = server.connect_raw();
  CHECK(client("COMMAND", "DOCS").text.empty());  // an array, longer than the buffer of a client
  const std::string line = client("CLIENT", "INFO").text;
  CHECK(client_field(line, "oll") == "0");
  CHECK(client_field(line, "omem") == "0");
}

TEST_CASE("CLIENT INFO is the caller's line, and it is right", "[client]") {
  TestServer server;
  Redis other = server.connect();
  RawClient client = server.connect_raw();
  client("HELLO", "3", "SETNAME", "me");
  client("SELECT", "3");
  client("CLIENT", "SETINFO", "LIB-NAME", "lib");
  client("CLIENT", "SETINFO", "LIB-VER", "1.2");
  const std::string line = client("CLIENT", "INFO").text;
  CHECK(client_field(line, "id") == id_of(client));
  CHECK(client_field(line, "laddr") == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(client_field(line, "addr").starts_with("127.0.0.1:"));
  CHECK(client_field(line, "name") == "me");
  CHECK(client_field(line, "db") == "3");
  CHECK(client_field(line, "cmd") == "client|info");
  CHECK(client_field(line, "resp") == "3");
  CHECK(client_field(line, "user") == "default");
  CHECK(client_field(line, "lib-name") == "lib");
  CHECK(client_field(line, "lib-ver") == "1.2");
  CHECK(client_field(line, "multi") == "-1");
  CHECK(client_field(line, "flags") == "N");
  CHECK(client_field(line, "tot-cmds") == "4");
}

TEST_CASE("A client whose EXEC runs is shown as one with what it has queued", "[client][exec]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client("MULTI");
  client("CLIENT", "INFO");
  client("PING");
  const std::string during = client("EXEC").elements[0].text;
  CHECK(client_field(during, "flags") == "x");
  CHECK(client_field(during, "multi") == "2");
  CHECK(client_field(during, "cmd") == "exec");
  const std::string after = client("CLIENT", "INFO").text;
  CHECK(client_field(after, "flags") == "N");
  CHECK(client_field(after, "multi") == "-1");
}

TEST_CASE("A client of the Unix socket is shown with its path and the flag U", "[client]") {
  TestServer server;
  Redis redis(server.socket_path());
  const std::string line = redis("CLIENT", "INFO").text;
  CHECK(client_field(line, "addr") == server.socket_path() + ":0");
  CHECK(client_field(line, "laddr") == server.socket_path() + ":0");
  CHECK(client_field(line, "flags") == "U");
}

TEST_CASE("CLIENT LIST is ordered by ID and filtered by TYPE and ID", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient first = server.connect_raw();
  RawClient second = server.connect_raw();
  const std::string a = id_of(first);
  const std::string b = id_of(second);
  CHECK(std::stoll(a) < std::stoll(b));
  const std::string all = redis("CLIENT", "LIST").text;
  CHECK(all.find("id=" + a + " ") < all.find("id=" + b + " "));
  CHECK(redis("CLIENT", "LIST", "TYPE", "normal").text.find("id=" + a + " ") != std::string::npos);
  for (const char* type : {"master", "replica", "slave", "pubsub"}) {
    CHECK(redis("CLIENT", "LIST", "TYPE", type) == "");
  }
  CHECK(redis("CLIENT", "LIST", "ID", b, 999).text.find("id=" + b + " ") == 0);
  CHECK(redis("CLIENT", "LIST", "ID", 999) == "");
  CHECK(redis("CLIENT", "LIST", "TYPE", "alien") == "ERR Unknown client type 'alien'");
  CHECK(redis("CLIENT", "LIST", "ID", "0", "-1") == "");
  CHECK(redis("CLIENT", "LIST", "ID", "x") == "ERR Invalid client ID");
  CHECK(redis("CLIENT", "LIST", "NOW").starts_with("ERR syntax error"));
}

TEST_CASE("CLIENT KILL with an address ends that connection", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  RawClient victim = server.connect_raw();
  const std::string address = client_field(victim("CLIENT", "INFO").text, "addr");
  CHECK(redis("CLIENT", "KILL", address) == "OK");
  CHECK(victim.closed());
  CHECK(redis("CLIENT", "KILL", address) == "ERR No such client");
}

TEST_CASE("COMMAND DOCS shows the address that CLIENT KILL once took alone", "[client][command]") {
  TestServer server;
  RawClient client = server.connect_raw();  // hiredis gives up at such a depth
  CHECK(show(client("COMMAND", "DOCS", "client|kill")).find(R"("display_text", "ip:port")") !=
        std::string::npos);
}

TEST_CASE("CLIENT KILL obeys each filter", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  const std::string local = "127.0.0.1:" + std::to_string(server.port());
  const auto kills_only_the_victim = [&](const std::string& filter, const std::string& value) {
    CAPTURE(filter);
    RawClient victim = server.connect_raw();
    REQUIRE(connected_become(redis, 2));
    CHECK(redis("CLIENT", "KILL", filter, value.empty() ? id_of(victim) : value) == 1);
    CHECK(victim.closed());
    CHECK(redis("PING") == "PONG");
  };
  kills_only_the_victim("ID", "");
  kills_only_the_victim("TYPE", "normal");
  kills_only_the_victim("USER", "default");
  kills_only_the_victim("LADDR", local);

  RawClient victim = server.connect_raw();
  const std::string address = client_field(victim("CLIENT", "INFO").text, "addr");
  CHECK(redis("CLIENT", "KILL", "ADDR", "127.0.0.1:1") == 0);
  CHECK(redis("CLIENT", "KILL", "TYPE", "pubsub") == 0);
  CHECK(redis("CLIENT", "KILL", "MAXAGE", 10'000) == 0);
  CHECK(redis("CLIENT", "KILL", "ADDR", address, "TYPE", "replica") == 0);
  CHECK(show(victim("PING")) == "+PONG");
  CHECK(redis("CLIENT", "KILL", "ADDR", address, "TYPE", "normal", "LADDR", local) == 1);
  CHECK(victim.closed());
}

TEST_CASE("CLIENT KILL spares the caller unless it says SKIPME no", "[client]") {
  TestServer server;
  RawClient caller = server.connect_raw();
  RawClient other = server.connect_raw();
  other("PING");
  REQUIRE(wait_until([&] { return field_of(caller("INFO").text, "connected_clients") == "2"; }));
  CHECK(show(caller("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")) == ":1");
  CHECK(other.closed());
  CHECK(show(caller("CLIENT", "KILL", "ID", id_of(caller))) == ":0");
  CHECK(show(caller("CLIENT", "KILL", "ID", id_of(caller), "SKIPME", "no")) == ":1");
  CHECK(caller.closed());
}

TEST_CASE("CLIENT KILL refuses filters that it does not understand", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CLIENT", "KILL", "ID", "x") == "ERR client-id should be greater than 0");
  CHECK(redis("CLIENT", "KILL", "ID", 0) == "ERR client-id should be greater than 0");
  CHECK(redis("CLIENT", "KILL", "TYPE", "x") == "ERR Unknown client type 'x'");
  CHECK(redis("CLIENT", "KILL", "USER", "x") == "ERR No such user 'x'");
  CHECK(redis("CLIENT", "KILL", "MAXAGE", "x") == "ERR maxage is not an integer or out of range");
  CHECK(redis("CLIENT", "KILL", "MAXAGE", 0) == "ERR maxage should be greater than 0");
  CHECK(redis("CLIENT", "KILL", "SKIPME", "x") == "ERR syntax error");
  CHECK(redis("CLIENT", "KILL", "ID", 1, "SKIPME") == "ERR syntax error");
}

TEST_CASE("CLIENT REPLY says which commands are answered", "[client]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client.write("CLIENT REPLY SKIP\r\nECHO skipped\r\nECHO one\r\n");
  CHECK(show(client.read()) == R"("one")");
  client.write("CLIENT REPLY OFF\r\nECHO a\r\nNOSUCH\r\nXADD s 1-0 f v\r\nCLIENT REPLY SKIP\r\n");
  client.write("ECHO b\r\nCLIENT REPLY ON\r\nXLEN s\r\n");
  CHECK(show(client.read()) == "+OK");
  CHECK(show(client.read()) == ":1");
  client.write("CLIENT REPLY SKIP\r\nNOSUCH\r\nCLIENT REPLY MAYBE\r\n");
  CHECK(show(client.read()) == "-ERR syntax error");
}

TEST_CASE("Names are texts without blanks, and an empty one is none", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CLIENT", "GETNAME") == "nil");
  CHECK(redis("CLIENT", "SETNAME", "me") == "OK");
  CHECK(redis("CLIENT", "GETNAME") == "me");
  CHECK(redis("CLIENT", "SETNAME", "two words") ==
        "ERR Client names cannot contain spaces, newlines or special characters.");
  CHECK(redis("CLIENT", "GETNAME") == "me");
  CHECK(redis("CLIENT", "SETNAME", "") == "OK");
  CHECK(redis("CLIENT", "GETNAME") == "nil");
}

TEST_CASE("CLIENT SETINFO names what it refuses", "[client]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CLIENT", "SETINFO", "lib-name", "x") == "OK");
  CHECK(redis("CLIENT", "SETINFO", "LIB-VER", "") == "OK");
  CHECK(redis("CLIENT", "SETINFO", "LIB-OS", "x") == "ERR Unrecognized option 'LIB-OS'");
  CHECK(redis("CLIENT", "SETINFO", "Lib-Name", "a b") ==
        "ERR Lib-Name cannot contain spaces, newlines or special characters.");
  CHECK(client_field(redis("CLIENT", "INFO").text, "lib-name") == "x");
  CHECK(redis("CLIENT", "SETINFO", "LIB-NAME") ==
        "ERR wrong number of arguments for 'client|setinfo' command");
}

TEST_CASE("NO-TOUCH and NO-EVICT show as flags and RESET drops them", "[client][reset]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("CLIENT", "NO-TOUCH", "on") == "OK");
  CHECK(redis("CLIENT", "NO-EVICT", "on") == "OK");
  CHECK(client_field(redis("CLIENT", "INFO").text, "flags") == "eT");
  CHECK(redis("CLIENT", "NO-TOUCH", "perhaps") == "ERR syntax error");
  CHECK(redis("RESET") == "RESET");
  CHECK(client_field(redis("CLIENT", "INFO").text, "flags") == "N");
}

TEST_CASE("Reads of a NO-TOUCH client leave the idle time of a key alone", "[client][object]") {
  TestServer server;
  Redis redis = server.connect();
  Redis quiet = server.connect();
  quiet("CLIENT", "NO-TOUCH", "on");
  redis("XADD", "s", "1-0", "f", "v");
  REQUIRE(wait_until([&] {
    quiet("XLEN", "s");
    return quiet("OBJECT", "IDLETIME", "s").number() >= 1;
  }));
  redis("XLEN", "s");
  CHECK(quiet("OBJECT", "IDLETIME", "s") == 0);
}

TEST_CASE("SELECT separates the databases", "[select]") {
  TestServer server({"--databases", "4"});
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(redis("SELECT", 3) == "OK");
  CHECK(redis("EXISTS", "s") == 0);
  redis("XADD", "s", "5-0", "f", "v");
  CHECK(redis("SELECT", 4) == "ERR DB index is out of range");
  CHECK(redis("SELECT", -1) == "ERR DB index is out of range");
  CHECK(redis("SELECT", "x") == "ERR value is not an integer or out of range");
  CHECK(redis("XLEN", "s") == 1);
  const std::string keyspace = redis("INFO", "keyspace").text;
  CHECK(keyspace ==
        "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"
        "db3:keys=1,expires=0,avg_ttl=0\r\n");
}

TEST_CASE("RESET makes a connection as it was at first", "[reset]") {
  TestServer server({"--requirepass", "secret"});
  RawClient client = server.connect_raw();
  client("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "me");
  client("SELECT", "2");
  CHECK(show(client("RESET")) == "+RESET");
  CHECK(show(client("PING")) == "-NOAUTH Authentication required.");
  CHECK(show(client("AUTH", "secret")) == "+OK");
  const std::string line = client("CLIENT", "INFO").text;
  CHECK(client_field(line, "db") == "0");
  CHECK(client_field(line, "resp") == "2");
  CHECK(client_field(line, "name").empty());
}

TEST_CASE("HELLO reports seven things and changes nothing when it fails", "[hello]") {
  TestServer server;
  RawClient client = server.connect_raw();
  const std::string id = id_of(client);
  CHECK(std::regex_match(
      show(client("HELLO")),
      std::regex(R"re(\*\["server", "redis", "version", "\d+\.\d+\.\d+", "proto", :2, )re"
                 R"re("id", :)re" +
                 id + R"re(, "mode", "standalone", "role", "master", "modules", \*\[\]\])re")));
  CHECK(show(client("HELLO", "4")) == "-NOPROTO unsupported protocol version");
  CHECK(show(client("HELLO", "3", "SETNAME", "a b")).starts_with("-ERR Client names cannot"));
  CHECK(show(client("HELLO", "3", "AUTH", "nobody", "x")).starts_with("-WRONGPASS "));
  CHECK(show(client("HELLO", "3", "SETNAME")) == "-ERR Syntax error in HELLO option 'SETNAME'");
  CHECK(client_field(client("CLIENT", "INFO").text, "resp") == "2");
  CHECK(show(client("HELLO", "3")).starts_with(R"(%{"server" => "redis")"));
  CHECK(client("CLIENT", "INFO").format == "txt");
}

TEST_CASE("Unknown commands are refused before the password is asked for", "[auth]") {
  TestServer server({"--requirepass", "secret"});
  RawClient client = server.connect_raw();
  CHECK(show(client("NOSUCH")) == "-ERR unknown command 'NOSUCH'");
  CHECK(show(client("XLEN")) == "-ERR wrong number of arguments for 'xlen' command");
  CHECK(show(client("XLEN", "s")) == "-NOAUTH Authentication required.");
  client.write("AUTH wrong\r\nAUTH default secret\r\nPING\r\n");
  CHECK(show(client.read()).starts_with("-WRONGPASS "));
  CHECK(show(client.read()) == "+OK");
  CHECK(show(client.read()) == "+PONG");
}

TEST_CASE("CLIENT REPLY SKIP drops the reply of RESET, OFF does not", "[client|reply][reset]") {
  TestServer server;
  RawClient client = server.connect_raw();
  client.send("CLIENT", "REPLY", "SKIP");
  client.send("RESET");
  CHECK(client("PING").text == "PONG");
  client.send("CLIENT", "REPLY", "OFF");
  CHECK(client("RESET").text == "RESET");
  CHECK(client("PING").text == "PONG");
}

}  // namespace weir::testing
