// Users and rights over real connections.
#include <catch2/catch.hpp>

#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

/// A connection that has become this user.
Redis as(const TestServer& server, std::string_view user, std::string_view password = "x") {
  Redis redis = server.connect();
  const Shown reply = redis("AUTH", user, password);
  INFO(user);
  REQUIRE(reply == "OK");
  return redis;
}

}  // namespace

// --- The matrix ----------------------------------------------------------------------------------

TEST_CASE("A reader reads, a writer writes, and neither does the other", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "reader", "on", "nopass", "%R~s*", "+@read");
  admin("ACL", "SETUSER", "writer", "on", "nopass", "%W~s*", "+@write");
  Redis reader = as(server, "reader");
  Redis writer = as(server, "writer");
  CHECK(writer("XADD", "s", "1-0", "f", "v") == "1-0");
  CHECK(reader("XLEN", "s") == 1);
  CHECK(reader("XADD", "s", "2-0", "f", "v") ==
        "NOPERM User reader has no permissions to run the 'xadd' command");
  CHECK(writer("XLEN", "s") == "NOPERM User writer has no permissions to run the 'xlen' command");
  CHECK(writer("XADD", "t", "1-0", "f", "v") == "NOPERM No permissions to access a key");
  CHECK(reader("XRANGE", "t", "-", "+") == "NOPERM No permissions to access a key");
  // What only writes does not need to read; what claims and reads needs both.
  CHECK(writer("DEL", "s") == 1);
}

TEST_CASE("Each kind of user may use its commands and no others", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("XADD", "s", "1-0", "f", "v");
  struct Case {
    const char* rules;
    bool may_ping, may_read, may_write, may_configure;
  };
  for (const Case& user :
       {Case{"+@all", true, true, true, true}, Case{"-@all", false, false, false, false},
        Case{"+@all -@admin", true, true, true, false},
        Case{"+@all -@dangerous", true, true, true, false},
        Case{"+@stream", false, true, true, false}, Case{"+@fast", true, true, true, false},
        Case{"+@slow", false, false, false, true},
        Case{"+@connection +config|get", true, false, false, true},
        Case{"+@all -@write", true, true, false, true},
        Case{"+@all -xlen", true, false, true, true}}) {
    INFO(user.rules);
    admin("ACL", "DELUSER", "u");
    std::vector<std::string> command = {"ACL", "SETUSER", "u", "on", "nopass", "~*"};
    for (std::string_view rest = user.rules; !rest.empty();) {
      const size_t blank = std::min(rest.find(' '), rest.size());
      command.emplace_back(rest.substr(0, blank));
      rest.remove_prefix(std::min(blank + 1, rest.size()));
    }
    admin.send_words(command);
    REQUIRE(admin.read() == "OK");
    Redis redis = as(server, "u");
    const auto allowed = [](const Shown& reply) { return !reply.starts_with("NOPERM"); };
    CHECK(allowed(redis("PING")) == user.may_ping);
    CHECK(allowed(redis("XLEN", "s")) == user.may_read);
    CHECK(allowed(redis("XADD", "s", "*", "f", "v")) == user.may_write);
    CHECK(allowed(redis("CONFIG", "GET", "port")) == user.may_configure);
  }
}

TEST_CASE("A user may be given a database by the argument of SELECT", "[acl]") {
  TestServer server;
  server.connect()("ACL", "SETUSER", "u", "on", "nopass", "+select|2");
  Redis redis = as(server, "u");
  CHECK(redis("SELECT", "2") == "OK");
  CHECK(redis("SELECT", "3") == "NOPERM User u has no permissions to run the 'select' command");
}

