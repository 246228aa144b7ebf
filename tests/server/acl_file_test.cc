// Users in files: the ACL file, and lines of redis.conf.
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/server/by_hand.h"
#include "tests/support/contains.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/text_file.h"

namespace weir::testing {
namespace {

/// A server with an ACL file.
struct Filed {
  explicit Filed(const std::string& text) { write_text(path, text); }

  TempFolder folder;
  std::string path = folder / "users.acl";
};

}  // namespace

TEST_CASE("The users of the ACL file are there from the start", "[acl]") {
  const Filed file("user default on >root ~* &* +@all\nuser bob on nopass ~b +xlen\n");
  TestServer server({"--aclfile", file.path});
  Redis redis = server.connect();
  CHECK(redis("PING") == "NOAUTH Authentication required.");
  CHECK(redis("AUTH", "bob", "x") == "OK");
  CHECK(redis("XLEN", "b") == 0);
  CHECK(redis("XLEN", "c") == "NOPERM No permissions to access a key");
  CHECK(redis("AUTH", "root") == "OK");
  CHECK(redis("CONFIG", "GET", "aclfile") == "[\"aclfile\",\"" + file.path + "\"]");
}

TEST_CASE("ACL SAVE writes what ACL LIST shows, and a restart finds it", "[acl]") {
  const Filed file("");
  TestServer server({"--aclfile", file.path});
  {
    Redis redis = server.connect();
    redis("ACL", "SETUSER", "bob", "on", ">pw", "~a", "(~b", "+xlen)", "+@stream", "-xdel", "+get");
    CHECK(redis("ACL", "SAVE") == "OK");
  }
  CHECK(contains(read_text(file.path),
                 "~a resetchannels -@all +@stream -xdel +get (~b resetchannels -@all +xlen)\n"));
  CHECK(server.stop() == 0);
  server.start_again();
  Redis redis = server.connect();
  CHECK(redis("AUTH", "bob", "pw") == "OK");
  CHECK(redis("XLEN", "a") == 0);
}

TEST_CASE("ACL LOAD keeps connections of users who stay and ends those of others", "[acl]") {
  const Filed file("user bob on nopass +@all\nuser eve on nopass +@all\n");
  TestServer server({"--aclfile", file.path});
  Redis bob = server.connect();
  Redis eve = server.connect();
  bob("AUTH", "bob", "x");
  eve("AUTH", "eve", "x");
  write_text(file.path, "user bob on nopass +ping\n");
  Redis admin = server.connect();
  CHECK(admin("ACL", "LOAD") == "OK");
  CHECK(eve.read() == "(closed)");
  CHECK(bob("PING") == "PONG");
  CHECK(bob("ECHO", "x").starts_with("NOPERM"));
}

TEST_CASE("ACL LOAD of a damaged file changes nothing and names every line", "[acl]") {
  const Filed file("user bob on nopass +ping\n");
  TestServer server({"--aclfile", file.path});
  Redis redis = server.connect();
  const Shown before = redis("ACL", "LIST");
  write_text(file.path, "user bob on +nosuch\nuser al off\nrubbish \x01\xff\nuser al on");
  const Shown error = redis("ACL", "LOAD");
  CHECK(error.starts_with("ERR " + file.path + ":1: Error in applying operation '+nosuch'"));
  CHECK(error.contains(file.path + ":3 should start with user keyword"));
  CHECK(error.contains("WARNING: Duplicate user 'al' found on line 4."));
  CHECK(redis("ACL", "LIST") == before);
  std::remove(file.path.c_str());
  CHECK(redis("ACL", "LOAD") ==
        "ERR Error loading ACLs, opening file '" + file.path + "': No such file or directory");
  CHECK(redis("ACL", "LIST") == before);
}

TEST_CASE("A server does not start with an ACL file that is damaged or missing", "[acl]") {
  const Filed file("user bob on +nosuch\n");
  const auto log = [](const std::vector<std::string>& options) {
    const Finished finished = run_server_to_end(options);
    CHECK(finished.exit_code == 1);
    return finished.out + finished.err;
  };
  CHECK(contains(log({"--port", "0", "--aclfile", file.path}),
                 "Aborting Redis startup because of ACL errors: " + file.path + ":1: "));
  CHECK(
      contains(log({"--port", "0", "--aclfile", file.path + ".no"}), "No such file or directory"));
  write_text(file.path, "");
  CHECK(contains(log({"--port", "0", "--aclfile", file.path, "--user", "bob on"}),
                 "please define either an ACL file or declare users directly"));
  CHECK(contains(log({"--port", "0", "--user", "bob +nosuch"}),
                 "Error in user declaration 'bob': Unknown command or category name in ACL"));
  CHECK(contains(log({"--port", "0", "--user", "bob &news", "--acl-pubsub-default", "allchannels"}),
                 "Error in user declaration 'bob': Adding a pattern after the * pattern"));
}

TEST_CASE("ACL SAVE that cannot write leaves the old file", "[acl]") {
  const Filed file("user bob on nopass +ping\n");
  TestServer server({"--aclfile", file.path});
  Redis redis = server.connect();
  redis("ACL", "SETUSER", "new", "on");
  std::remove(file.path.c_str());
  ::mkdir(file.path.c_str(), 0700);  // a folder cannot be replaced by a file
  CHECK(redis("ACL", "SAVE") ==
        "ERR There was an error trying to save the ACLs. Please check the server logs for more "
        "information");
  CHECK(contains(server.log(), "Saving the ACL file: "));
  CHECK(file.folder.names() == std::vector<std::string>{"users.acl"});
}

// --- redis.conf ----------------------------------------------------------------------------------

TEST_CASE("Users of redis.conf survive CONFIG REWRITE and a restart", "[acl]") {
  ByHand server;
  const std::string path = server.folder() / "weir.conf";
  write_text(path, "port 0\nsave \"\"\ndir " + server.folder().path() + "\nunixsocket " +
                       server.socket_path() +
                       "\n# people\nuser bob on >pw ~a +xlen (~b +xadd)\nuser eve on nopass\n");
  server.start({path});
  {
    Redis redis = server.connect();
    redis("ACL", "DELUSER", "eve");
    redis("ACL", "SETUSER", "al", "on", ">al", "~\"quoted", "&c", "+@read");
    CHECK(redis("CONFIG", "REWRITE") == "OK");
  }
  const std::string text = read_text(path);
  CHECK(contains(text, "# people\nuser al on sanitize-payload #"));
  CHECK(contains(text, "\nuser bob on sanitize-payload #"));
  CHECK_FALSE(contains(text, "eve"));
  CHECK_FALSE(contains(text, "user default"));
  CHECK(server.terminate() == 0);
  server.start({path});
  Redis redis = server.connect();
  CHECK(redis("ACL", "LIST").contains("~\\\"quoted resetchannels &c -@all +@read"));
  CHECK(redis("AUTH", "al", "al") == "OK");
  CHECK(redis("AUTH", "bob", "pw") == "OK");
  CHECK(redis("XADD", "b", "1-0", "f", "v") == "1-0");
}

TEST_CASE("The default user is written only when requirepass does not say it all", "[acl]") {
  ByHand server;
  const std::string path = server.folder() / "weir.conf";
  write_text(path, "port 0\ndir " + server.folder().path() + "\nunixsocket " +
                       server.socket_path() + "\n");
  server.start({path});
  Redis redis = server.connect();
  redis("CONFIG", "SET", "requirepass", "pw");
  CHECK(redis("CONFIG", "REWRITE") == "OK");
  CHECK_FALSE(contains(read_text(path), "user default"));
  redis("ACL", "SETUSER", "default", "-@dangerous", "+config");
  CHECK(redis("CONFIG", "REWRITE") == "OK");
  CHECK(contains(read_text(path), "\nuser default on sanitize-payload #"));
  CHECK(contains(read_text(path), " ~* &* +@all -@dangerous +config\n"));
}

}  // namespace weir::testing
