// XGROUP, XACK, XINFO GROUPS and CONSUMERS: what they answer and refuse.
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr const char* kMost = "9223372036854775807";
constexpr const char* kNotAnInteger = "ERR value is not an integer or out of range";
constexpr const char* kBadId = "ERR Invalid stream ID specified as stream command argument";

void add_entries(Redis& redis, const std::string& key, int entries) {
  for (int n = 1; n <= entries; ++n)
    redis("XADD", key, std::to_string(n) + "-0", "f", "v");
}

}  // namespace

TEST_CASE("XGROUP CREATE says what is wrong and then creates nothing", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 3);
  const std::string misused =
      "ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.";
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0, "FOO") == misused);
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0, "ENTRIESREAD") == misused);
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0, "ENTRIESREAD", 1, "ENTRIESREAD", 2) == misused);
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0, "ENTRIESREAD", "x") == kNotAnInteger);
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0, "ENTRIESREAD", -2) ==
        "ERR value for ENTRIESREAD must be positive or -1");
  CHECK(redis("XGROUP", "CREATE", "s", "g", "-") == kBadId);
  CHECK(redis("XGROUP", "CREATE", "s", "g", "+") == kBadId);
  CHECK(redis("XGROUP", "CREATE", "none", "g", 0) ==
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
        "use the MKSTREAM option to create an empty stream automatically.");
  CHECK(redis("XGROUP", "CREATE", "none", "g", "x", "MKSTREAM") == kBadId);
  CHECK(redis("XINFO", "GROUPS", "s") == "[]");
  CHECK(redis("EXISTS", "none") == 0);
}

TEST_CASE("XGROUP CREATE makes a group once, and with MKSTREAM its stream", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM", "MKSTREAM") == "OK");
  CHECK(redis("XGROUP", "CREATE", "s", "g", 0) == "BUSYGROUP Consumer Group name already exists");
  CHECK(redis("XGROUP", "CREATE", "s", "", 0) == "OK");
  CHECK(redis("XLEN", "s") == 0);
  CHECK(redis("XINFO", "STREAM", "s").contains("\"groups\",2"));
}

TEST_CASE("ENTRIESREAD counts no more than was ever added", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 3);
  CHECK(redis("XGROUP", "CREATE", "s", "g", "1-0", "ENTRIESREAD", kMost) == "OK");
  CHECK(
      redis("XINFO", "GROUPS", "s") ==
      R"([["name","g","consumers",0,"pending",0,"last-delivered-id","1-0","entries-read",3,"lag",0]])");
  CHECK(redis("XGROUP", "SETID", "s", "g", "1-0", "ENTRIESREAD", 1) == "OK");
  CHECK(redis("XINFO", "GROUPS", "s").contains(R"("entries-read",1,"lag",2)"));
  CHECK(redis("XGROUP", "SETID", "s", "g", "2-0") == "OK");
  CHECK(redis("XINFO", "GROUPS", "s").contains(R"("entries-read",nil,"lag",nil)"));
}

TEST_CASE("XGROUP SETID takes an ID, - and + and the end of the stream", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 3);
  redis("XGROUP", "CREATE", "s", "g", 0);
  const auto last_id_after = [&redis](const char* id) {
    CHECK(redis("XGROUP", "SETID", "s", "g", id) == "OK");
    const std::string info = redis("XINFO", "GROUPS", "s").text;
    const size_t begin = info.find("last-delivered-id\",\"") + 20;
    return info.substr(begin, info.find('"', begin) - begin);
  };
  CHECK(last_id_after("$") == "3-0");
  CHECK(last_id_after("-") == "0-0");
  CHECK(last_id_after("+") == "18446744073709551615-18446744073709551615");
  CHECK(last_id_after("7") == "7-0");
}

