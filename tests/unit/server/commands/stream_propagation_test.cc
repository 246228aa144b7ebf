// What the writing commands of streams and groups tell: their deterministic form, how much they
// changed and the events; and that replaying the forms gives the same stream.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

using Words = std::vector<std::string_view>;

/// Ten entries 1-0 … 10-0 at "s", nodes of five, and a group "g" that has read the first `read`.
void fill(HandlerStage& stage, int read) {
  stage.configure("stream-node-max-entries", "5");
  for (int ms = 1; ms <= 10; ++ms)
    stage.run({"XADD", "s", std::to_string(ms) + "-0", "f", "v"});
  stage.run({"XGROUP", "CREATE", "s", "g", "0"});
  if (read > 0)
    stage.run(
        {"XREADGROUP", "GROUP", "g", "c", "COUNT", std::to_string(read), "STREAMS", "s", ">"});
  stage.told();
  stage.events();
  stage.keyspace.changes = 0;
}

std::string ids(HandlerStage& stage) {
  return stage.run({"XRANGE", "s", "-", "+"});
}

/// Replays what was told into an empty one whose nodes are of another size.
void check_replay(HandlerStage& stage) {
  HandlerStage copy;
  copy.configure("stream-node-max-entries", "3");
  copy.is_replay = true;
  for (const WriteForm& form : stage.forms())
    copy.run({form.begin(), form.end()});
  CHECK(ids(copy) == ids(stage));
  CHECK(copy.run({"XPENDING", "s", "g"}) == stage.run({"XPENDING", "s", "g"}));
  CHECK(copy.run({"XINFO", "GROUPS", "s"}) == stage.run({"XINFO", "GROUPS", "s"}));
}

}  // namespace

TEST_CASE("XADD tells the ID that was given", "[xadd][propagation]") {
  HandlerStage stage;
  stage.run({"XADD", "s", "*", "f", "v"});
  CHECK(stage.told() == "XADD s 1000000-0 f v");
  CHECK(stage.events() == "new s, xadd s");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 1);
  stage.run({"xadd", "s", "NOMKSTREAM", "1000000-*", "f", "*"});
  CHECK(stage.told() == "xadd s NOMKSTREAM 1000000-1 f *");
  CHECK(stage.events() == "xadd s");
  stage.run({"XADD", "s", "1000001", "f", "v"});
  CHECK(stage.told() == "XADD s 1000001 f v");
}

TEST_CASE("XADD that adds nothing tells nothing", "[xadd][propagation]") {
  HandlerStage stage;
  stage.run({"XADD", "s", "NOMKSTREAM", "*", "f", "v"});
  stage.run({"XADD", "s", "0-0", "f", "v"});
  CHECK(stage.told().empty());
  CHECK(stage.events().empty());
  CHECK(std::exchange(stage.keyspace.changes, 0) == 0);
}

TEST_CASE("XADD tells exactly the length or the ID that it trimmed about to",
          "[xadd][propagation]") {
  HandlerStage stage;
  fill(stage, 0);
  stage.run({"XADD", "s", "MAXLEN", "~", "7", "LIMIT", "100", "*", "f", "v"});
  CHECK(stage.told() == "XADD s MAXLEN = 11 LIMIT 100 1000000-0 f v");
  CHECK(stage.events() == "xadd s");
  stage.run({"XADD", "s", "MINID", "~", "9", "1000005-0", "f", "v"});
  CHECK(stage.told() == "XADD s MINID = 6-0 1000005-0 f v");
  CHECK(stage.events() == "xadd s, xtrim s");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 2);
  stage.run({"XADD", "s", "MAXLEN", "3", "1000006-0", "f", "v"});
  CHECK(stage.told() == "XADD s MAXLEN 3 1000006-0 f v");
  stage.run({"XADD", "s", "MAXLEN", "~", "0", "1000007-0", "f", "v"});
  check_replay(stage);
}

