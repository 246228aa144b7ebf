// The notation of replies, and what matches it.
#include "tests/wire/pattern.h"

#include <string>

#include <catch2/catch.hpp>

#include "resp/reply_parser.h"
#include "tests/wire/matcher.h"
#include "tests/wire/words.h"

using namespace weir::wire;
using weir::resp::Reply;
using weir::resp::ReplyParser;

namespace {

constexpr int64_t kNow = 1'700'000'000'000;

Reply reply_of(std::string_view bytes) {
  ReplyParser parser;
  REQUIRE(parser.parse(bytes) == ReplyParser::Status::kReply);
  return parser.take();
}

/// "same", or the first difference as `where: expected, not got`.
std::string compare(std::string_view pattern, std::string_view bytes, const Kept& kept = {}) {
  const auto found = find_difference(parse_pattern(pattern), reply_of(bytes), kept, kNow);
  if (!found) return "same";
  return found->where + ": " + found->expected + ", not " + found->got;
}

}  // namespace

TEST_CASE("What show() prints is a pattern that matches the reply", "[wire]") {
  const std::string_view replies[] = {
      "+OK\r\n",
      "-ERR unknown command 'x', with args beginning with: 'y' \r\n",
      ":-5\r\n",
      "$5\r\na\"\\\r\n\r\n",
      "$-1\r\n",
      "*-1\r\n",
      "_\r\n",
      "*2\r\n+O\"K\r\n-ERR x\r\n",
      "~2\r\n:1\r\n:2\r\n",
      ">1\r\n$1\r\na\r\n",
      "%2\r\n+a\r\n,3.14\r\n+b\r\n#t\r\n",
      "*3\r\n#f\r\n(123\r\n,inf\r\n",
      "=7\r\ntxt:a\nb\r\n",
      "|1\r\n+k\r\n*1\r\n:1\r\n$1\r\nv\r\n",
      "*0\r\n",
      "%0\r\n",
  };
  for (const std::string_view bytes : replies) {
    CHECK(compare(show(reply_of(bytes)), bytes) == "same");
  }
}

TEST_CASE("Kinds are told apart even when their text is the same", "[wire]") {
  CHECK(compare("+OK", "$2\r\nOK\r\n") == R"(: +OK, not "OK")");
  CHECK(compare("$-1", "*-1\r\n") == ": $-1, not *-1");
  CHECK(compare("_", "$-1\r\n") == ": _, not $-1");
  CHECK(compare("*[:1]", "~1\r\n:1\r\n") == ": *[:1], not ~[:1]");
  CHECK(compare(",1", ":1\r\n") == ": ,1, not :1");
}

TEST_CASE("A difference is named with its place and its innermost part", "[wire]") {
  CHECK(compare(R"(*["a", *[:1, :2]])", "*2\r\n$1\r\na\r\n*2\r\n:1\r\n:3\r\n") ==
        "[1][1]: :2, not :3");
  CHECK(compare("*[:1, :2]", "*1\r\n:1\r\n") == ": 2 elements, not 1 elements");
}

TEST_CASE("Integers that vary", "[wire]") {
  CHECK(compare(":<int>", ":-7\r\n") == "same");
  CHECK(compare(":<int>", "$1\r\n7\r\n") == R"(: :<int>, not "7")");
  CHECK(compare(":<int 0..5000>", ":5000\r\n") == "same");
  CHECK(compare(":<int 0..5000>", ":5001\r\n") == ": :<int 0..5000>, not :5001");
  CHECK(compare(":<ms>", ":1700000000123\r\n") == "same");
  CHECK(compare(":<ms>", ":1700003600001\r\n") == ": :<ms>, not :1700003600001");
}

TEST_CASE("<id> is a bulk ID near the present time", "[wire]") {
  CHECK(compare("<id>", "$15\r\n1700000000000-3\r\n") == "same");
  CHECK(compare("<id>", "$3\r\n1-3\r\n") == R"(: <id>, not "1-3")");
  CHECK(compare("<id>", "$14\r\n1700000000000-\r\n") == R"(: <id>, not "1700000000000-")");
  CHECK(compare("<id>", "+1700000000000-3\r\n") == ": <id>, not +1700000000000-3");
}

TEST_CASE("<bulk> is not null, <any> is anything", "[wire]") {
  CHECK(compare("<bulk>", "$0\r\n\r\n") == "same");
  CHECK(compare("<bulk>", "$-1\r\n") == ": <bulk>, not $-1");
  CHECK(compare("*[<any>, <any>]", "*2\r\n$-1\r\n*1\r\n:1\r\n") == "same");
}

