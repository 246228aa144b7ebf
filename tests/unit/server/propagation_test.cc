// What commands tell: their deterministic forms.
#include "server/propagation.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "resp/request_parser.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

/// What a command tells, a line for each form.
std::string told_by(HandlerStage& stage, std::string_view command) {
  stage.take_forms();
  stage(command);
  return stage.told();
}

TEST_CASE("A command that changed nothing is told to nobody", "[propagation]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  CHECK(told_by(stage, "XDEL s 9-9").empty());
  CHECK(told_by(stage, "XTRIM s MAXLEN 10").empty());
  CHECK(told_by(stage, "XADD t NOMKSTREAM 1-0 f v").empty());
  CHECK(told_by(stage, "XRANGE s - +").empty());
  CHECK(told_by(stage, "XADD s 1-0 f v").empty());
  CHECK(told_by(stage, "XDEL s 1-0") == "XDEL s 1-0");
}

TEST_CASE("A published message is relayed, and is no write", "[propagation][pubsub]") {
  HandlerStage stage;
  stage("PUBLISH c x");
  stage("SPUBLISH s y");
  CHECK(stage.forms().empty());
  CHECK(stage.relays() == std::vector<WriteForm>{{"PUBLISH", "c", "x"}, {"SPUBLISH", "s", "y"}});
}

TEST_CASE("Entries delivered together are told as one XCLAIM", "[propagation]") {
  HandlerStage stage;
  for (const char* const add : {"XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v"})
    stage(add);
  stage("XGROUP CREATE s g 0");
  CHECK(told_by(stage, "XREADGROUP GROUP g c COUNT 2 STREAMS s >") ==
        "XGROUP CREATECONSUMER s g c\n"
        "XCLAIM s g c 0 1-0 2-0 TIME 1000000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-0\n"
        "XGROUP SETID s g 2-0 ENTRIESREAD 2");
}

TEST_CASE("A read without acknowledgement tells only how far the group is", "[propagation]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XGROUP CREATE s g 0");
  stage("XGROUP CREATECONSUMER s g c");
  CHECK(told_by(stage, "XREADGROUP GROUP g c NOACK STREAMS s >") ==
        "XGROUP SETID s g 1-0 ENTRIESREAD 1");
}

TEST_CASE("What a claim finds gone is told as acknowledged", "[propagation]") {
  HandlerStage stage;
  for (const char* const command :
       {"XADD s 1-0 f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "XDEL s 1-0",
        "XGROUP CREATECONSUMER s g d"}) {
    stage(command);
  }
  CHECK(told_by(stage, "XAUTOCLAIM s g d 0 0") == "XACK s g 1-0");
}

TEST_CASE("XCLAIM that only moves the last ID tells where the group is", "[propagation]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XGROUP CREATE s g 0");
  stage("XGROUP CREATECONSUMER s g c");
  CHECK(told_by(stage, "XCLAIM s g c 0 9-9 LASTID 1-0") == "XGROUP SETID s g 1-0 ENTRIESREAD -1");
}

TEST_CASE("At level 7.0 newer commands are told as commands that Redis 7.0 knows",
          "[propagation][xdelex][xackdel][xnack][xcfgset]") {
  HandlerStage stage;
  for (const char* const command :
       {"XADD s 1-0 f v", "XADD s 2-0 f v", "XADD s 3-0 f v", "XADD s 4-0 f v", "XADD s 5-0 f v",
        "XGROUP CREATE s g 0", "XGROUP CREATE s h 0", "XREADGROUP GROUP g c COUNT 4 STREAMS s >",
        "XREADGROUP GROUP h c COUNT 4 STREAMS s >"}) {
    stage(command);
  }
  CHECK(told_by(stage, "XDELEX s DELREF IDS 2 1-0 9-9") ==
        "XACK s g 1-0\nXACK s h 1-0\nXDEL s 1-0");
  CHECK(told_by(stage, "XDELEX s ACKED IDS 1 2-0").empty());
  CHECK(told_by(stage, "XACKDEL s g ACKED IDS 1 2-0") == "XACK s g 2-0");
  CHECK(told_by(stage, "XNACK s g FAIL IDS 1 3-0") ==
        "XCLAIM s g (released) 0 3-0 TIME 0 RETRYCOUNT 1 FORCE JUSTID");
  CHECK(told_by(stage, "XADD s KEEPREF IDMP p i * f v") == "XADD s 1000000-0 f v");
  CHECK(told_by(stage, "XADD s IDMP p i * f v").empty());
  CHECK(told_by(stage, "XCFGSET s IDMP-MAXSIZE 7").empty());
  stage("XACK s h 3-0");
  stage("XACK s g 3-0");
  CHECK(told_by(stage, "XTRIM s MAXLEN 0 ACKED") ==
        "XDEL s 3-0\nXSETID s 1000000-0 ENTRIESADDED 6 MAXDELETEDID 1-0");
  CHECK(told_by(stage, "XADD s MAXLEN = 3 DELREF 1000001-0 f v") ==
        "XADD s MAXLEN = 3 1000001-0 f v\nXACK s g 2-0 4-0\nXACK s h 2-0 4-0");
}

