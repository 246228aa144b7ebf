#include "server/access/selector.h"

#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "server/commands/table.h"

using namespace weir;

namespace {

const RuleBook& book() {
  static const RuleBook rules{.commands = CommandCatalog(command_table())};
  return rules;
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), {}};
}

/// A selector with these rules; "" or the error of the first that is refused.
struct Ruled {
  explicit Ruled(std::string_view rules) {
    for (const std::string& word : words_of(rules)) {
      if (const auto why = selector.apply(word)) error = *why;
    }
  }
  Selector selector{book()};
  std::string error;
};

std::string described(std::string_view rules) {
  const Ruled ruled(rules);
  return ruled.error.empty() ? ruled.selector.describe() : "refused: " + ruled.error;
}

std::string commands(std::string_view rules) {
  return Ruled(rules).selector.command_rules();
}

/// Whether the rules allow a command line; its keys are said by their numbers and access.
Denial denial(std::string_view rules, std::string_view line, std::vector<KeyUse> keys = {}) {
  const std::vector<std::string> words = words_of(line);
  const std::vector<std::string_view> argv(words.begin(), words.end());
  const CommandSpec* row = find_command(argv[0]);
  REQUIRE(row != nullptr);
  if (row->has(kContainer) && argv.size() > 1) row = find_subcommand(*row, argv[1]);
  return Ruled(rules).selector.check({.command = *row, .argv = argv, .keys = keys}).denial;
}

}  // namespace

TEST_CASE("A selector without rules allows nothing and says so", "[acl]") {
  CHECK(described("") == "resetchannels -@all");
  CHECK(denial("", "PING") == Denial::kCommand);
}

TEST_CASE("A selector is described by keys, channels and commands in that order", "[acl]") {
  CHECK(described("+@stream -xdel &c ~a* %R~b +xgroup|create") ==
        "~a* %R~b resetchannels &c -@all +@stream -xdel +xgroup|create");
  CHECK(described("allkeys allchannels allcommands") == "~* &* +@all");
}

TEST_CASE("A command rule takes the place of earlier ones about it and its parts", "[acl]") {
  CHECK(commands("+xadd -xlen +xlen -xadd") == "-@all +xlen -xadd");
  CHECK(commands("+client|list +client|list +config|get +config +xinfo|stream -xinfo") ==
        "-@all +client|list +config -xinfo");
  CHECK(commands("+config +config|get -config|set +config") == "-@all +config");
  CHECK(commands("+@read +@write +@READ") == "-@all +@write +@read");
  CHECK(commands("+@all -@stream +@stream") == "+@all +@stream");
  CHECK(commands("+xadd -@all") == "-@all");
  CHECK(commands("-@all -@dangerous") == "-@all -@dangerous");
  CHECK(commands("+XADD +XaDd") == "-@all +xadd");
}

TEST_CASE("Rules about commands that this server lacks are kept and give nothing", "[acl]") {
  CHECK(commands("+get -eval +script|load +@hash +get|x") ==
        "-@all +get -eval +script|load +@hash +get|x");
  CHECK(commands("+json.get") == "-@all");
}

TEST_CASE("The last rule about a command decides", "[acl]") {
  CHECK(denial("+@stream -xlen", "XLEN s") == Denial::kCommand);
  CHECK(denial("-xlen +@stream", "XLEN s") == Denial::kNone);
  CHECK(denial("+@all -@stream", "XLEN s") == Denial::kCommand);
  CHECK(denial("+@all -@stream", "PING") == Denial::kNone);
}

TEST_CASE("A container's rule is a rule about its subcommands", "[acl]") {
  CHECK(denial("+xinfo", "XINFO STREAM s") == Denial::kNone);
  CHECK(denial("+xinfo -xinfo|stream", "XINFO STREAM s") == Denial::kCommand);
  CHECK(denial("+xinfo|stream", "XINFO GROUPS s") == Denial::kCommand);
}

TEST_CASE("A command can be allowed for one first argument", "[acl]") {
  CHECK(denial("+select|0", "SELECT 0") == Denial::kNone);
  CHECK(denial("+select|0", "SELECT 1") == Denial::kCommand);
  CHECK(denial("+select|0 +SELECT|1", "SELECT 1") == Denial::kNone);
  CHECK(denial("+select|0 -select", "SELECT 0") == Denial::kCommand);
  CHECK(commands("+select|0 +SELECT|1") == "-@all +select|0 +select|1");
}

TEST_CASE("Commands of the handshake need no right", "[acl]") {
  CHECK(denial("-@all", "AUTH x") == Denial::kNone);
  CHECK(denial("-@all", "HELLO") == Denial::kNone);
}

