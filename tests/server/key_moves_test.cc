// Blocked readers of keys that are renamed, copied, moved and swapped.
#include <string>

#include <catch2/catch.hpp>

#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr std::string_view kEntry = R"([["t",[["1-0",["f","v"]]]]])";

/// A server with the stream s, whose group g has read nothing, and the empty stream t with a group
/// g; two readers can be made to wait.
class Scene {
 public:
  Scene() {
    client("XADD", "s", "1-0", "f", "v");
    client("XGROUP", "CREATE", "s", "g", "0");
  }

  void member_waits(const std::string& key) {
    member.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", key, ">");
    REQUIRE(blocked_become(client, ++waiting_));
  }
  void reader_waits(const std::string& key, const std::string& id = "0") {
    reader.send("XREAD", "BLOCK", "0", "STREAMS", key, id);
    REQUIRE(blocked_become(client, ++waiting_));
  }

  TestServer server;
  Redis client = server.connect();
  Redis member = server.connect();
  Redis reader = server.connect();

 private:
  int waiting_ = 0;
};

TEST_CASE("RENAME onto a key that readers wait for serves them", "[rename]") {
  Scene scene;
  scene.client("XGROUP", "CREATE", "t", "g", "$", "MKSTREAM");
  scene.member_waits("t");
  scene.reader_waits("t");
  scene.client("RENAME", "s", "t");
  CHECK(scene.member.read() == kEntry);
  CHECK(scene.reader.read() == kEntry);
}

TEST_CASE("RENAME away from a key tells group readers, and leaves plain ones", "[rename]") {
  Scene scene;
  scene.client("XGROUP", "SETID", "s", "g", "$");
  scene.member_waits("s");
  scene.reader_waits("s", "$");
  scene.client("RENAME", "s", "other");
  CHECK(scene.member.read().starts_with("NOGROUP"));
  REQUIRE(blocked_become(scene.client, 1));
}

TEST_CASE("COPY REPLACE serves who waits for the target, or tells that the group is gone",
          "[copy]") {
  Scene scene;
  scene.client("XGROUP", "CREATE", "t", "h", "$", "MKSTREAM");
  scene.member.send("XREADGROUP", "GROUP", "h", "c", "BLOCK", "0", "STREAMS", "t", ">");
  REQUIRE(blocked_become(scene.client, 1));
  scene.reader.send("XREAD", "BLOCK", "0", "STREAMS", "t", "0");
  REQUIRE(blocked_become(scene.client, 2));
  scene.client("COPY", "s", "t", "REPLACE");
  CHECK(scene.member.read().starts_with("NOGROUP"));
  CHECK(scene.reader.read() == kEntry);
}

TEST_CASE("MOVE serves readers of the other database and tells those of this one", "[move]") {
  Scene scene;
  scene.client("XGROUP", "SETID", "s", "g", "$");
  scene.member_waits("s");
  scene.reader("SELECT", "3");
  scene.reader_waits("s");
  scene.client("MOVE", "s", "3");
  CHECK(scene.member.read().starts_with("NOGROUP"));
  CHECK(scene.reader.read() == R"([["s",[["1-0",["f","v"]]]]])");
}

TEST_CASE("SWAPDB lets the readers of both databases look again", "[swapdb]") {
  Scene scene;
  scene.client("XGROUP", "SETID", "s", "g", "$");
  scene.member_waits("s");
  scene.reader("SELECT", "1");
  scene.reader_waits("s");
  scene.client("SWAPDB", "0", "1");
  CHECK(scene.member.read().starts_with("NOGROUP"));
  CHECK(scene.reader.read() == R"([["s",[["1-0",["f","v"]]]]])");
  CHECK(scene.client("DBSIZE") == 0);
}

TEST_CASE("Readers of one group are served by turns after a RENAME", "[rename]") {
  Scene scene;
  Redis second = scene.server.connect();
  scene.client("XADD", "s", "2-0", "f", "v");
  scene.client("XGROUP", "CREATE", "t", "g", "$", "MKSTREAM");
  scene.member.send("XREADGROUP", "GROUP", "g", "a", "COUNT", "1", "BLOCK", "0", "STREAMS", "t",
                    ">");
  REQUIRE(blocked_become(scene.client, 1));
  second.send("XREADGROUP", "GROUP", "g", "b", "COUNT", "1", "BLOCK", "0", "STREAMS", "t", ">");
  REQUIRE(blocked_become(scene.client, 2));
  scene.client("RENAME", "s", "t");
  CHECK(scene.member.read() == kEntry);
  CHECK(second.read() == R"([["t",[["2-0",["f","v"]]]]])");
}

}  // namespace
}  // namespace weir::testing