TEST_CASE("Changed rules hold for connections that are there", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass", "allkeys", "allchannels", "+@all");
  Redis redis = as(server, "u");
  CHECK(redis("XLEN", "s") == 0);
  admin("ACL", "SETUSER", "u", "-xlen");
  CHECK(redis("XLEN", "s") == "NOPERM User u has no permissions to run the 'xlen' command");
  admin("ACL", "SETUSER", "u", "+xlen", "off");
  CHECK(redis("XLEN", "s") == 0);
  CHECK(redis("AUTH", "u", "x").starts_with("WRONGPASS"));
}

TEST_CASE("The default user can be limited, too", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("ACL", "SETUSER", "default", "-xlen", "-@dangerous") == "OK");
  CHECK(redis("XLEN", "s") == "NOPERM User default has no permissions to run the 'xlen' command");
  CHECK(server.connect()("ACL", "LIST").starts_with("NOPERM"));
}

TEST_CASE("A user who is off cannot be the one of new connections", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "root", "on", ">pw", "~*", "&*", "+@all");
  admin("ACL", "SETUSER", "default", "off");
  Redis redis = server.connect();
  CHECK(redis("PING") == "NOAUTH Authentication required.");
  CHECK(redis("AUTH", "root", "pw") == "OK");
  CHECK(redis("ACL", "WHOAMI") == "root");
  CHECK(redis("RESET") == "RESET");
  CHECK(redis("PING") == "NOAUTH Authentication required.");
}

TEST_CASE("Taking a right away ends a wait that needs it", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass", "~*", "+@all");
  Redis redis = as(server, "u");
  redis.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$");
  REQUIRE(wait_until([&] { return admin("INFO", "clients").contains("blocked_clients:1\r\n"); }));
  admin("ACL", "SETUSER", "u", "-xread");
  admin("XADD", "s", "1-0", "f", "v");
  CHECK(redis.read() == "NOPERM User u has no permissions to run the 'xread' command");
  CHECK(redis("XLEN", "s") == 1);
}

TEST_CASE("What a key is used for decides, also of two keys that differ in that", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("XADD", "from", "1-0", "f", "v");
  admin("ACL", "SETUSER", "u", "%R~from", "%W~to", "+copy", "+rename");
  CHECK(admin("ACL", "DRYRUN", "u", "COPY", "from", "to") == "OK");
  CHECK(admin("ACL", "DRYRUN", "u", "COPY", "to", "from") ==
        "User u has no permissions to access the 'to' key");
  CHECK(admin("ACL", "DRYRUN", "u", "RENAME", "from", "to") ==
        "User u has no permissions to access the 'from' key");
  admin("ACL", "SETUSER", "u", "%W~from");
  CHECK(admin("ACL", "DRYRUN", "u", "RENAME", "from", "to") == "OK");
}

// --- Channels ------------------------------------------------------------------------------------

TEST_CASE("A user speaks on and listens to the channels it was given", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass", "+@pubsub", "resetchannels", "&news.*");
  Redis redis = as(server, "u");
  const char* const denied = "NOPERM No permissions to access a channel";
  CHECK(redis("PUBLISH", "news.a", "m") == 0);
  CHECK(redis("PUBLISH", "old", "m") == denied);
  CHECK(redis("SPUBLISH", "old", "m") == denied);
  CHECK(redis("SSUBSCRIBE", "news.a", "old") == denied);
  CHECK(redis("SUBSCRIBE", "old") == denied);
  CHECK(redis("PSUBSCRIBE", "news.a*") == denied);
  CHECK(redis("PSUBSCRIBE", "news.*") == R"(["psubscribe","news.*",1])");
  CHECK(admin("ACL", "LOG", 1)
            .contains(R"("reason","channel","context","toplevel",)"
                      R"("object","news.a*")"));
  CHECK(admin("ACL", "DRYRUN", "u", "PUBLISH", "old", "m") ==
        "User u has no permissions to access the 'old' channel");
  CHECK(admin("INFO", "stats").contains("acl_access_denied_channel:5\r\n"));
}

