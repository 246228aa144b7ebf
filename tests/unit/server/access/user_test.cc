#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "server/access/sha256.h"
#include "server/access/user_table.h"
#include "server/commands/table.h"

using namespace weir;

namespace {

const RuleBook& book() {
  static const RuleBook rules{.commands = CommandCatalog(command_table())};
  return rules;
}

std::vector<std::string> merged(std::string_view text) {
  std::istringstream in{std::string(text)};
  const std::vector<std::string> words(std::istream_iterator<std::string>(in), {});
  return merge_selectors(std::vector<std::string_view>(words.begin(), words.end())).value();
}

User user_with(std::string_view rules) {
  User user("bob", book());
  const auto bad = user.apply(merged(rules));
  INFO((bad ? bad->word : ""));
  REQUIRE_FALSE(bad);
  return user;
}

std::string error_of(std::string_view rules) {
  User user("bob", book());
  const auto bad = user.apply(merged(rules));
  return bad ? bad->word + ": " + std::string(bad->why) : "";
}

Verdict verdict(const User& user, const std::vector<std::string_view>& argv,
                std::vector<KeyUse> keys) {
  return user.check({.command = *find_command(argv[0]), .argv = argv, .keys = keys});
}

}  // namespace

TEST_CASE("A new user is off and may do nothing", "[acl]") {
  const User user("bob", book());
  CHECK(user.describe() == "off sanitize-payload resetchannels -@all");
  CHECK_FALSE(user.accepts(""));
  CHECK_FALSE(user.is_unrestricted());
}

TEST_CASE("A password is known by its hash and can be taken away again", "[acl]") {
  User user = user_with("on >one #" + sha256_hex("two"));
  CHECK(user.accepts("one"));
  CHECK(user.accepts("two"));
  CHECK_FALSE(user.accepts("three"));
  CHECK(user.describe().find("one") == std::string::npos);
  const std::vector<std::string> rules = {"<one", "!" + sha256_hex("two")};
  CHECK_FALSE(user.apply(rules));
  CHECK_FALSE(user.accepts("one"));
  CHECK_FALSE(user.accepts("two"));
}

TEST_CASE("The same password twice is kept once", "[acl]") {
  CHECK(user_with(">a >a").passwords().size() == 1);
}

TEST_CASE("nopass takes any password until one is set", "[acl]") {
  CHECK(user_with("on nopass").accepts("anything"));
  CHECK_FALSE(user_with("on nopass >x").accepts("anything"));
  CHECK_FALSE(user_with("on nopass resetpass").accepts("anything"));
  CHECK(user_with(">x nopass").passwords().empty());
}

TEST_CASE("A user who is off is not let in", "[acl]") {
  CHECK_FALSE(user_with("on nopass off").accepts("x"));
  CHECK_FALSE(user_with(">x off").accepts("x"));
}

TEST_CASE("reset leaves nothing of a user but the name", "[acl]") {
  CHECK(user_with("on >x ~* &* +@all (~a +xlen) skip-sanitize-payload reset").describe() ==
        User("bob", book()).describe());
}

TEST_CASE("Words for users are refused with their reasons", "[acl]") {
  CHECK(error_of("<x").ends_with("does not exist"));
  CHECK(error_of("#abc").starts_with("#abc: The password hash must be exactly 64 characters"));
  CHECK(error_of("!abc").starts_with("!abc: The password hash must be exactly 64 characters"));
  CHECK(error_of("(+nosuch)") == "(+nosuch): Unknown command or category name in ACL");
  CHECK(error_of("(+xlen ~a %X~b)") == "(+xlen ~a %X~b): Syntax error");
  CHECK(error_of("(on)") == "(on): Syntax error");
  CHECK(error_of(")") == "): Syntax error");
}

TEST_CASE("No word of a selector looks like its end, or the rules would not read back", "[acl]") {
  for (const char* const rules : {"(~))", "(~a))", "(&b))", "(+xlen|a))"})
    CHECK(error_of(rules) == std::string(rules) + ": Syntax error");
  CHECK(user_with("(~a)b)").selectors().size() == 2);
  CHECK(user_with("~a)").describe() == "off sanitize-payload ~a) resetchannels -@all");
}

TEST_CASE("A selector may be spread over words, and must end", "[acl]") {
  const auto merge = [](std::vector<std::string_view> words) { return merge_selectors(words); };
  CHECK(*merge({"on", "(+xlen", "~a)", "()"}) ==
        std::vector<std::string>{"on", "(+xlen ~a)", "()"});
  CHECK(merge({"on", "(+xlen", "~a"}).error() == "(+xlen");
  CHECK(merge({"on", "(+xlen ~a", "~b"}).error() == "(+xlen ~a");
  CHECK(merge({"("}).error() == "(");
}

