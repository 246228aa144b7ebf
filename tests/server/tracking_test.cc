// Client-side caching over real connections: what golden/wire/tracking.txt does not show.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
using resp::show;

TEST_CASE("A RESP2 client has its invalidations sent to a subscriber", "[tracking]") {
  TestServer server;
  Redis listener = server.connect();
  Redis reader = server.connect();
  Redis redis = server.connect();
  const std::string id = listener("CLIENT", "ID").text;
  listener("SUBSCRIBE", "__redis__:invalidate");
  CHECK(reader("CLIENT", "TRACKING", "ON", "REDIRECT", id) == "OK");
  CHECK(reader("CLIENT", "GETREDIR") == id);
  reader("XLEN", "s");
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(listener.read() == R"(["message","__redis__:invalidate",["s"]])");
  redis("FLUSHALL");
  CHECK(listener.read() == R"(["message","__redis__:invalidate",nil])");
  CHECK(listener.nothing_arrives());
}

TEST_CASE("A broken redirection is told and shown", "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  std::string id;
  {
    Redis listener = server.connect();
    id = listener("CLIENT", "ID").text;
    reader("CLIENT", "TRACKING", "ON", "REDIRECT", id);
    reader("XLEN", "s");
  }
  CHECK(connected_become(redis, 2));
  redis("XADD", "s", "1-0", "f", "v");
  CHECK(show(reader.read()) == R"(>["tracking-redir-broken", :)" + id + "]");
  CHECK(show(reader("CLIENT", "TRACKINGINFO")) ==
        R"(%{"flags" => ~["on", "broken_redirect"], "redirect" => :)" + id +
            R"(, "prefixes" => *[]})");
  const std::string line = reader("CLIENT", "INFO").text;
  CHECK(client_field(line, "flags") == "tR");
  CHECK(client_field(line, "redir") == id);
}

TEST_CASE("A renaming invalidates the old name before the new one", "[tracking][rename]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "t", "1-0", "f", "v");
  reader("CLIENT", "TRACKING", "ON");
  reader("XREAD", "STREAMS", "t", "s", "0", "0");
  redis("RENAME", "s", "t");
  CHECK(show(reader.read()) == R"(>["invalidate", *["s"]])");
  CHECK(show(reader.read()) == R"(>["invalidate", *["t"]])");
  CHECK(reader.nothing_arrives());
}

TEST_CASE("Every read of a tracking client is remembered, by the keys of its row", "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  reader("CLIENT", "TRACKING", "ON");
  for (const std::string& read :
       {std::string("XRANGE s - +"), std::string("XREAD STREAMS t s 0 0"),
        std::string("XINFO STREAM s"), std::string("EXISTS t s"), std::string("TYPE s")}) {
    CAPTURE(read);
    reader.write(read + "\r\n");
    reader.read();
    redis("XADD", "s", "*", "f", "v");
    CHECK(show(reader.read()) == R"(>["invalidate", *["s"]])");
  }
  reader("XADD", "s", "*", "f", "v");  // no read
  redis("XADD", "s", "*", "f", "v");
  CHECK(reader.nothing_arrives());
}

TEST_CASE("Expiry, renaming and swapping invalidate", "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  reader("CLIENT", "TRACKING", "ON");
  redis("XADD", "s", "1-0", "f", "v");
  reader("XLEN", "s");
  redis("PEXPIRE", "s", 1);
  CHECK(show(reader.read()) == R"(>["invalidate", *["s"]])");
  redis("XADD", "t", "1-0", "f", "v");
  redis("PEXPIRE", "t", 1000);
  reader("XLEN", "t");
  CHECK(show(reader.read()) == R"(>["invalidate", *["t"]])");
  redis("XADD", "from", "1-0", "f", "v");
  reader("EXISTS", "from", "to");
  redis("RENAME", "from", "to");
  CHECK(show(reader.read()) == R"(>["invalidate", *["from"]])");
  CHECK(show(reader.read()) == R"(>["invalidate", *["to"]])");
  redis("SWAPDB", 0, 1);
  CHECK(show(reader.read()) == R"(>["invalidate", _])");
}

TEST_CASE("What a transaction reads is remembered, too", "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  reader("CLIENT", "TRACKING", "ON", "OPTIN");
  reader("CLIENT", "CACHING", "YES");
  reader("MULTI");
  reader("XLEN", "a");
  reader("XLEN", "b");
  reader("EXEC");
  reader("XLEN", "c");
  for (const char* const key : {"c", "b", "a"})
    redis("XADD", key, "1-0", "f", "v");
  CHECK(show(reader.read()) == R"(>["invalidate", *["b"]])");
  CHECK(show(reader.read()) == R"(>["invalidate", *["a"]])");
  CHECK(reader.nothing_arrives());
}