TEST_CASE("ENTRIESREAD is told as it was cut, and taken as it is told", "[propagation][xgroup]") {
  HandlerStage stage;
  stage("XADD s 1-0 f v");
  stage("XADD s 2-0 f v");
  CHECK(told_by(stage, "XGROUP CREATE s g 1-0 ENTRIESREAD 99") ==
        "XGROUP CREATE s g 1-0 ENTRIESREAD 2");
  CHECK(told_by(stage, "XGROUP SETID s g 1-0 ENTRIESREAD 3") ==
        "XGROUP SETID s g 1-0 ENTRIESREAD 2");
  CHECK(told_by(stage, "XREADGROUP GROUP g c NOACK STREAMS s >")
            .ends_with("XGROUP SETID s g 2-0 ENTRIESREAD 3"));
  stage.is_replay = true;
  stage("XGROUP SETID s g 2-0 ENTRIESREAD 3");
  CHECK(stage.stream("s")->find_group("g")->entries_read == 3);
}

// --- As bytes ------------------------------------------------------------------------------------

/// Commands on the wire, a line for each.
std::string commands_in(std::string_view bytes) {
  std::string text;
  resp::RequestParser parser;
  for (size_t at = 0; at < bytes.size(); at += parser.consumed()) {
    REQUIRE(parser.parse(bytes.substr(at), {}) == resp::RequestParser::Status::kRequest);
    for (const std::string_view word : parser.argv())
      text += (text.empty() || text.ends_with('\n') ? "" : " ") + std::string(word);
    text += '\n';
  }
  return text;
}

struct Heard : Propagation {
  Heard() { set_listener(Listener::kLog, true); }

  void command(uint32_t db, std::vector<std::string_view> words, bool is_relayed = false) {
    begin();
    finish(db, words, {.changes = is_relayed ? 0U : 1U, .is_relayed = is_relayed});
  }
};

TEST_CASE("SELECT is told once for a database, and again after somebody began to read",
          "[propagation]") {
  Heard told;
  told.command(0, {"XADD", "s"});
  told.command(0, {"XDEL", "s"});
  told.command(3, {"XDEL", "s"});
  told.forget_database();
  told.command(3, {"XDEL", "t"});
  CHECK(commands_in(told.pending()) ==
        "SELECT 0\nXADD s\nXDEL s\nSELECT 3\nXDEL s\nSELECT 3\nXDEL t\n");
}

TEST_CASE("Several forms of one command stand between MULTI and EXEC, one stands alone",
          "[propagation]") {
  Heard told;
  told.begin();
  told.tell(2, {"DEL", "x"});
  told.finish(2, std::vector<std::string_view>{"XADD", "x"}, {.changes = 1});
  told.command(2, {"XDEL", "x"});
  told.tell(2, {"DEL", "y"});
  told.tell(2, {"DEL", "z"});
  CHECK(commands_in(told.pending()) ==
        "SELECT 2\nMULTI\nDEL x\nXADD x\nEXEC\nXDEL x\nDEL y\nDEL z\n");
}

TEST_CASE("A change that needs no form is one all the same, alone and in EXEC", "[propagation]") {
  using News = Propagation::News;
  Heard told;
  const std::vector<std::string_view> words{"XADD", "x"};
  const Told counted{.changes = 1, .is_verbatim = false};
  CHECK(told.finish(0, words, counted) == News::kChange);
  CHECK(told.finish(0, words, {}) == News::kNone);
  told.begin_transaction();
  told.finish(0, words, counted);
  told.finish(0, words, {});
  told.end_transaction();
  CHECK(told.finish(0, std::vector<std::string_view>{"EXEC"}, {}) == News::kChange);
  CHECK(told.finish(0, words, {}) == News::kNone);
  CHECK(told.pending().empty());
}

