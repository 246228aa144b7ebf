#include "server/commands/command_docs.h"

#include <string>

#include <catch2/catch.hpp>

using weir::Argument;
using weir::parse_syntax;

namespace {

constexpr std::string_view kTypes[] = {"string",    "integer",    "double", "key",  "pattern",
                                       "unix-time", "pure-token", "oneof",  "block"};

std::string show(const Argument& argument) {
  std::string text(argument.name);
  if (argument.display != argument.name) text += "(" + std::string(argument.display) + ")";
  text += ":";
  text += kTypes[static_cast<size_t>(argument.type)];
  if (!argument.token.empty()) text += " token=" + std::string(argument.token);
  if (!argument.since.empty()) text += " since=" + std::string(argument.since);
  if (argument.is_optional) text += " optional";
  if (argument.is_multiple) text += " multiple";
  if (argument.repeats_token) text += " repeats-token";
  if (!argument.has_arguments()) return text;
  text += " [";
  for (const Argument& inner : argument.arguments)
    text += "<" + show(inner) + ">";
  return text + "]";
}

/// What a syntax says; "3: a type" where it says nothing.
std::string read(std::string_view syntax) {
  const auto parsed = parse_syntax(syntax);
  if (!parsed)
    return std::to_string(parsed.error().offset) + ": " + std::string(parsed.error().reason);
  std::string text;
  for (const Argument& argument : *parsed)
    text += (text.empty() ? "" : ", ") + show(argument);
  return text;
}

}  // namespace

TEST_CASE("An argument is a name and a type", "[command_docs]") {
  CHECK(read("") == "");
  CHECK(read("key:key") == "key:key");
  CHECK(read("start:string end:string") == "start:string, end:string");
  CHECK(read("t:unix-time p:pattern d:double") == "t:unix-time, p:pattern, d:double");
  CHECK(read("entriesread(entries-read):integer") == "entriesread(entries-read):integer");
  CHECK(read("old-format(ip:port):string") == "old-format(ip:port):string");
}

TEST_CASE("A token stands in front of a value, or alone", "[command_docs]") {
  CHECK(read("COUNT count:integer") == "count:integer token=COUNT");
  CHECK(read("NOACK:noack") == "noack:pure-token token=NOACK");
  CHECK(read("*:auto-id") == "auto-id:pure-token token=*");
  CHECK(read("ON:on OFF:off") == "on:pure-token token=ON, off:pure-token token=OFF");
}

TEST_CASE("Brackets, plus and version say how often and since when", "[command_docs]") {
  CHECK(read("[COUNT count:integer]") == "count:integer token=COUNT optional");
  CHECK(read("id:string+") == "id:string multiple");
  CHECK(read("[PREFIX prefix:string++]") ==
        "prefix:string token=PREFIX optional multiple repeats-token");
  CHECK(read("[id:string+@6.2.0]") == "id:string since=6.2.0 optional multiple");
  CHECK(read("[MINID:minid@6.2.0]") == "minid:pure-token token=MINID since=6.2.0 optional");
}

TEST_CASE("oneof and block hold arguments", "[command_docs]") {
  CHECK(read("id-selector:oneof{*:auto-id | id:string}") ==
        "id-selector:oneof [<auto-id:pure-token token=*><id:string>]");
  CHECK(read("data:block{field:string value:string}+") ==
        "data:block multiple [<field:string><value:string>]");
  CHECK(read("[IDMP idmp:block{pid:string [iid:string]}@8.6.0]") ==
        "idmp:block token=IDMP since=8.6.0 optional [<pid:string><iid:string optional>]");
  CHECK(read("a:oneof{X:x|b:block{c:oneof{Y:y|Z:z} d:key}}") ==
        "a:oneof [<x:pure-token token=X><b:block [<c:oneof [<y:pure-token token=Y>"
        "<z:pure-token token=Z>]><d:key>]>]");
}

TEST_CASE("A syntax outside of the notation is an error with its place", "[command_docs]") {
  CHECK(read("key") == "3: a colon");
  CHECK(read("key:") == "4: a word");
  CHECK(read("key:strin") == "4: a type");
  CHECK(read("key:pure-token") == "4: a type");
  CHECK(read("COUNT") == "5: a word");
  CHECK(read("COUNT LIMIT:limit") == "11: a name");
  CHECK(read("COUNT:Count") == "11: a name for the token");
  CHECK(read("[key:key") == "8: ]");
  CHECK(read("[a:key b:key]") == "6: ]");
  CHECK(read("key:key]") == "7: a word");
  CHECK(read("key:key}") == "7: an argument");
  CHECK(read("a:oneof{b:key}") == "13: another alternative");
  CHECK(read("a:oneof{b:key|}") == "14: a word");
  CHECK(read("a:block{}") == "8: an argument");
  CHECK(read("a:block{b:key") == "13: }");
  CHECK(read("a:block") == "7: {");
  CHECK(read("a:key@") == "6: a version");
  CHECK(read("a(b:key") == "7: the end of the display text");
}