TEST_CASE("A listener whose channel is taken away is cut off, and others are not", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass", "+@pubsub", "&a*", "&b");
  Redis first = as(server, "u");
  Redis second = as(server, "u");
  first("SUBSCRIBE", "a1");
  second("SUBSCRIBE", "b");
  admin("ACL", "SETUSER", "u", "resetchannels", "&b");
  CHECK(first.read() == "(closed)");
  admin("PUBLISH", "b", "m");
  CHECK(second.read() == R"(["message","b","m"])");
}

// --- Sessions ------------------------------------------------------------------------------------

TEST_CASE("HELLO lets a user in", "[acl]") {
  TestServer server({"--requirepass", "secret"});
  RawClient client = server.connect_raw();
  CHECK(show(client("HELLO", "3")).starts_with("-NOAUTH HELLO must be called"));
  client("AUTH", "secret");
  client("ACL", "SETUSER", "u", "on", ">pw", "+acl|whoami", "+client|info");
  CHECK(show(client("HELLO", "3", "AUTH", "u", "wrong")).starts_with("-WRONGPASS"));
  CHECK(show(client("ACL", "WHOAMI")) == "\"default\"");
  CHECK(show(client("HELLO", "3", "AUTH", "u", "pw")).starts_with("%{"));
  CHECK(show(client("ACL", "WHOAMI")) == "\"u\"");
  CHECK(client("CLIENT", "INFO").text.find(" user=u ") != std::string::npos);
}

TEST_CASE("AUTH with one argument speaks of the default user", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("AUTH", "x").starts_with("ERR AUTH <password> called without any password"));
  redis("ACL", "SETUSER", "default", ">pw");
  CHECK(redis("AUTH", "x").starts_with("WRONGPASS"));
  CHECK(redis("AUTH", "pw") == "OK");
  CHECK(redis("AUTH", "a", "b", "c") == "ERR syntax error");
}

TEST_CASE("requirepass is the password of the default user", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "SET", "requirepass", "abc");
  CHECK(redis("ACL", "LIST") ==
        "[\"user default on sanitize-payload "
        "#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ~* &* +@all\"]");
  CHECK(server.connect()("PING") == "NOAUTH Authentication required.");
  redis("CONFIG", "SET", "requirepass", "");
  CHECK(redis("ACL", "LIST") == "[\"user default on nopass sanitize-payload ~* &* +@all\"]");
}

TEST_CASE("Removing a user ends its connections, its own behind the reply", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass", "+@all");
  Redis first = as(server, "u");
  Redis second = as(server, "u");
  CHECK(admin("ACL", "DELUSER", "nobody") == 0);
  CHECK(admin("ACL", "DELUSER", "u", "default") == "ERR The 'default' user cannot be removed");
  CHECK(second("ACL", "DELUSER", "u", "u") == 1);
  CHECK(second.read() == "(closed)");
  CHECK(first.read() == "(closed)");
  CHECK(admin("ACL", "USERS") == R"(["default"])");
}

TEST_CASE("CLIENT KILL USER ends the connections of that user", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", "nopass");
  Redis first = as(server, "u");
  CHECK(admin("CLIENT", "KILL", "USER", "nobody") == "ERR No such user 'nobody'");
  CHECK(admin("CLIENT", "KILL", "USER", "u") == 1);
  CHECK(first.read() == "(closed)");
  CHECK(admin("CLIENT", "KILL", "USER", "default") == 0);
}

TEST_CASE("A user without a password yet is no way in", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  redis("ACL", "SETUSER", "u", "on", "+@all");
  CHECK(redis("AUTH", "u", "").starts_with("WRONGPASS"));
  CHECK(redis("AUTH", "nobody", "x").starts_with("WRONGPASS"));
}

// --- What it tells -------------------------------------------------------------------------------