TEST_CASE("A key needs the access that a command takes", "[acl]") {
  const auto key = [](uint8_t access) { return std::vector<KeyUse>{{1, access}}; };
  CHECK(denial("+xlen %R~s", "XLEN s", key(kReadAccess)) == Denial::kNone);
  CHECK(denial("+xlen %R~s", "XLEN s", key(kWriteAccess)) == Denial::kKey);
  CHECK(denial("+xlen %W~s", "XLEN s", key(kReadAccess)) == Denial::kKey);
  CHECK(denial("+xlen %W~s", "XLEN s", key(kNoAccess)) == Denial::kNone);
  CHECK(denial("+xlen %R~s %W~*", "XLEN s", key(kFullAccess)) == Denial::kKey);
  CHECK(denial("+xlen %R~s %W~s", "XLEN s", key(kFullAccess)) == Denial::kNone);
  CHECK(denial("+xlen ~t?", "XLEN t1", key(kFullAccess)) == Denial::kNone);
}

TEST_CASE("Two rules about one key pattern become one", "[acl]") {
  CHECK(described("%R~a %w~a %R~b") == "~a %R~b resetchannels -@all");
  CHECK(described("~a allkeys") == "~* resetchannels -@all");
}

TEST_CASE("A pattern channel must be allowed to the letter", "[acl]") {
  const Selector selector = Ruled("&news.*").selector;
  CHECK(selector.may_use_channel("news.a", false));
  CHECK(selector.may_use_channel("news.*", true));
  CHECK_FALSE(selector.may_use_channel("news.a", true));
  CHECK_FALSE(selector.may_use_channel("old", false));
  CHECK(Ruled("allchannels").selector.may_use_channel("old*", true));
}

TEST_CASE("Words that are no rules are refused with their reasons", "[acl]") {
  const auto error = [](std::string_view rules) { return Ruled(rules).error; };
  CHECK(error("foo") == "Syntax error");
  CHECK(error("%~x") == "Syntax error");
  CHECK(error("%RR~x") == "Syntax error");
  CHECK(error("%") == "Syntax error");
  CHECK(error("%R").empty());
  CHECK(error("+nosuch") == "Unknown command or category name in ACL");
  CHECK(error("+@nosuch") == "Unknown command or category name in ACL");
  CHECK(error("+config|nosuch") == "Unknown command or category name in ACL");
  CHECK(error("-select|0") == "Unknown command or category name in ACL");
  CHECK(error("+nosuch|x") == "Unknown command or category name in ACL");
  CHECK(error("+config|") == "Syntax error");
  CHECK(error("+config|get|x") == "Allowing first-arg of a subcommand is not supported");
  CHECK(error("~* ~a").starts_with("Adding a pattern after the * pattern (or the 'allkeys'"));
  CHECK(error("&* &a").starts_with("Adding a pattern after the * pattern (or the 'allchannels'"));
  CHECK(error("&* &*").empty());
}

TEST_CASE("Everything is allowed only with all commands, keys and channels", "[acl]") {
  const auto all = [](std::string_view rules) { return Ruled(rules).selector.allows_everything(); };
  CHECK(all("+@all ~* &*"));
  CHECK(all("+@all -xadd +xadd ~* &*"));
  CHECK_FALSE(all("+@all -xadd ~* &*"));
  CHECK_FALSE(all("+@all ~a &*"));
  CHECK_FALSE(all("+@all ~*"));
}

TEST_CASE("A selector's description, read again, gives the same rights", "[acl]") {
  for (const char* rules :
       {"+@all -@dangerous +config|get ~a %W~b &c &d", "+@stream -xgroup +xgroup|create ~*",
        "+select|3 +get -@slow +ping &*", "-@all"}) {
    INFO(rules);
    const Selector first = Ruled(rules).selector;
    const Selector second = Ruled(first.describe()).selector;
    CHECK(first.describe() == second.describe());
    for (const CommandSpec& row : command_table()) {
      const std::vector<std::string_view> argv = {row.name};
      CHECK(first.check({.command = row, .argv = argv}) ==
            second.check({.command = row, .argv = argv}));
    }
  }
}

TEST_CASE("Every command belongs to fast or slow, and no absent type has any", "[acl]") {
  const CommandCatalog& catalog = book().commands;
  const auto in = [&catalog](std::string_view name) { return catalog.in(*find_category(name)); };
  CHECK((in("fast") | in("slow")) == catalog.all());
  CHECK((in("fast") & in("slow")).none());
  CHECK((in("hash") | in("STRING") | in("geo")).none());
  CHECK(in("stream").test(catalog.number(*find_command("xadd"))));
  CHECK_FALSE(find_category("nosuch"));
}
