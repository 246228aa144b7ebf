// Random rules to our server and to Debian's redis-server: the same words are taken or refused with
// the same errors, the same patterns are shown, and the same command lines are allowed.
//
// Known differences of Redis 7.0, which are taken out before comparing:
//   - it does not show sanitize-payload;
//   - it says "This user" where later versions name the user;
//   - it prints the commands of a user from its bits, in its own order; what they allow is compared
//     by DRYRUN instead, where categories mean the same.
#include <random>

#include <catch2/catch.hpp>

#include "tests/differential/twin.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

constexpr size_t kUsers = 400;

// Words of all kinds; each may stand more than once in a rule list.
const std::vector<std::string> kRules = {"on",
                                         "off",
                                         "nopass",
                                         "resetpass",
                                         "reset",
                                         "clearselectors",
                                         ">pw",
                                         ">other",
                                         "<pw",
                                         "#abc",
                                         "!abc",
                                         "allkeys",
                                         "resetkeys",
                                         "~*",
                                         "~a*",
                                         "~b",
                                         "%R~c",
                                         "%W~c",
                                         "%RW~d?",
                                         "%r~[ab]",
                                         "%X~e",
                                         "%~e",
                                         "allchannels",
                                         "resetchannels",
                                         "&*",
                                         "&news.*",
                                         "&x",
                                         "allcommands",
                                         "nocommands",
                                         "+@all",
                                         "-@all",
                                         "+@stream",
                                         "-@stream",
                                         "+@read",
                                         "-@write",
                                         "+@write",
                                         "+xadd",
                                         "-xadd",
                                         "+XLEN",
                                         "-xlen",
                                         "+xread",
                                         "+xgroup",
                                         "-xgroup|create",
                                         "+xgroup|create",
                                         "+xinfo|stream",
                                         "-xinfo",
                                         "+select|1",
                                         "-select",
                                         "+get",
                                         "-eval",
                                         "+@hash",
                                         "+nosuch",
                                         "-@nosuch",
                                         "+config|nosuch",
                                         "+config|get|x",
                                         "+xadd|",
                                         "(+xlen ~a*)",
                                         "(~b +@read)",
                                         "(+@all %R~c)",
                                         "(&news.* +publish)",
                                         "()",
                                         "(+nosuch)",
                                         "(on)",
                                         "foo",
                                         "",
                                         "+publish",
                                         "+subscribe",
                                         "+psubscribe",
                                         "+del",
                                         "+exists",
                                         "+ping"};

const std::vector<Words> kLines = {
    {"XADD", "a1", "*", "f", "v"},
    {"XLEN", "a1"},
    {"XLEN", "b"},
    {"XLEN", "c"},
    {"XRANGE", "d1", "-", "+"},
    {"XDEL", "c", "1"},
    {"XREAD", "STREAMS", "a1", "b", "0", "0"},
    {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "a1", "c", ">", ">"},
    {"XGROUP", "CREATE", "b", "g", "0"},
    {"XGROUP", "DESTROY", "b", "g"},
    {"XINFO", "STREAM", "a1"},
    {"DEL", "a1", "c"},
    {"EXISTS", "c", "d1"},
    {"SELECT", "1"},
    {"SELECT", "2"},
    {"PUBLISH", "news.a", "m"},
    {"SUBSCRIBE", "x", "news.b"},
    {"PSUBSCRIBE", "news.*"},
    {"PSUBSCRIBE", "news.a*"},
    {"PING"},
    {"CONFIG", "GET", "x"},
};

using Random = std::mt19937_64;

size_t draw(Random& random, size_t below) {
  return static_cast<size_t>(random() % below);
}

Words random_rules(Random& random, const std::string& user) {
  Words command = {"ACL", "SETUSER", user};
  for (size_t count = draw(random, 9); count > 0; --count)
    command.push_back(kRules[draw(random, kRules.size())]);
  return command;
}

std::string replaced(std::string text, std::string_view part, std::string_view by) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size()))
    text.replace(at, part.size(), by);
  return text;
}

/// A description of a user without what Redis 7.0 shows otherwise.
std::string comparable_user(const Answer& answer) {
  std::string text = resp::show(answer.value);
  text = replaced(text, R"(, "sanitize-payload")", "");
  for (size_t at = text.find(R"("commands", ")"); at != std::string::npos;
       at = text.find(R"("commands", ")", at + 1)) {
    const size_t begin = at + std::string_view(R"("commands", ")").size();
    text.erase(begin, text.find('"', begin) - begin);
  }
  return text;
}

std::string comparable_verdict(const Answer& answer, const std::string& user) {
  return replaced(resp::show(answer.value), "User " + user + " has", "This user has");
}

}  // namespace

TEST_CASE("Random rules make the same users of our server and of Redis", "[acl]") {
  Twin weir({}, server_binary());
  Twin redis({}, kRedis);
  const uint64_t seed = first_seed();
  INFO("WEIR_SEED=" << seed);
  Random random(seed);
  for (size_t i = 0; i < kUsers; ++i) {
    const std::string user = "u" + std::to_string(draw(random, 8));
    const Words rules = random_rules(random, user);
    INFO(show(rules));
    REQUIRE(weir.ask(rules).bytes == redis.ask(rules).bytes);
    const Words ask_user = {"ACL", "GETUSER", user};
    REQUIRE(comparable_user(weir.ask(ask_user)) == comparable_user(redis.ask(ask_user)));
    for (const Words& line : kLines) {
      Words question = {"ACL", "DRYRUN", user};
      question.insert(question.end(), line.begin(), line.end());
      INFO(show(question) << "\n"
                          << resp::show(weir.ask({"ACL", "LIST"}).value) << "\n"
                          << resp::show(redis.ask({"ACL", "LIST"}).value));
      REQUIRE(comparable_verdict(weir.ask(question), user) ==
              comparable_verdict(redis.ask(question), user));
    }
  }
}

TEST_CASE("What our server prints of a user, Redis reads as the same user", "[acl]") {
  Twin weir({}, server_binary());
  Twin redis({}, kRedis);
  const uint64_t seed = first_seed();
  INFO("WEIR_SEED=" << seed);
  Random random(seed);
  for (size_t i = 0; i < kUsers / 4; ++i) {
    weir.ask({"ACL", "DELUSER", "u"});
    weir.ask(random_rules(random, "u"));
    const std::string list = weir.ask({"ACL", "LIST"}).value.elements.back().text;
    if (!list.starts_with("user u ")) continue;
    Words copy = {"ACL", "SETUSER", "u", "reset"};
    for (std::string_view rest = std::string_view(list).substr(7); !rest.empty();) {
      const size_t blank = std::min(rest.find(' '), rest.size());
      copy.emplace_back(rest.substr(0, blank));
      rest.remove_prefix(std::min(blank + 1, rest.size()));
    }
    INFO(list);
    REQUIRE(redis.ask(copy).bytes == "+OK\r\n");
    REQUIRE(comparable_user(weir.ask({"ACL", "GETUSER", "u"})) ==
            comparable_user(redis.ask({"ACL", "GETUSER", "u"})));
  }
}

}  // namespace weir::testing