TEST_CASE("ACL GETUSER describes a user and its selectors", "[acl]") {
  TestServer server;
  RawClient client = server.connect_resp3();
  client("ACL", "SETUSER", "u", "on", ">abc", "~a", "%R~b", "&c", "+@stream", "(~d", "+xlen)");
  CHECK(show(client("ACL", "GETUSER", "u")) ==
        R"(%{"flags" => ~["on", "sanitize-payload"], "passwords" => *[)"
        R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"], )"
        R"("commands" => "-@all +@stream", "keys" => "~a %R~b", "channels" => "&c", )"
        R"("selectors" => *[%{"commands" => "-@all +xlen", "keys" => "~d", "channels" => ""}]})");
  CHECK(show(client("ACL", "GETUSER", "nobody")) == "_");
}

TEST_CASE("ACL CAT names categories and their commands", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("ACL", "CAT").starts_with(R"(["keyspace","read","write","set",)"));
  CHECK(redis("ACL", "CAT", "stream").contains(R"("xinfo|stream")"));
  CHECK_FALSE(redis("ACL", "CAT", "STREAM").contains(R"("xinfo",)"));
  CHECK(redis("ACL", "CAT", "hash") == "[]");
  CHECK(redis("ACL", "CAT", "nosuch") == "ERR Unknown category 'nosuch'");
  CHECK(redis("ACL", "CAT", "a", "b") ==
        "ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.");
}

TEST_CASE("ACL GENPASS gives as many digits as bits need, and others each time", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("ACL", "GENPASS").text.size() == 64);
  CHECK(redis("ACL", "GENPASS", 5).text.size() == 2);
  CHECK(redis("ACL", "GENPASS", 4096).text.size() == 1024);
  CHECK_FALSE(redis("ACL", "GENPASS") == redis("ACL", "GENPASS"));
}

TEST_CASE("ACL DRYRUN tells what would be refused", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  redis("ACL", "SETUSER", "u", "~a", "+xadd", "+config|get");
  CHECK(redis("ACL", "DRYRUN", "u", "CONFIG", "GET", "x") == "OK");
  CHECK(redis("ACL", "DRYRUN", "u", "CONFIG", "SET", "x", "y") ==
        "User u has no permissions to run the 'config|set' command");
  CHECK(redis("ACL", "DRYRUN", "u", "CONFIG", "NOSUCH") == "ERR Command 'CONFIG' not found");
  CHECK(redis("ACL", "DRYRUN", "u", "CONFIG") ==
        "ERR wrong number of arguments for 'config' command");
  CHECK(redis("ACL", "DRYRUN", "u", "GET", "a") == "ERR Command 'GET' not found");
  CHECK(redis("ACL", "LOG") == "[]");
}

TEST_CASE("ACL LOG tells the last refusals, of transactions and passwords, too", "[acl]") {
  TestServer server;
  Redis admin = server.connect();
  admin("ACL", "SETUSER", "u", "on", ">pw", "~a", "+@all", "-xlen", "-exec");
  Redis redis = as(server, "u", "pw");
  redis("AUTH", "u", "wrong");
  redis("XADD", "b", "*", "f", "v");
  redis("XADD", "b", "*", "f", "v");
  redis("MULTI");
  CHECK(redis("XLEN", "a").starts_with("NOPERM"));
  const Shown log = admin("ACL", "LOG");
  CHECK(log.starts_with(R"([["count",1,"reason","command","context","multi","object","xlen")"));
  CHECK(log.contains(R"(["count",2,"reason","key","context","toplevel","object","b",)"
                     R"("username","u",)"));
  CHECK(log.contains(R"(["count",1,"reason","auth","context","toplevel","object","AUTH",)"
                     R"("username","u",)"));
  CHECK(admin("ACL", "LOG", 1).text.find("\"key\"") == std::string::npos);
  const Shown stats = admin("INFO", "stats");
  CHECK(
      stats.contains("acl_access_denied_auth:1\r\nacl_access_denied_cmd:1\r\n"
                     "acl_access_denied_key:2\r\nacl_access_denied_channel:0\r\n"));
  admin("CONFIG", "SET", "acllog-max-len", 1);
  CHECK_FALSE(admin("ACL", "LOG").contains("\"key\""));
  CHECK(admin("ACL", "LOG", "RESET") == "OK");
  CHECK(admin("ACL", "LOG") == "[]");
  CHECK(admin("ACL", "LOG", "x") == "ERR value is not an integer or out of range");
}

