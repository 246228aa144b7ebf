// Channels over real connections: what golden/wire/pubsub.txt does not show.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
using resp::show;

TEST_CASE("A subscriber over hiredis hears what others publish", "[pubsub]") {
  TestServer server;
  Redis listener = server.connect();
  Redis redis = server.connect();
  CHECK(listener("SUBSCRIBE", "c") == R"(["subscribe","c",1])");
  CHECK(redis("PUBLISH", "c", "x") == 1);
  CHECK(listener.read() == R"(["message","c","x"])");
  CHECK(redis("PUBLISH", "d", "x") == 0);
  CHECK(listener.nothing_arrives());
}

TEST_CASE("A RESP2 subscriber may do little else", "[pubsub]") {
  TestServer server;
  Redis listener = server.connect();
  CHECK(listener("PING") == "PONG");
  listener("SSUBSCRIBE", "c");
  CHECK(listener("XLEN", "s") ==
        "ERR Can't execute 'xlen': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
        "are allowed in this context");
  CHECK(listener("CLIENT", "ID").starts_with("ERR Can't execute 'client|id': only"));
  CHECK(listener("PING") == R"(["pong",""])");
  CHECK(listener("PING", "x") == R"(["pong","x"])");
  CHECK(listener("SUNSUBSCRIBE") == R"(["sunsubscribe","c",0])");
  CHECK(listener("XLEN", "s") == 0);
  listener("SUBSCRIBE", "c");
  CHECK(listener("QUIT") == "OK");
  CHECK(listener.read() == "(closed)");
}

TEST_CASE("RESET ends subscriptions without a word", "[pubsub]") {
  TestServer server;
  Redis listener = server.connect();
  Redis redis = server.connect();
  listener("SUBSCRIBE", "c");
  listener("PSUBSCRIBE", "*");
  CHECK(listener("RESET") == "RESET");
  CHECK(listener("PING") == "PONG");
  CHECK(redis("PUBLISH", "c", "x") == 0);
  CHECK(info_number(redis, "pubsub_clients") == 0);
}

TEST_CASE("CLIENT REPLY OFF keeps no confirmation and no message back", "[pubsub]") {
  TestServer server;
  Redis redis = server.connect();
  for (const char* const version : {"2", "3"}) {
    RawClient listener = server.connect_raw();
    listener("HELLO", version);
    listener.send("CLIENT", "REPLY", "OFF");
    const std::string begin = *version == '2' ? "*" : ">";
    CHECK(show(listener("SUBSCRIBE", "c")) == begin + R"(["subscribe", "c", :1])");
    redis("PUBLISH", "c", "x");
    CHECK(show(listener.read()) == begin + R"(["message", "c", "x"])");
    listener.send("PING");
    CHECK(listener.nothing_arrives());
    CHECK(show(listener("UNSUBSCRIBE")) == begin + R"(["unsubscribe", "c", :0])");
  }
}

TEST_CASE("A transaction may subscribe to channels and patterns, not to sharded channels",
          "[pubsub][exec]") {
  TestServer server;
  RawClient client = server.connect_raw();
  for (const char* const command : {"MULTI", "SUBSCRIBE c", "PSUBSCRIBE p*", "SSUBSCRIBE s"}) {
    client.write(std::string(command) + "\r\n");
    client.read();
  }
  CHECK(show(client("EXEC")) == R"(*[*["subscribe", "c", :1], *["psubscribe", "p*", :2], )"
                                R"(-"ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"])");
}

TEST_CASE("A RESP3 publisher hears itself behind each of its replies", "[pubsub]") {
  TestServer server;
  RawClient client = server.connect_resp3();
  client("SUBSCRIBE", "c");
  client.write("PUBLISH c 1\r\nPING\r\nPUBLISH c 2\r\n");
  std::string seen;
  for (int i = 0; i < 5; ++i)
    seen += show(client.read()) + " ";
  CHECK(seen == R"(:1 >["message", "c", "1"] +PONG :1 >["message", "c", "2"] )");
}

TEST_CASE("INFO and CLIENT LIST count subscriptions", "[pubsub]") {
  TestServer server;
  Redis listener = server.connect();
  Redis redis = server.connect();
  listener("SUBSCRIBE", "a");
  listener("SUBSCRIBE", "b");
  listener("PSUBSCRIBE", "x*");
  listener("SSUBSCRIBE", "s");
  CHECK(info_number(redis, "pubsub_channels") == 2);
  CHECK(info_number(redis, "pubsub_patterns") == 1);
  CHECK(info_number(redis, "pubsubshard_channels") == 1);
  CHECK(info_number(redis, "pubsub_clients") == 1);
  const std::string line = redis("CLIENT", "LIST", "TYPE", "pubsub").text;
  CHECK(client_field(line, "flags") == "P");
  CHECK(client_field(line, "sub") + client_field(line, "psub") + client_field(line, "ssub") ==
        "211");
  CHECK(redis("CLIENT", "KILL", "TYPE", "pubsub") == 1);
  CHECK(listener.read() == "(closed)");
  CHECK(redis("PUBSUB", "NUMSUB", "a") == R"(["a",0])");
  CHECK(redis("PUBSUB", "SHARDNUMSUB", "s") == R"(["s",0])");
  CHECK(redis("PUBSUB", "SHARDCHANNELS") == "[]");
  CHECK(redis("PUBSUB", "HELP").contains("NUMPAT"));
}