TEST_CASE("<...> takes any number of elements in its place", "[wire]") {
  CHECK(compare("*[:1, <...>, :4]", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n") == "same");
  CHECK(compare("*[:1, <...>, :4]", "*2\r\n:1\r\n:4\r\n") == "same");
  CHECK(compare("*[:1, <...>, :4]", "*2\r\n:1\r\n:3\r\n") == ": *[:1, <...>, :4], not *[:1, :3]");
  CHECK(compare("?*[:4, <...>]", "*3\r\n:1\r\n:4\r\n:3\r\n") == "same");
}

TEST_CASE("<=name> is the text that was kept", "[wire]") {
  CHECK(compare("*[<=id>]", "*1\r\n$3\r\n1-0\r\n", {{"id", "1-0"}}) == "same");
  CHECK(compare("<=id>", ":7\r\n", {{"id", "7"}}) == "same");
  CHECK(compare("<=id>", "$3\r\n2-0\r\n", {{"id", "1-0"}}) == R"(: <=id>, not "2-0")");
  CHECK(compare("<=id>", "$0\r\n\r\n") == R"(: <=id>, not "")");
}

TEST_CASE("A glob's star is any run of bytes, its kind is fixed", "[wire]") {
  CHECK(compare(R"(<glob "a*c">)", "$5\r\nab\r\nc\r\n") == "same");
  CHECK(compare(R"(<glob "a*c">)", "$2\r\nac\r\n") == "same");
  CHECK(compare(R"(<glob "a*c">)", "$2\r\nab\r\n") == R"(: <glob "a*c">, not "ab")");
  CHECK(compare(R"(<glob "a*b*a">)", "$2\r\naa\r\n") == R"(: <glob "a*b*a">, not "aa")");
  CHECK(compare(R"(<glob "*\n">)", "$2\r\na\n\r\n") == "same");
  CHECK(compare(R"(<glob "abc">)", "$4\r\nabcd\r\n") == R"(: <glob "abc">, not "abcd")");
  CHECK(compare(R"(+<glob "a\*\\x*">)", "+a*\\xyz\r\n") == "same");
  CHECK(compare(R"(+<glob "a\*">)", "+ab\r\n") == R"(: +<glob "a\*">, not +ab)");
  CHECK(compare(R"(-<glob "ERR *">)", "-ERR x\r\n") == "same");
  CHECK(compare(R"(=<glob "# C*">)", "=7\r\ntxt:# C\r\n") == "same");
  CHECK(compare(R"(<glob "*">)", "+a\r\n") == R"(: <glob "*">, not +a)");
}

TEST_CASE("Sets and what begins with a question mark match in any order", "[wire]") {
  CHECK(compare("~[:1, :2]", "~2\r\n:2\r\n:1\r\n") == "same");
  CHECK(compare("?*[:1, :2, :2]", "*3\r\n:2\r\n:1\r\n:2\r\n") == "same");
  CHECK(compare("?*[:1, :1]", "*2\r\n:1\r\n:2\r\n") == ": ?*[:1, :1], not *[:1, :2]");
  CHECK(compare("?%{:1 => :2, :3 => :4}", "%2\r\n:3\r\n:4\r\n:1\r\n:2\r\n") == "same");
  CHECK(compare("?%{:1 => :2, :3 => :4}", "%2\r\n:3\r\n:2\r\n:1\r\n:4\r\n") == "{:1}: :2, not :4");
  CHECK(compare("%{:1 => :2, :3 => :4}", "%2\r\n:3\r\n:4\r\n:1\r\n:2\r\n") == "[0]: :1, not :3");
}

TEST_CASE("A flat array of pairs matches name and value together", "[wire]") {
  CHECK(compare(R"(?2*["a", :1, "b", :2])", "*4\r\n$1\r\nb\r\n:2\r\n$1\r\na\r\n:1\r\n") == "same");
  CHECK(compare(R"(?2*["a", :1, "b", :2])", "*4\r\n$1\r\nb\r\n:1\r\n$1\r\na\r\n:2\r\n") != "same");
}

TEST_CASE("A wide pattern does not take the element that a narrow one needs", "[wire]") {
  CHECK(compare("?*[<any>, :<int>, :1]", "*3\r\n:1\r\n:2\r\n+a\r\n") == "same");
}

TEST_CASE("An attribute that is not expected is a difference", "[wire]") {
  CHECK(compare(":1", "|1\r\n+k\r\n+v\r\n:1\r\n") == R"(: :1, not |{+"k" => +"v"} :1)");
  CHECK(compare(R"(|{+"k" => <any>} :1)", "|1\r\n+k\r\n+v\r\n:1\r\n") == "same");
}

TEST_CASE("Patterns that are none say so", "[wire]") {
  for (const std::string_view text : {"", "OK", "*[:1", "*[:1,:2]", ":x", "\"a", "<nothing>", ":1 ",
                                      "%{:1 => }", "?2*[:1]", "<glob \"a>", "=\"a\"", "\"\\q\""}) {
    CHECK_THROWS(parse_pattern(text));
  }
}

TEST_CASE("Words are split at blanks, quotes keep them together", "[wire]") {
  const auto split = [](std::string_view line) {
    std::string out;
    for (const Word& word : split_words(line))
      out += "<" + word.text + ">";
    return out;
  };
  CHECK(split("XADD s *  f") == "<XADD><s><*><f>");
  CHECK(split(R"(ECHO "a b\r\n\x41" "")") == "<ECHO><a b\r\nA><>");
  CHECK(split(R"(ECHO 'a\n "b"')") == R"(<ECHO><a\n "b">)");
}

TEST_CASE("Kept values and repetitions are put into words", "[wire]") {
  const Kept kept = {{"id", "1-0"}, {"i", "7"}};
  CHECK(expand({.text = "{id}"}, kept) == "1-0");
  CHECK(expand({.text = "a{i}-{i}b"}, kept) == "a7-7b");
  CHECK(expand({.text = "{4*x}{3**}1"}, kept) == "xxxx***1");
  CHECK(expand({.text = "{other}{"}, kept) == "{other}{");
  CHECK(expand({.text = "{{id}}"}, kept) == "{1-0}");
  CHECK(expand({.text = "{id}", .literal = true}, kept) == "{id}");
}