TEST_CASE("ACL HELP knows every subcommand", "[acl]") {
  TestServer server;
  const Shown help = server.connect()("ACL", "HELP");
  for (const char* name : {"CAT", "DELUSER", "DRYRUN", "GETUSER", "GENPASS", "LIST", "LOAD", "LOG",
                           "SAVE", "SETUSER", "USERS", "WHOAMI"})
    CHECK(help.contains(name));
}

TEST_CASE("Rules written for Redis load, with the commands that are not here", "[acl]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(redis("ACL", "SETUSER", "app", "on", ">pw", "~*", "-@all", "+@hash", "+get", "+set",
              "-eval", "+script|load", "+xadd") == "OK");
  CHECK(redis("ACL", "LIST").contains("-@all +@hash +get +set -eval +script|load +xadd"));
}

// --- rename-command ------------------------------------------------------------------------------

TEST_CASE("A renamed command has only its new name, and its old one in rules", "[rename]") {
  TestServer server({"--rename-command", "xadd", "put", "--rename-command", "flushall", ""});
  Redis redis = server.connect();
  CHECK(redis("PUT", "s", "1-0", "f", "v") == "1-0");
  CHECK(redis("XADD", "s", "2-0", "f", "v").starts_with("ERR unknown command 'XADD'"));
  CHECK(redis("FLUSHALL").starts_with("ERR unknown command 'FLUSHALL'"));
  CHECK(redis("PUT") == "ERR wrong number of arguments for 'xadd' command");
  CHECK(redis("INFO", "commandstats").contains("cmdstat_xadd:calls=1,"));
  CHECK(redis("ACL", "SETUSER", "u", "+put").contains("Unknown command"));
  CHECK(redis("ACL", "SETUSER", "u", "on", "nopass", "~*", "+@all", "-xadd") == "OK");
  CHECK(redis("ACL", "DRYRUN", "u", "PUT", "s", "*", "f", "v") ==
        "User u has no permissions to run the 'xadd' command");
  CHECK(redis("MULTI") == "OK");
  CHECK(redis("PUT", "s", "3-0", "f", "v") == "QUEUED");
  CHECK(redis("EXEC") == R"(["3-0"])");
  CHECK(redis("XLEN", "s") == 2);
}

TEST_CASE("A name that rename-command cannot give stops the start", "[rename]") {
  CHECK(run_server_to_end({"--rename-command", "xadd", "xlen"})
            .err.find("Target command name already exists") != std::string::npos);
}

TEST_CASE("EXEC says which right was lost since a command was queued", "[acl][exec]") {
  TestServer server;
  Redis admin = server.connect();
  struct Case {
    const char* rule;
    const char* why;
  };
  for (const Case& lost :
       {Case{"-xadd", "no permission to execute the command or subcommand"},
        Case{"resetkeys", "no permission to touch the specified keys"},
        Case{"resetchannels", "no permission to access one of the channels used as arguments"}}) {
    admin("ACL", "SETUSER", "u", "reset", "on", "nopass", "~*", "&*", "+@all");
    Redis user = as(server, "u");
    user("MULTI");
    if (std::string_view(lost.rule) == "resetchannels") {
      user("PUBLISH", "c", "m");
    } else {
      user("XADD", "s", "*", "f", "v");
    }
    admin("ACL", "SETUSER", "u", lost.rule);
    CHECK(user("EXEC").contains(lost.why));
  }
  CHECK(admin("EXISTS", "s") == 0);
}

}  // namespace weir::testing