TEST_CASE("A subscriber that goes away is forgotten", "[pubsub]") {
  TestServer server;
  Redis redis = server.connect();
  {
    Redis listener = server.connect();
    listener("SUBSCRIBE", "c");
    CHECK(redis("PUBLISH", "c", "x") == 1);
  }
  CHECK(info_becomes(redis, "pubsub_clients", 0));
  CHECK(redis("PUBLISH", "c", "x") == 0);
}

TEST_CASE("Idle subscribers are not timed out", "[pubsub]") {
  TestServer server({"--timeout", "1"});
  Redis listener = server.connect();
  Redis idle = server.connect();
  Redis redis = server.connect();
  listener("SUBSCRIBE", "c");
  idle("PING");
  CHECK(wait_until(
      [&] { return redis("CLIENT", "LIST").text.find("cmd=ping") == std::string::npos; }));
  CHECK(redis("PUBLISH", "c", "x") == 1);
}

TEST_CASE("A subscriber that never reads is closed, and the others are served", "[pubsub]") {
  TestServer server({"--client-output-buffer-limit", "pubsub", "1mb", "0", "0"});
  RawClient deaf = server.connect_raw();
  deaf("SUBSCRIBE", "c");
  Redis listener = server.connect();
  listener("SUBSCRIBE", "c");
  Redis redis = server.connect();
  const std::string message(100'000, 'x');
  int64_t receivers = 2;
  for (int sent = 0; sent < 1000 && receivers == 2; ++sent) {
    receivers = redis("PUBLISH", "c", message).number();
    CHECK(listener.read().text.size() > message.size());
  }
  CHECK(redis("PUBLISH", "c", "still there") == 1);
  CHECK(listener.read() == R"(["message","c","still there"])");
  CHECK(info_number(redis, "client_output_buffer_limit_disconnections") == 1);
}

TEST_CASE("A transaction of many messages cannot fill a subscriber beyond its limit", "[pubsub]") {
  TestServer server({"--client-output-buffer-limit", "pubsub", "1mb", "0", "0"});
  RawClient deaf = server.connect_raw();
  deaf("SUBSCRIBE", "c");
  Redis redis = server.connect();
  redis("MULTI");
  const std::string message(100'000, 'x');
  for (int i = 0; i < 50; ++i)
    redis("PUBLISH", "c", message);
  const std::string receivers = redis("EXEC").text;
  CHECK(std::count(receivers.begin(), receivers.end(), '1') == 11);  // the last one was too much
  CHECK(std::count(receivers.begin(), receivers.end(), '0') == 39);
}

TEST_CASE("A thousand subscribers get each message", "[pubsub]") {
  TestServer server;
  std::vector<Redis> listeners;
  for (int i = 0; i < 1000; ++i) {
    listeners.push_back(server.connect());
    listeners.back().send("SUBSCRIBE", "c");
  }
  for (Redis& listener : listeners)
    listener.read();
  Redis redis = server.connect();
  CHECK(redis("PUBLISH", "c", "x") == 1000);
  int wrong = 0;
  for (Redis& listener : listeners)
    wrong += listener.read() == R"(["message","c","x"])" ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("Only what notify-keyspace-events asks for is published", "[notify]") {
  TestServer server({"--notify-keyspace-events", "Et"});
  Redis listener = server.connect();
  listener("PSUBSCRIBE", "__key*");
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(listener.read() == R"(["pmessage","__key*","__keyevent@0__:xadd","s"])");
  redis("DEL", "s");
  CHECK(listener.nothing_arrives());
  redis("CONFIG", "SET", "notify-keyspace-events", "Kg");
  redis("XADD", "s", "1-0", "f", "v");
  redis("DEL", "s");
  CHECK(listener.read() == R"(["pmessage","__key*","__keyspace@0__:s","del"])");
  redis("CONFIG", "SET", "notify-keyspace-events", "KA");
  redis("CONFIG", "SET", "notify-keyspace-events", "KAn");  // which CONFIG GET shows the same
  redis("XADD", "t", "1-0", "f", "v");
  CHECK(listener.read() == R"(["pmessage","__key*","__keyspace@0__:t","new"])");
  CHECK(redis("CONFIG", "SET", "notify-keyspace-events", "KQ") ==
        "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid "
        "event class character. Use 'Ag$lshzxeKEtmdnocaSTIV'.");
}

}  // namespace weir::testing
