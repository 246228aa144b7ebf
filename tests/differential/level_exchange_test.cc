// At propagation-level 7.0 Redis 7.0 understands the log of commands that are newer than it is.
#include <algorithm>
#include <initializer_list>
#include <random>
#include <regex>

#include <catch2/catch.hpp>

#include "tests/support/random_commands.h"
#include "tests/support/seed.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

constexpr int kCommands = 3000;

/// Commands on two streams with two groups, most of them newer than Redis 7.0.
class NewerCommands {
 public:
  explicit NewerCommands(uint64_t seed) : random_(seed) {}

  Words next() {
    switch (draw(12)) {
      case 0:
      case 1:
        return Words({"XADD", key(), pick({"KEEPREF", "DELREF", "ACKED"}), "MAXLEN",
                      pick({"~", "="}), number(40), add_id(), "f", number(99)});
      case 2:
        return Words({"XADD", key(), "IDMP", "p", number(50), "*", "f", "v"});
      case 3:
        return Words({"XADD", key(), add_id(), "f", number(99)});
      case 4:
        return Words({"XTRIM", key(), pick({"MAXLEN", "MINID"}), number(60),
                      pick({"KEEPREF", "DELREF", "ACKED"})});
      case 5:
        return counted({"XDELEX", key(), pick({"KEEPREF", "DELREF", "ACKED"})});
      case 6:
        return counted({"XACKDEL", key(), group(), pick({"KEEPREF", "DELREF", "ACKED"})});
      case 7:
        return counted({"XNACK", key(), group(), pick({"SILENT", "FAIL", "FATAL"})});
      case 8:
        return Words({"XREADGROUP", "GROUP", group(), pick({"a", "b"}), "COUNT", number(6), "CLAIM",
                      "0", "STREAMS", key(), ">"});
      case 9:
        return Words({"XACK", key(), group(), id(), id(), id()});
      case 10:
        return Words({"XCFGSET", key(), "IDMP-MAXSIZE", number(50)});
      default:
        return Words({"XREADGROUP", "GROUP", group(), pick({"a", "b"}), "COUNT", number(6),
                      "STREAMS", key(), ">"});
    }
  }

 private:
  uint64_t draw(uint64_t bound) { return random_() % bound; }
  std::string pick(std::initializer_list<const char*> words) {
    return words.begin()[draw(words.size())];
  }
  std::string number(uint64_t end) { return std::to_string(1 + draw(end)); }
  std::string key() { return pick({"s", "t"}); }
  std::string group() { return pick({"g", "h"}); }
  std::string add_id() { return std::to_string(clock_ += draw(2)) + "-*"; }
  std::string id() { return std::to_string(clock_ - std::min(clock_, draw(60))) + "-" + number(3); }
  Words counted(Words words) {
    words.insert(words.end(), {"IDS", "3", id(), id(), id()});
    return words;
  }

  std::mt19937_64 random_;
  uint64_t clock_ = 4'000'000'000'000;  // ahead of the time of day, as "*" goes on from there
};

std::string without(const std::string& text, const char* pattern, const char* by = "") {
  return std::regex_replace(text, std::regex(pattern), by);
}

/// Released entries whose stream entry is gone: at XCLAIM Redis drops them.
std::string without_dangling(const std::string& pending, const std::string& entries) {
  static const std::regex released(R"re(\["([^"]*)","",-?\d+\],?)re");
  std::string text;
  auto from = pending.begin();
  for (std::sregex_iterator at(pending.begin(), pending.end(), released), end; at != end; ++at) {
    const auto begin = pending.begin() + at->position();
    text.append(from, begin);
    if (entries.find("[\"" + (*at)[1].str() + "\"") != std::string::npos) text += at->str();
    from = begin + at->length();
  }
  text.append(from, pending.end());
  return text;
}

/// Entries, counters, groups and pending entries, but for idle times, for how many consumers there
/// are (released entries have one in Redis) and for the lag, which 7.0 counts otherwise.
std::string described(Redis& redis) {
  std::string text;
  for (const char* const key : {"s", "t"}) {
    const std::string entries = redis("XRANGE", key, "-", "+").text;
    text += entries + "\n";
    const std::string info = redis("XINFO", "STREAM", key).text;
    for (const char* const field : {"length", "last-generated-id", "max-deleted-entry-id",
                                    "entries-added", "recorded-first-entry-id"}) {
      const size_t at = info.find("\"" + std::string(field) + "\"");
      text += info.substr(at, info.find(',', info.find(',', at) + 1) - at) + "\n";
    }
    text += without(redis("XINFO", "GROUPS", key).text,
                    R"re("(consumers|pending|lag|nacked-count)",(-?\d+|nil),?)re") +
            "\n";
    for (const char* const group : {"g", "h"}) {
      const std::string pending = redis("XPENDING", key, group, "-", "+", 100000).text;
      const std::string owned = without(without(pending, R"re(\(released\))re"),
                                        R"re((\["[^"]*","[^"]*",)-?\d+,)re", "$1");
      text += without_dangling(owned, entries) + "\n";
    }
  }
  return without(text, ",*(,|\\])", "$1");
}

}  // namespace

TEST_CASE("At level 7.0 Redis 7.0 replays newer commands without an error, to the same data",
          "[differential][aof][propagation]") {
  const uint64_t seed = first_seed();
  for (uint64_t run = 0; run < 3; ++run) {
    CAPTURE(seed, run);
    TestServer weir({"--appendonly", "yes", "--stream-node-max-entries", "7"});
    Redis ours = weir.connect();
    for (const char* const key : {"s", "t"}) {
      ours("XADD", key, "1-0", "f", "v");
      ours("XDEL", key, "1-0");  // that nothing was ever deleted cannot be told
      ours("XGROUP", "CREATE", key, "g", "0");
      ours("XGROUP", "CREATE", key, "h", "0");
    }
    NewerCommands commands(seed + run);
    for (int i = 0; i < kCommands; ++i) {
      ours.send_words(commands.next());
      REQUIRE_FALSE(ours.read().starts_with("ERR syntax"));
    }
    const std::string expected = described(ours);
    weir.stop();
    weir.start_again();
    Redis again = weir.connect();
    CHECK(described(again) == expected);
    CHECK_FALSE(weir.has_logged("CRITICAL"));
    weir.stop();
    TestServer redis({"--appendonly", "yes", "--dir", weir.folder()}, kRedis);
    Redis theirs = redis.connect();
    CHECK(described(theirs) == expected);
    CHECK_FALSE(redis.has_logged("CRITICAL"));
  }
}

}  // namespace weir::testing
