// What commands tell: their deterministic forms, and that replaying them gives the same state.
#include "server/propagation.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "resp/request_parser.h"
#include "tests/support/describe_stream.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

std::string text(const WriteForm& form) {
  std::string text;
  for (const std::string& word : form)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

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

// --- Replaying -----------------------------------------------------------------------------------

/// Random commands on one stream with few IDs, so that everything meets everything.
class Commands {
 public:
  explicit Commands(uint64_t seed) : random_(seed) {}

  WriteForm next() {
    switch (below(25)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return add();
      case 4:
        return with({"XDEL", "s"}, ids());
      case 5:
        return {"XTRIM",          "s",        pick({"MAXLEN", "MINID"}),
                pick({"~", "="}), number(60), pick({"KEEPREF", "DELREF", "ACKED"})};
      case 6:
        return with({"XGROUP", "CREATE", "s", group(), pick({"0", "$", "5"}), "MKSTREAM"},
                    entries_read());
      case 7:
        return below(8) == 0 ? WriteForm{"XGROUP", "DESTROY", "s", group()}
                             : with({"XGROUP", "SETID", "s", group(), number(300)}, entries_read());
      case 8:
        return {"XGROUP", pick({"CREATECONSUMER", "CREATECONSUMER", "DELCONSUMER"}), "s", group(),
                consumer()};
      case 9:
      case 10:
      case 11:
        return read();
      case 12:
      case 13:
        return with({"XACK", "s", group()}, ids());
      case 14:
      case 15:
        return claim();
      case 16:
        return {"XAUTOCLAIM", "s", group(), consumer(), "0", number(300), "COUNT", number(5)};
      case 17:
      case 18:
        return with({"XNACK", "s", group(), pick({"SILENT", "FAIL", "FATAL"})}, counted_ids(),
                    {"FORCE"});
      case 19:
        return with({"XDELEX", "s", policy()}, counted_ids());
      case 20:
        return with({"XACKDEL", "s", group(), policy()}, counted_ids());
      case 21:
      case 22:
        return add_message();
      case 23:
        return {"XIDMPRECORD", "s", producer(), number(9), ids()[0]};
      default:
        return below(3) == 0 ? set_limits() : set_id();
    }
  }
  /// The time of the next command: no greater than the IDs, so that "*" gives one of them, too.
  int64_t now_ms() const { return static_cast<int64_t>(last_ms_); }

 private:
  uint64_t below(uint64_t end) { return random_() % end; }
  std::string pick(std::initializer_list<const char*> words) {
    return *(words.begin() + below(words.size()));
  }
  std::string number(uint64_t end) { return std::to_string(1 + below(end)); }
  std::string group() { return pick({"g", "h", "i"}); }
  std::string consumer() { return pick({"a", "b", "c", "d"}); }
  std::string producer() { return pick({"p", "q"}); }
  std::string policy() { return pick({"KEEPREF", "DELREF", "ACKED"}); }
  WriteForm ids() {
    WriteForm words;
    for (uint64_t left = 1 + below(4); left > 0; --left)
      words.push_back(std::to_string(below(last_ms_ + 2)) + "-" + std::to_string(below(2)));
    return words;
  }
  WriteForm counted_ids() {
    const WriteForm words = ids();
    return with({"IDS", std::to_string(words.size())}, words);
  }
  WriteForm entries_read() {
    if (below(2) == 0) return {};
    return {"ENTRIESREAD", below(5) == 0 ? "-1" : number(300)};
  }
  static WriteForm with(WriteForm words, const WriteForm& more, const WriteForm& rest = {}) {
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), rest.begin(), rest.end());
    return words;
  }
  WriteForm add() {
    last_ms_ += below(2);
    const std::string id = std::to_string(last_ms_) + "-*";
    if (below(4) == 0)
      return {"XADD", "s", "MAXLEN", pick({"~", "="}), number(80), policy(), id, "f", number(99)};
    return {"XADD", "s", id, pick({"f", "g"}), number(99)};
  }
  WriteForm add_message() {
    last_ms_ += below(2);
    if (below(2) == 0) return {"XADD", "s", "IDMPAUTO", producer(), "*", "f", number(9)};
    if (below(4) == 0)
      return {"XADD", "s",        "MAXLEN",  "~", number(80), policy(),
              "IDMP", producer(), number(9), "*", "f",        "m"};
    return {"XADD", "s", "IDMP", producer(), number(9), "*", "f", "m"};
  }
  WriteForm set_id() {
    last_ms_ += below(3);
    WriteForm words{"XSETID", "s", std::to_string(last_ms_) + "-" + std::to_string(below(9))};
    if (below(2) == 0) words = with(words, {"ENTRIESADDED", number(500)});
    if (below(2) == 0) words = with(words, {"MAXDELETEDID", std::to_string(below(last_ms_ + 1))});
    return words;
  }
  WriteForm set_limits() {
    WriteForm words{"XCFGSET", "s"};
    if (below(2) == 0) words = with(words, {"IDMP-DURATION", number(3)});
    return with(words, {"IDMP-MAXSIZE", number(20)});
  }
  WriteForm read() {
    WriteForm words{"XREADGROUP", "GROUP", group(), consumer(), "COUNT", number(6)};
    if (below(3) == 0) words = with(words, {"CLAIM", "0"});
    if (below(5) == 0) words = with(words, {"NOACK"});
    return with(words, {"STREAMS", "s", below(4) == 0 ? number(100) : ">"});
  }
  WriteForm claim() {
    WriteForm words = with({"XCLAIM", "s", group(), consumer(), "0"}, ids());
    if (below(2) == 0) words = with(words, {"FORCE"});
    if (below(3) == 0) words = with(words, {"JUSTID"});
    if (below(3) == 0) words = with(words, {"RETRYCOUNT", number(9)});
    if (below(3) == 0) words = with(words, {"TIME", number(2 * last_ms_)});
    if (below(5) == 0) words = with(words, {"LASTID", number(last_ms_ + 1)});
    return words;
  }

  std::mt19937_64 random_;
  uint64_t last_ms_ = 1;
};

