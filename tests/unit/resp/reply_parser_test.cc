#include "resp/reply_parser.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using weir::resp::Reply;
using weir::resp::ReplyParser;
using Status = weir::resp::ReplyParser::Status;

namespace {

/// All replies in `bytes`, shown; then what the rest is: nothing, "incomplete" or "error: ...".
std::vector<std::string> read_all(std::string_view bytes, size_t piece = std::string_view::npos) {
  ReplyParser parser;
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    const Status status = parser.parse(bytes.substr(0, piece));
    if (status == Status::kReply) seen.push_back(show(parser.take()));
    if (status == Status::kError) {
      seen.push_back("error: " + parser.error());
      return seen;
    }
    bytes.remove_prefix(parser.consumed());
  }
  if (!parser.is_between_replies()) seen.emplace_back("incomplete");
  return seen;
}

/// The one thing in `bytes`, and the same however they are cut.
std::string read_one(std::string_view bytes) {
  const std::vector<std::string> seen = read_all(bytes);
  CHECK(read_all(bytes, 1) == seen);
  CHECK(read_all(bytes, 3) == seen);
  REQUIRE(seen.size() == 1);
  return seen[0];
}

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  while (times-- > 0)
    out += text;
  return out;
}

}  // namespace

TEST_CASE("Every type of RESP2 reads and shows in its notation", "[reply_parser]") {
  CHECK(read_one("+OK\r\n") == "+OK");
  CHECK(read_one("-ERR no such key\r\n") == "-ERR no such key");
  CHECK(read_one(":-42\r\n") == ":-42");
  CHECK(read_one("$3\r\nabc\r\n") == R"("abc")");
  CHECK(read_one("$0\r\n\r\n") == R"("")");
  CHECK(read_one("$-1\r\n") == "$-1");
  CHECK(read_one("*-1\r\n") == "*-1");
  CHECK(read_one("*0\r\n") == "*[]");
  CHECK(read_one("*2\r\n$1\r\na\r\n*1\r\n:1\r\n") == R"(*["a", *[:1]])");
}

TEST_CASE("Every type of RESP3 reads and shows in its notation", "[reply_parser]") {
  CHECK(read_one("_\r\n") == "_");
  CHECK(read_one("#t\r\n") == "#t");
  CHECK(read_one("#f\r\n") == "#f");
  CHECK(read_one(",3.14\r\n") == ",3.14");
  CHECK(read_one(",-inf\r\n") == ",-inf");
  CHECK(read_one("(-123456789012345678901234567890\r\n") == "(-123456789012345678901234567890");
  CHECK(read_one("=8\r\ntxt:a\nbc\r\n") == R"(="txt:a\nbc")");
  CHECK(read_one("~2\r\n:1\r\n:2\r\n") == "~[:1, :2]");
  CHECK(read_one(">2\r\n$7\r\nmessage\r\n:1\r\n") == R"(>["message", :1])");
  CHECK(read_one("%1\r\n+k\r\n*0\r\n") == R"(%{+"k" => *[]})");
}

TEST_CASE("Strings and errors are quoted inside of an aggregate", "[reply_parser]") {
  CHECK(read_one("*2\r\n+OK\r\n-ERR a \"b\"\r\n") == R"(*[+"OK", -"ERR a \"b\""])");
}

TEST_CASE("The last blank of a string is shown as an escape", "[reply_parser]") {
  CHECK(read_one("-ERR unknown command 'x' \r\n") == R"(-ERR unknown command 'x'\x20)");
}

TEST_CASE("Bytes that are no text are shown as escapes", "[reply_parser]") {
  const std::string bytes("$7\r\n\"\\\r\n\t\x00\xff\r\n", 13);
  CHECK(read_one(bytes) == R"("\"\\\r\n\t\x00\xff")");
}

TEST_CASE("An attribute belongs to the value behind it", "[reply_parser]") {
  CHECK(read_one("|1\r\n+ttl\r\n:9\r\n$1\r\na\r\n") == R"(|{+"ttl" => :9} "a")");
  CHECK(read_one("*2\r\n:1\r\n|1\r\n+n\r\n:9\r\n*1\r\n:2\r\n") == R"(*[:1, |{+"n" => :9} *[:2]])");
}

TEST_CASE("Attributes in front of attributes are joined, empty ones leave no trace",
          "[reply_parser]") {
  CHECK(read_one("|1\r\n:1\r\n:2\r\n|0\r\n|1\r\n:3\r\n:4\r\n+OK\r\n") ==
        "|{:1 => :2, :3 => :4} +OK");
  CHECK(read_one("|0\r\n+OK\r\n") == "+OK");
}

