// Replaying what commands tell gives the state that they made.
#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/propagation.h"
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

}  // namespace

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

}  // namespace weir::testing