TEST_CASE("XTRIM tells only what removed something", "[xtrim][propagation]") {
  HandlerStage stage;
  fill(stage, 10);
  stage.run({"XTRIM", "s", "MAXLEN", "~", "9"});
  CHECK(stage.told().empty());
  CHECK(stage.events().empty());
  stage.run({"XTRIM", "s", "MAXLEN", "~", "4", "LIMIT", "7"});
  CHECK(stage.told() == "XTRIM s MAXLEN = 5 LIMIT 7");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 5);
  CHECK(stage.events() == "xtrim s");
  stage.run({"XTRIM", "s", "MINID", "~", "99"});
  CHECK(stage.told() == "XTRIM s MINID = 18446744073709551615-18446744073709551615");
  check_replay(stage);
}

TEST_CASE("Trimming with DELREF takes the same references away again", "[xtrim][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 8);
  stage.run({"XTRIM", "s", "MAXLEN", "~", "7", "DELREF"});
  CHECK(stage.told() == "XTRIM s MAXLEN = 7 DELREF");
  stage.run({"XTRIM", "s", "DELREF", "MINID", "=", "5"});
  CHECK(stage.told() == "XTRIM s DELREF MINID = 5");
  CHECK(stage.run({"XPENDING", "s", "g"}) == R"(*[:4, "5-0", "8-0", *[*["c", "4"]]])");
  check_replay(stage);
}

TEST_CASE("Trimming with ACKED tells up to where entries went", "[xtrim][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 10);
  stage.run({"XACK", "s", "g", "2-0", "4-0", "8-0", "9-0"});
  stage.told();
  stage.run({"XTRIM", "s", "MAXLEN", "~", "0", "ACKED"});
  CHECK(stage.told() == "XTRIM s MINID = 9-1 ACKED");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 4 + 4);
  stage.run({"XADD", "s", "ACKED", "MAXLEN", "2", "*", "f", "v"});
  CHECK(stage.told() == "XADD s ACKED MINID 0-0 1000000-0 f v");
  stage.run({"XACK", "s", "g", "1-0", "5-0", "10-0"});
  stage.run({"XTRIM", "s", "MAXLEN", "5", "ACKED"});
  CHECK(stage.told() == "XACK s g 1-0 5-0 10-0\nXTRIM s MINID 5-1 ACKED");
  check_replay(stage);
}

TEST_CASE("Trimming with ACKED without groups tells the first entry that is left",
          "[xtrim][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 0);
  stage.run({"XGROUP", "DESTROY", "s", "g"});
  stage.told();
  stage.run({"XTRIM", "s", "MAXLEN", "3", "ACKED"});
  CHECK(stage.told() == "XTRIM s MINID 8-0 ACKED");
  stage.run({"XTRIM", "s", "MAXLEN", "=", "0", "ACKED"});
  CHECK(stage.told() == "XTRIM s MAXLEN = 0 ACKED");
}

TEST_CASE("A LIMIT beside = is only taken from a log", "[xtrim][propagation]") {
  HandlerStage stage;
  fill(stage, 0);
  const Words words = {"XTRIM", "s", "MAXLEN", "=", "1", "LIMIT", "2"};
  CHECK(stage.run(words) == "-ERR syntax error, LIMIT cannot be used without the special ~ option");
  CHECK((stage.is_replay = true, stage.run(words)) == ":9");
}

TEST_CASE("Deleting tells its words if it deleted something", "[xdel][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 3);
  stage.run({"XDEL", "s", "99-0"});
  stage.run({"XDELEX", "s", "IDS", "1", "99-0"});
  stage.run({"XDELEX", "s", "ACKED", "IDS", "1", "1-0"});
  stage.run({"XACKDEL", "s", "g", "IDS", "1", "9-0"});
  CHECK(stage.told().empty());
  CHECK(stage.events().empty());
  CHECK(std::exchange(stage.keyspace.changes, 0) == 0);
  stage.run({"XDEL", "s", "1-0", "1-0", "4-0"});
  stage.run({"XDELEX", "s", "IDS", "2", "2-0", "5-0"});
  stage.run({"XACKDEL", "s", "g", "IDS", "2", "1-0", "3-0"});
  CHECK(stage.told() == "XDEL s 1-0 1-0 4-0\nXDELEX s IDS 2 2-0 5-0\nXACKDEL s g IDS 2 1-0 3-0");
  CHECK(stage.events() == "xdel s, xdel s, xdel s");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 2 + 2 + 2);
  check_replay(stage);
}