TEST_CASE("Replies in one packet come out one by one", "[reply_parser]") {
  const std::string_view bytes = "+OK\r\n*1\r\n$2\r\nab\r\n:1\r\n$5\r\nxy";
  const std::vector<std::string> expected = {"+OK", R"(*["ab"])", ":1", "incomplete"};
  for (size_t piece = 1; piece <= bytes.size(); ++piece)
    CHECK(read_all(bytes, piece) == expected);
}

TEST_CASE("Replies compare by what was sent", "[reply_parser]") {
  const auto value = [](std::string_view bytes) {
    ReplyParser parser;
    REQUIRE(parser.parse(bytes) == Status::kReply);
    return parser.take();
  };
  CHECK(value("*1\r\n:1\r\n") == value("*1\r\n:1\r\n"));
  CHECK_FALSE(value("*1\r\n:1\r\n") == value("*1\r\n:2\r\n"));
  CHECK_FALSE(value("+1\r\n") == value("$1\r\n1\r\n"));
  CHECK_FALSE(value("$-1\r\n") == value("*-1\r\n"));
}

TEST_CASE("A byte that begins no reply is noticed before its line ends", "[reply_parser]") {
  CHECK(read_one("H") == R"(error: a reply cannot begin with the byte "H")");
  CHECK(read_one("*1\r\n!") == R"(error: a reply cannot begin with the byte "!")");
}

TEST_CASE("Numbers that are none are errors", "[reply_parser]") {
  CHECK(read_one(":1x\r\n") == R"(error: invalid integer "1x")");
  CHECK(read_one(":\r\n") == R"(error: invalid integer "")");
  CHECK(read_one(":9223372036854775808\r\n") == R"(error: invalid integer "9223372036854775808")");
  CHECK(read_one("$x\r\n") == R"(error: invalid bulk length "x")");
  CHECK(read_one("$-2\r\n") == R"(error: invalid bulk length "-2")");
  CHECK(read_one("*-2\r\n") == R"(error: invalid aggregate length "-2")");
  CHECK(read_one("%-1\r\n") == R"(error: invalid aggregate length "-1")");
  CHECK(read_one(",one\r\n") == R"(error: invalid double "one")");
  CHECK(read_one("#1\r\n") == R"(error: invalid boolean "1")");
  CHECK(read_one("(-\r\n") == R"(error: invalid big number "-")");
  CHECK(read_one("_x\r\n") == "error: null with a text");
}

TEST_CASE("Line ends are exactly CR LF", "[reply_parser]") {
  CHECK(read_one("+OK\n") == "error: line without a carriage return at its end");
  CHECK(read_one("+O\rK\r\n") == "error: carriage return inside a line");
  CHECK(read_one("$2\r\nabc\r\n") == "error: no line end behind a bulk");
  CHECK(read_one("$2\r\nab\rc") == "error: no line end behind a bulk");
}

TEST_CASE("A verbatim string needs its format", "[reply_parser]") {
  CHECK(read_one("=3\r\n") == "error: verbatim string without a format");
  CHECK(read_one("=4\r\nabcd\r\n") == "error: verbatim string without a format");
  CHECK(read_one("=4\r\ntxt:\r\n") == R"(="txt:")");
}

TEST_CASE("Announced lengths beyond the limits are errors at once", "[reply_parser]") {
  CHECK(read_one("$536870913\r\n") == "error: bulk too long: 536870913");
  CHECK(read_one("*1073741825\r\n") == "error: too many elements: 1073741825");
}

TEST_CASE("Lengths within the limits cost nothing before the bytes come", "[reply_parser]") {
  CHECK(read_one("*1073741824\r\n$536870912\r\nabc") == "incomplete");
}

TEST_CASE("Nesting has a limit", "[reply_parser]") {
  const size_t depth = weir::resp::kMaxReplyDepth;
  CHECK(read_one(repeated("*1\r\n", depth) + ":1\r\n") ==
        repeated("*[", depth) + ":1" + repeated("]", depth));
  CHECK(read_one(repeated("*1\r\n", depth + 1)) == "error: nested too deeply");
}

TEST_CASE("A line has a limit, with its end or without", "[reply_parser]") {
  const std::string longest = "+" + std::string(weir::resp::kMaxReplyLineBytes - 1, 'x');
  CHECK(read_all(longest + "\r\n") == std::vector<std::string>{longest});
  CHECK(read_all(longest + "xx") == std::vector<std::string>{"error: line too long"});
  CHECK(read_all(longest + "xx\r\n") == std::vector<std::string>{"error: line too long"});
}

TEST_CASE("After an error the parser takes nothing more", "[reply_parser]") {
  ReplyParser parser;
  REQUIRE(parser.parse("?") == Status::kError);
  CHECK(parser.parse("+OK\r\n") == Status::kError);
  CHECK(parser.consumed() == 0);
}