TEST_CASE("CLIENT CACHING holds until another command than CLIENT", "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  reader("CLIENT", "TRACKING", "ON", "OPTIN");
  reader("CLIENT", "CACHING", "YES");
  const auto flags = [&] { return show(reader("CLIENT", "TRACKINGINFO")).substr(0, 45); };
  CHECK(flags() == R"(%{"flags" => ~["on", "optin", "caching-yes"],)");
  CHECK(flags() == R"(%{"flags" => ~["on", "optin", "caching-yes"],)");
  reader("PING");
  CHECK(flags() == R"(%{"flags" => ~["on", "optin"], "redirect" => )");
  CHECK(show(reader("CLIENT", "CACHING", "NO")) ==
        "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  CHECK(show(reader("CLIENT", "CACHING", "maybe")) == "-ERR syntax error");
}

TEST_CASE("A command that is refused uses CLIENT CACHING up, one of CLIENT does not",
          "[tracking]") {
  TestServer server;
  RawClient reader = server.connect_resp3();
  reader("CLIENT", "TRACKING", "ON", "OPTIN");
  const auto is_used_up_by = [&](const char* command) {
    reader("CLIENT", "CACHING", "YES");
    reader.write(command);
    CHECK(reader.read().is_error());
    return show(reader("CLIENT", "TRACKINGINFO")).find("caching-yes") == std::string::npos;
  };
  CHECK(is_used_up_by("NOSUCH\r\n"));
  CHECK(is_used_up_by("XLEN\r\n"));
  CHECK(is_used_up_by("CLIENT NOSUCH\r\n"));
  CHECK_FALSE(is_used_up_by("CLIENT ID x\r\n"));
}

TEST_CASE("Changes in one turn are broadcast as one message", "[tracking]") {
  TestServer server;
  RawClient listener = server.connect_resp3();
  listener("CLIENT", "TRACKING", "ON", "BCAST");
  RawClient writer = server.connect_raw();
  writer.write("XADD z 1 f v\r\nXADD y 1 f v\r\nXADD z 2 f v\r\nDEL y\r\n");
  CHECK(show(listener.read()) == R"(>["invalidate", *["y", "z"]])");
  CHECK(show(listener("XADD", "q", "1-0", "f", "v")) == R"("1-0")");
  CHECK(show(listener.read()) == R"(>["invalidate", *["q"]])");
  CHECK(show(listener("FLUSHALL")) == "+OK");
  CHECK(show(listener.read()) == R"(>["invalidate", _])");
}

TEST_CASE("CLIENT TRACKING refuses what does not go together", "[tracking]") {
  TestServer server;
  Redis redis = server.connect();
  const auto tracking = [&](const std::string& words) {
    std::vector<std::string> all = {"CLIENT", "TRACKING"};
    for (size_t at = 0; at < words.size();) {
      const size_t end = std::min(words.find(' ', at), words.size());
      all.push_back(words.substr(at, end - at));
      at = end + 1;
    }
    redis.send_words(all);
    return redis.read().text;
  };
  CHECK(tracking("maybe") == "ERR syntax error");
  CHECK(tracking("ON REDIRECT") == "ERR syntax error");
  CHECK(tracking("ON REDIRECT x") == "ERR value is not an integer or out of range");
  CHECK(tracking("ON REDIRECT 0") == "ERR The client ID you want redirect to does not exist");
  CHECK(tracking("ON REDIRECT 999") == "ERR The client ID you want redirect to does not exist");
  const std::string id = redis("CLIENT", "ID").text;
  CHECK(tracking("ON REDIRECT " + id + " REDIRECT " + id) ==
        "ERR A client can only redirect to a single other client");
  CHECK(tracking("ON PREFIX a") == "ERR PREFIX option requires BCAST mode to be enabled");
  CHECK(tracking("ON BCAST OPTIN") == "ERR OPTIN and OPTOUT are not compatible with BCAST");
  CHECK(tracking("ON OPTIN OPTOUT") == "ERR You can't specify both OPTIN mode and OPTOUT mode");
  CHECK(tracking("ON BCAST PREFIX ab PREFIX abc") ==
        "ERR Prefix 'ab' overlaps with another provided prefix 'abc'. Prefixes for a single client "
        "must not overlap.");
  CHECK(tracking("OFF BCAST OPTIN") == "OK");
  CHECK(redis("CLIENT", "TRACKINGINFO") == R"(["flags",["off"],"redirect",-1,"prefixes",[]])");

  CHECK(tracking("ON BCAST PREFIX ab PREFIX cd") == "OK");
  CHECK(tracking("ON BCAST PREFIX abc") ==
        "ERR Prefix 'abc' overlaps with an existing prefix 'ab'. Prefixes for a single client must "
        "not overlap.");
  CHECK(tracking("ON BCAST PREFIX ef NOLOOP") == "OK");
  CHECK(redis("CLIENT", "TRACKINGINFO") ==
        R"(["flags",["on","bcast","noloop"],"redirect",0,"prefixes",["ab","cd","ef"]])");
  CHECK(info_number(redis, "tracking_clients") == 1);
  CHECK(info_number(redis, "tracking_total_prefixes") == 3);
  CHECK(redis("RESET") == "RESET");
  CHECK(info_number(redis, "tracking_clients") == 0);
  CHECK(info_number(redis, "tracking_total_prefixes") == 0);
}

TEST_CASE("tracking-table-max-keys bounds what is remembered", "[tracking]") {
  TestServer server({"--tracking-table-max-keys", "10"});
  RawClient reader = server.connect_resp3();
  Redis redis = server.connect();
  reader("CLIENT", "TRACKING", "ON");
  for (int i = 0; i < 15; ++i)
    reader.send("XLEN", "s" + std::to_string(i));
  CHECK(info_becomes(redis, "tracking_total_keys", 10));
  CHECK(info_number(redis, "tracking_total_items") == 10);
  std::string forgotten;
  for (int i = 0; i < 20; ++i) {
    const std::string shown = show(reader.read());
    if (shown.starts_with('>')) forgotten += shown.substr(17, 5);
  }
  CHECK(forgotten == R"(["s0"["s1"["s2"["s3"["s4")");
}

}  // namespace weir::testing