/// Whether a server of that level, without Weir's own rules for receivers, knows the command and
/// its options.
bool is_known_at(const std::string& level, const WriteForm& form) {
  static const std::vector<std::string> newer_82{"XDELEX", "XACKDEL", "KEEPREF", "DELREF", "ACKED"};
  static const std::vector<std::string> newer_86{"XCFGSET", "XIDMPRECORD", "IDMP", "IDMPAUTO"};
  for (const std::string& word : form) {
    const auto is_word = [&word](const std::string& newer) { return newer == word; };
    if (level < "8.2" && std::any_of(newer_82.begin(), newer_82.end(), is_word)) return false;
    if (level < "8.6" && std::any_of(newer_86.begin(), newer_86.end(), is_word)) return false;
    if (level < "8.8" && word == "XNACK") return false;
  }
  return true;
}

/// Without what a level below 8.6 does not tell: which messages are remembered.
std::string without_messages(const std::string& description) {
  std::string kept;
  std::istringstream lines(description);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view begin = std::string_view(line).substr(line.find_first_not_of(' '));
    if (!begin.starts_with("message") && !begin.starts_with("producer")) kept += line + "\n";
  }
  return kept;
}

TEST_CASE("At every level replaying the forms of random commands gives the same stream",
          "[propagation]") {
  const std::string level = GENERATE("7.0", "8.2", "8.6", "8.8");
  CAPTURE(level);
  const uint64_t first_seed = 1;
  uint64_t duplicates = 0;  // so that it is known that there were some
  for (uint64_t seed = first_seed; seed < first_seed + 20; ++seed) {
    CAPTURE(seed);
    HandlerStage original;
    HandlerStage replica;
    replica.is_replay = true;
    original.configure("propagation-level", level);
    for (HandlerStage* const stage : {&original, &replica}) {
      (*stage)("XADD s 0-1 f v");  // that nothing was ever deleted cannot be told at 7.0
      (*stage)("XDEL s 0-1");
    }
    original.take_forms();
    original.configure("stream-node-max-entries", "7");
    replica.configure("stream-node-max-entries", "7");
    Commands commands(seed);
    for (int step = 0; step < 1500; ++step) {
      const WriteForm command = commands.next();
      original.now_ms = commands.now_ms();  // the replica's clock is another, and far ahead
      original.run({command.begin(), command.end()});
      for (const WriteForm& form : original.take_forms()) {
        const std::string reply = replica.run({form.begin(), form.end()});
        CAPTURE(step, text(command), text(form), reply);
        REQUIRE(is_known_at(level, form));
        REQUIRE((reply.empty() || reply[0] != '-'));
      }
      CAPTURE(step, text(command));
      const Stream* const here = original.stream("s");
      const Stream* const there = replica.stream("s");
      REQUIRE((here != nullptr && there != nullptr));
      if (level >= "8.6") {
        REQUIRE(describe(*there) == describe(*here));
      } else {
        REQUIRE(without_messages(describe(*there)) == without_messages(describe(*here)));
      }
    }
    duplicates += original.stream("s")->idempotence()->iids_duplicates();
  }
  CHECK(duplicates > 0);
}

}  // namespace
}  // namespace weir::testing