TEST_CASE("XGROUP SETID says what is wrong", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  add_entries(redis, "s", 3);
  redis("XGROUP", "CREATE", "s", "g", 0);
  const std::string misused =
      "ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.";
  CHECK(redis("XGROUP", "SETID", "s", "g", 0, "MKSTREAM") == misused);
  CHECK(redis("XGROUP", "SETID", "s", "g", 0, "ENTRIESREAD", 1, "ENTRIESREAD", 1) == misused);
  CHECK(redis("XGROUP", "SETID", "s", "g", 0, "ENTRIESREAD", "1.5") == kNotAnInteger);
  CHECK(redis("XGROUP", "SETID", "s", "g", "x") == kBadId);
  CHECK(redis("XGROUP", "SETID", "s", "other", 0) ==
        "NOGROUP No such consumer group 'other' for key name 's'");
  CHECK(redis("XGROUP", "SETID", "none", "g", 0)
            .starts_with("ERR The XGROUP subcommand requires the key to exist."));
}

TEST_CASE("Consumers are made and removed once", "[xgroup][xinfo]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  CHECK(redis("XGROUP", "CREATECONSUMER", "s", "g", "c") == 1);
  CHECK(redis("XGROUP", "CREATECONSUMER", "s", "g", "c") == 0);
  CHECK(redis("XGROUP", "CREATECONSUMER", "s", "g", "") == 1);
  const Shown consumers = redis("XINFO", "CONSUMERS", "s", "g");
  CHECK(consumers.starts_with(R"([["name","","pending",0,"idle",)"));
  CHECK(consumers.contains(R"("inactive",-1],["name","c","pending",0,"idle",)"));
  CHECK(redis("XGROUP", "DELCONSUMER", "s", "g", "c") == 0);
  CHECK(redis("XGROUP", "DELCONSUMER", "s", "g", "nobody") == 0);
  CHECK(redis("XINFO", "GROUPS", "s").contains("\"consumers\",1"));
}

TEST_CASE("Subcommands for consumers need the key and the group", "[xgroup][xinfo]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  for (const char* subcommand : {"CREATECONSUMER", "DELCONSUMER"}) {
    CHECK(redis("XGROUP", subcommand, "none", "g", "c")
              .starts_with("ERR The XGROUP subcommand requires the key to exist."));
    CHECK(redis("XGROUP", subcommand, "s", "g", "c") ==
          "NOGROUP No such consumer group 'g' for key name 's'");
  }
  CHECK(redis("XINFO", "CONSUMERS", "s", "g") ==
        "NOGROUP No such consumer group 'g' for key name 's'");
  CHECK(redis("XINFO", "CONSUMERS", "none", "g") == "ERR no such key");
  CHECK(redis("XINFO", "GROUPS", "none") == "ERR no such key");
}

TEST_CASE("XGROUP DESTROY removes a group and leaves the key", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  CHECK(redis("XGROUP", "DESTROY", "s", "g") == 1);
  CHECK(redis("XGROUP", "DESTROY", "s", "g") == 0);
  CHECK(redis("EXISTS", "s") == 1);
  CHECK(redis("XGROUP", "DESTROY", "none", "g")
            .starts_with("ERR The XGROUP subcommand requires the key to exist."));
}

TEST_CASE("The name of a group may have line ends and be long", "[xgroup]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const std::string name(300, 'x');
  CHECK(redis("XGROUP", "SETID", "s", name, 0) ==
        "NOGROUP No such consumer group '" + name + "' for key name 's'");
  CHECK(redis("XPENDING", "s", "a\r\nb") == "NOGROUP No such key 's' or consumer group 'a  b'");
}

TEST_CASE("XACK without key or group does not look at the IDs", "[xack]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("XACK", "none", "g", "x") == 0);
  redis("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  CHECK(redis("XACK", "s", "other", "x") == 0);
  CHECK(redis("XACK", "s", "g", "1-0", "x") == kBadId);
  CHECK(redis("XACK", "s", "g", "1-0") == 0);
}

}  // namespace weir::testing