TEST_CASE("One selector that allows a command line is enough, and none is mixed", "[acl]") {
  const User user = user_with("~a +xlen (~b +xrange)");
  CHECK(user.describe() ==
        "off sanitize-payload ~a resetchannels -@all +xlen (~b resetchannels -@all +xrange)");
  CHECK(verdict(user, {"xlen", "a"}, {{1, kReadAccess}}).is_allowed());
  CHECK(verdict(user, {"xrange", "b", "-", "+"}, {{1, kReadAccess}}).is_allowed());
  CHECK(verdict(user, {"xlen", "b"}, {{1, kReadAccess}}) == Verdict{Denial::kKey, 1});
  CHECK(verdict(user, {"xdel", "a", "1"}, {{1, kReadAccess}}) == Verdict{Denial::kCommand, 0});
  CHECK(user_with("(~b +xlen) clearselectors").selectors().size() == 1);
}

TEST_CASE("Of several refusals the one that came furthest is told", "[acl]") {
  const User user = user_with("~a +del (~a ~b +del)");
  CHECK(verdict(user, {"del", "a", "b", "c"},
                {{1, kWriteAccess}, {2, kWriteAccess}, {3, kWriteAccess}}) ==
        Verdict{Denial::kKey, 3});
}

TEST_CASE("acl-pubsub-default gives new users and selectors all channels", "[acl]") {
  const RuleBook open{.commands = CommandCatalog(command_table()), .channels_by_default = true};
  User user("bob", open);
  const std::vector<std::string> rules = {"(+xlen)"};
  REQUIRE_FALSE(user.apply(rules));
  CHECK(user.describe() == "off sanitize-payload &* -@all (&* -@all +xlen)");
}

// --- The table -----------------------------------------------------------------------------------

TEST_CASE("A table begins with a default user who may do everything", "[acl]") {
  const UserTable users(book());
  CHECK(users.to_text() == "user default on nopass sanitize-payload ~* &* +@all\n");
  CHECK(users.default_user().is_unrestricted());
}

TEST_CASE("Changing a user takes all rules or none", "[acl]") {
  UserTable users(book());
  REQUIRE_FALSE(users.set("bob", merged("on ~a")));
  const User* const bob = users.find("bob");
  const std::string before = bob->describe();
  CHECK(users.set("bob", merged("+xadd +nosuch"))->word == "+nosuch");
  CHECK(bob->describe() == before);
  CHECK(users.set("eve", merged("+nosuch")));
  CHECK(users.find("eve") == nullptr);
  REQUIRE_FALSE(users.set("bob", merged("+xadd")));
  CHECK(users.find("bob") == bob);
}

TEST_CASE("The default user cannot be removed", "[acl]") {
  UserTable users(book());
  CHECK(users.remove("default") == nullptr);
  users.set("bob", {});
  CHECK(users.remove("bob")->name() == "bob");
  CHECK(users.find("bob") == nullptr);
}

TEST_CASE("A table's text, loaded, gives the same table", "[acl]") {
  UserTable users(book());
  users.set("bob", merged("on >x ~a %W~b &c +@stream -xdel (~c +xlen) (+ping)"));
  users.set("al", merged("off nopass +@all -@admin skip-sanitize-payload"));
  users.set("default", merged("resetpass >y"));
  const std::string text = users.to_text();
  UserTable other(book());
  REQUIRE(other.load(text, "users.acl"));
  CHECK(other.to_text() == text);
}

TEST_CASE("Loading keeps the addresses of users who stay and gives those who go", "[acl]") {
  UserTable users(book());
  users.set("bob", merged("on"));
  users.set("eve", merged("on"));
  const User* const bob = users.find("bob");
  const auto gone = users.load("\nuser bob on +ping   \n\nuser new off\n", "users.acl");
  REQUIRE(gone);
  REQUIRE(gone->size() == 1);
  CHECK((*gone)[0]->name() == "eve");
  CHECK(users.find("bob") == bob);
  CHECK(bob->describe() == "on sanitize-payload resetchannels -@all +ping");
  CHECK(users.default_user().is_unrestricted());
}

// The errors of Redis 7.0.15 for the same file.
TEST_CASE("A file with errors changes nothing and tells all of them", "[acl]") {
  UserTable users(book());
  const std::string before = users.to_text();
  const auto loaded = users.load(
      "user al on xx yy\n# comment\nuser al on\nuser\nuser bo on +nosuch +y #ab\nuser c (+get",
      "f");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error() ==
        "f:1: Syntax error. f:2 should start with user keyword followed by the username. WARNING: "
        "Duplicate user 'al' found on line 3. f:4 should start with user keyword followed by the "
        "username. f:5: Error in applying operation '+nosuch': Unknown command or category name in "
        "ACL. f:5: Error in applying operation '+y': Unknown command or category name in ACL. f:5: "
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
        "characters. f:6: Unmatched parenthesis in selector definition starting at '(+get'. "
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
  CHECK(users.to_text() == before);
}

TEST_CASE("Names of users hold no blanks and no zero bytes", "[acl]") {
  CHECK(is_valid_user_name("bob"));
  CHECK_FALSE(is_valid_user_name(""));
  CHECK_FALSE(is_valid_user_name("a b"));
  CHECK_FALSE(is_valid_user_name("a\n"));
  CHECK_FALSE(is_valid_user_name(std::string_view("a\0b", 3)));
}