TEST_CASE("XDELEX DELREF that only cleans up counts and is told, without an event",
          "[xdelex][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 3);
  stage.run({"XDEL", "s", "2-0"});
  stage.events();
  stage.told();
  CHECK(stage.run({"XDELEX", "s", "DELREF", "IDS", "1", "2-0"}) == "*[:-1]");
  CHECK(stage.told() == "XDELEX s DELREF IDS 1 2-0");
  CHECK(stage.events().empty());
  CHECK(std::exchange(stage.keyspace.changes, 0) == 2);
  check_replay(stage);
}

TEST_CASE("XACKDEL that only acknowledges has no event", "[xackdel][propagation]") {
  HandlerStage stage;
  fill(stage, 3);
  stage.run({"XGROUP", "CREATE", "s", "h", "0"});
  stage.events();
  stage.keyspace.changes = 0;
  CHECK(stage.run({"XACKDEL", "s", "g", "ACKED", "IDS", "1", "1-0"}) == "*[:2]");
  CHECK(stage.events().empty());
  CHECK(std::exchange(stage.keyspace.changes, 0) == 1);
}

TEST_CASE("XACK and XNACK tell their words and no event", "[xack][xnack][propagation]") {
  HandlerStage stage;
  stage.configure("propagation-level", "8.8");
  fill(stage, 3);
  stage.run({"XACK", "s", "g", "9-0"});
  stage.run({"XNACK", "s", "g", "FAIL", "IDS", "1", "9-0"});
  CHECK(stage.told().empty());
  stage.run({"XACK", "s", "g", "1-0", "9-0"});
  stage.run({"XNACK", "s", "g", "FATAL", "IDS", "2", "2-0", "2-0"});
  CHECK(stage.told() == "XACK s g 1-0 9-0\nXNACK s g FATAL IDS 2 2-0 2-0");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 1 + 2);
  CHECK(stage.events().empty());
  check_replay(stage);
}

TEST_CASE("XGROUP tells what had an effect, and $ as it is", "[xgroup][propagation]") {
  HandlerStage stage;
  stage.run({"XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"});
  CHECK(stage.told() == "XGROUP CREATE s g $ MKSTREAM");
  CHECK(stage.events() == "new s, xgroup-create s");
  stage.run({"XGROUP", "SETID", "s", "g", "$"});
  stage.run({"XGROUP", "CREATECONSUMER", "s", "g", "c"});
  stage.run({"XGROUP", "CREATECONSUMER", "s", "g", "c"});
  stage.run({"XGROUP", "DELCONSUMER", "s", "g", "c"});
  stage.run({"XGROUP", "DELCONSUMER", "s", "g", "c"});
  stage.run({"XGROUP", "DESTROY", "s", "g"});
  stage.run({"XGROUP", "DESTROY", "s", "g"});
  CHECK(stage.events() ==
        "xgroup-setid s, xgroup-createconsumer s, xgroup-delconsumer s, xgroup-destroy s");
  CHECK(stage.told() ==
        "XGROUP SETID s g $\nXGROUP CREATECONSUMER s g c\nXGROUP DELCONSUMER s g c\n"
        "XGROUP DESTROY s g");
  CHECK(std::exchange(stage.keyspace.changes, 0) == 5);
}

TEST_CASE("XSETID and DEL tell their words", "[xsetid][del][propagation]") {
  HandlerStage stage;
  fill(stage, 0);
  stage.run({"XSETID", "s", "20-0"});
  CHECK(stage.events() == "xsetid s");
  stage.run({"DEL", "a", "s", "s"});
  CHECK(stage.events() == "del s");
  CHECK(stage.told() == "XSETID s 20-0\nDEL a s s");
  stage.run({"UNLINK", "s"});
  CHECK(stage.told().empty());
}

}  // namespace weir::testing