TEST_CASE("What EXEC ran is told together, over databases, and not at all if nothing changed",
          "[propagation]") {
  Heard told;
  const std::vector<std::string_view> exec{"EXEC"};
  const auto run = [&](const std::vector<uint32_t>& databases) {
    told.begin();
    told.begin_transaction();
    for (const uint32_t db : databases)
      told.command(db, {"XADD", "s"});
    told.end_transaction();
    told.finish(0, exec, {});
  };
  run({});
  CHECK(told.pending().empty());
  run({1});
  run({1, 2});
  CHECK(commands_in(told.pending()) == "SELECT 1\nXADD s\nMULTI\nXADD s\nSELECT 2\nXADD s\nEXEC\n");
}

TEST_CASE("Published messages are told only to replicas, and are marked", "[propagation][pubsub]") {
  Heard told;
  told.command(0, {"PUBLISH", "c", "x"}, true);
  CHECK(told.pending().empty());
  told.set_listener(Propagation::Listener::kReplicas, true);
  told.begin();
  told.begin_transaction();
  told.command(0, {"XADD", "s"});
  told.command(0, {"PUBLISH", "c", "x"}, true);
  told.end_transaction();
  told.finish(0, std::vector<std::string_view>{"EXEC"}, {});
  REQUIRE(told.parts().size() == 1);
  const Propagation::Part part = told.parts()[0];
  CHECK(commands_in(told.pending().substr(part.begin, part.end - part.begin)) == "PUBLISH c x\n");
}

TEST_CASE("A message is told behind the database of who sent it", "[propagation][pubsub]") {
  Heard told;
  told.set_listener(Propagation::Listener::kReplicas, true);
  told.begin();
  told.command(0, {"XADD", "s"});
  told.command(3, {"PUBLISH", "c", "x"}, true);
  told.command(3, {"PUBLISH", "c", "y"}, true);
  CHECK(commands_in(told.pending()) == "SELECT 0\nXADD s\nSELECT 3\nPUBLISH c x\nPUBLISH c y\n");
}

std::string heard_by(const Propagation& told, Propagation::Listener listener) {
  std::string bytes;
  told.for_each_part(listener, [&bytes](std::string_view part) { bytes += part; });
  return commands_in(bytes);
}

constexpr std::string_view kPing = "*1\r\n$4\r\nping\r\n";
constexpr std::string_view kSelect3 = "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n";
constexpr std::string_view kXdel = "*2\r\n$4\r\nXDEL\r\n$1\r\ns\r\n";

TEST_CASE("Replicas get a primary's bytes as they are, and the log what changes data",
          "[propagation][replication]") {
  Heard told;
  told.set_listener(Propagation::Listener::kLog, true);
  told.set_listener(Propagation::Listener::kReplicas, true);
  told.set_deaf(true);
  told.pass_through(kSelect3, std::nullopt);
  told.pass_through(kXdel, 3);
  told.pass_through(kPing, std::nullopt);
  told.pass_through(kXdel, 3);
  told.command(0, {"XADD", "s"});  // what the command does here is known
  CHECK(heard_by(told, Propagation::Listener::kReplicas) == "SELECT 3\nXDEL s\nping\nXDEL s\n");
  CHECK(heard_by(told, Propagation::Listener::kLog) == "SELECT 3\nXDEL s\nXDEL s\n");
}

TEST_CASE("What replicas are to have is handed on when it is taken", "[propagation][replication]") {
  Heard told;
  std::string bytes;
  told.to_replicas = [&bytes](std::string_view part) { bytes += part; };
  told.set_listener(Propagation::Listener::kReplicas, true);
  told.command(0, {"XADD", "s"});
  told.relay(kPing);
  told.command(0, {"XDEL", "s"});
  told.take();
  CHECK(commands_in(bytes) == "SELECT 0\nXADD s\nping\nXDEL s\n");
}

TEST_CASE("Bytes that are taken in a transaction end where its unit begins", "[propagation]") {
  Heard told;
  told.command(0, {"XADD", "s"});
  told.begin();
  told.begin_transaction();
  told.command(1, {"XADD", "s"});
  CHECK(commands_in(told.pending()) == "SELECT 0\nXADD s\nSELECT 1\n");
  const uint64_t taken = told.take();
  told.command(1, {"XDEL", "s"});
  told.end_transaction();
  told.finish(0, std::vector<std::string_view>{"EXEC"}, {});
  CHECK(commands_in(told.pending()) == "MULTI\nXADD s\nXDEL s\nEXEC\n");
  CHECK(taken + told.pending().size() == told.offset());
}

TEST_CASE("The offset counts every byte that was told", "[propagation]") {
  Heard told;
  told.command(0, {"XADD", "s"});
  const uint64_t first = told.offset();
  CHECK(first == told.pending().size());
  told.take();
  CHECK(told.pending().empty());
  told.command(0, {"XADD", "s"});
  CHECK(told.offset() == first + told.pending().size());
}

}  // namespace
}  // namespace weir::testing
