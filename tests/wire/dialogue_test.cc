// The format of a case, and which cases are left out.
#include "tests/wire/dialogue.h"

#include <string>

#include <catch2/catch.hpp>

#include "tests/wire/left_out.h"

using namespace weir::wire;

namespace {

Case parse_case(std::string_view text) {
  Dialogue dialogue = parse_dialogue("xadd.txt", text);
  REQUIRE(dialogue.cases.size() == 1);
  return dialogue.cases[0];
}

const CommandNames redis_commands = {
    "acl",   "acl|setuser", "command", "command|info", "config",        "config|set",     "debug",
    "hello", "ping",        "xadd",    "xgroup",       "xgroup|create", "xgroup|destroy", "xlen"};

std::string used(std::string_view text) {
  std::string out;
  for (const std::string& name : commands_used(parse_case(text), redis_commands)) {
    out += (out.empty() ? "" : " ") + name;
  }
  return out;
}

}  // namespace

TEST_CASE("A case has a title, settings and steps", "[wire]") {
  const Case found = parse_case(
      "=== One\nproto 3\nconfig a \"\"\nuser bob\nneeds debug\n# words\n\n1> PING\n1< +PONG\n");
  CHECK(found.title == "One");
  CHECK(found.proto == 3);
  CHECK(found.needs_debug);
  CHECK(found.configs == std::vector<std::pair<std::string, std::string>>{{"a", ""}});
  CHECK(found.users == std::vector<std::string>{"bob"});
  REQUIRE(found.steps.size() == 2);
  CHECK(found.steps[1].line == 9);
  CHECK(found.steps[1].source == "1< +PONG");
}

TEST_CASE("Every kind of step is read", "[wire]") {
  const Case found = parse_case(
      "=== Steps\n12x300> XADD s {i}-0 f v\n2>> \"PING\\r\\n\"\n2< (blocked)\n2< (nothing)\n"
      "2< (closed)\n2< :1\n2= id\nsleep 80\nclose 2\n");
  REQUIRE(found.steps.size() == 9);
  CHECK(found.steps[0].connection == 12);
  CHECK(found.steps[0].times == 300);
  CHECK(found.steps[0].words.size() == 5);
  CHECK(found.steps[1].kind == Step::Kind::kBytes);
  CHECK(found.steps[1].words[0].text == "PING\r\n");
  CHECK(found.steps[2].kind == Step::Kind::kSilence);
  CHECK(found.steps[3].kind == Step::Kind::kSilence);
  CHECK(found.steps[4].kind == Step::Kind::kClosed);
  CHECK(found.steps[5].pattern.has_value());
  CHECK(found.steps[6].name == "id");
  CHECK(found.steps[7].milliseconds == 80);
  CHECK(found.steps[8].kind == Step::Kind::kClose);
}

TEST_CASE("A line of no kind is an error with its place", "[wire]") {
  CHECK_THROWS_WITH(parse_dialogue("a.txt", "=== x\n1? PING\n"), Catch::StartsWith("a.txt:2: "));
  CHECK_THROWS(parse_dialogue("a.txt", "1> PING\n"));
  CHECK_THROWS(parse_dialogue("a.txt", "=== x\nproto three\n"));
  CHECK_THROWS(parse_dialogue("a.txt", "=== x\n1x0> PING\n"));
  CHECK_THROWS(parse_dialogue("a.txt", "=== x\n1< *[\n"));
}

TEST_CASE("A case uses the commands that it sends, with their subcommands", "[wire]") {
  CHECK(used("=== x\n1> xadd s * f v\n1> XGROUP CREATE s g 0\n") == "xadd xgroup xgroup|create");
  CHECK(used("=== x\n1> XGROUP FOO\n1> FOO\n") == "xgroup");
  CHECK(used("=== x\n1>> \"XLEN s\\r\\n*1\\r\\n$4\\r\\nPING\\r\\n\"\n") == "ping xlen");
}

TEST_CASE("A case uses the commands that it asks about or gives rights to", "[wire]") {
  CHECK(used("=== x\n1> COMMAND INFO XLEN\n") == "command command|info xlen");
  CHECK(used("=== x\n1> COMMAND INFO xgroup\n") ==
        "command command|info xgroup xgroup|create xgroup|destroy");
  CHECK(used("=== x\n1> ACL SETUSER bob on +xlen (~a +xadd)\n") == "acl acl|setuser xadd xlen");
}

TEST_CASE("The settings of a case use commands, too", "[wire]") {
  CHECK(used("=== x\nproto 3\nconfig a b\nneeds debug\nuser bob\n") ==
        "acl|setuser config|set debug hello");
}
