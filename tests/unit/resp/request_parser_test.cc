#include "resp/request_parser.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::resp {
namespace {

using Status = RequestParser::Status;
using Args = std::vector<std::string>;

constexpr RequestLimits kOpen;
constexpr RequestLimits kUnauthenticated{.authenticated = false};

Args args_of(const RequestParser& parser) {
  return {parser.argv().begin(), parser.argv().end()};
}

/// The arguments of the one request that `bytes` are.
Args read(std::string_view bytes, const RequestLimits& limits = kOpen) {
  RequestParser parser;
  REQUIRE(parser.parse(bytes, limits) == Status::kRequest);
  CHECK(parser.consumed() == bytes.size());
  return args_of(parser);
}

/// The error that `bytes` are; "incomplete" or "request" when they are none.
std::string error_of(std::string_view bytes, const RequestLimits& limits = kOpen) {
  RequestParser parser;
  switch (parser.parse(bytes, limits)) {
    case Status::kRequest:
      return "request";
    case Status::kIncomplete:
      return "incomplete";
    case Status::kError:
      break;
  }
  const std::string_view prefix = "Protocol error: ";
  REQUIRE(parser.error().substr(0, prefix.size()) == prefix);
  return std::string(parser.error().substr(prefix.size()));
}

std::string multibulk(const Args& args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args)
    bytes += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  return bytes;
}

// --- Multibulk ----------------------------------------------------------------------------------

TEST_CASE("A multibulk request gives its arguments as they are", "[request_parser]") {
  CHECK(read("*1\r\n$4\r\nPING\r\n") == Args{"PING"});
  CHECK(read("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n") == Args{"SET", "k", ""});
  const std::string binary("\0\r\n\xff*$", 6);
  CHECK(read(multibulk({"ECHO", binary})) == Args{"ECHO", binary});
}

TEST_CASE("Arguments are views into the caller's bytes", "[request_parser]") {
  const std::string bytes = multibulk({"ECHO", "hello"});
  RequestParser parser;
  REQUIRE(parser.parse(bytes, kOpen) == Status::kRequest);
  CHECK(parser.argv()[0].data() == bytes.data() + bytes.find("ECHO"));
  CHECK(parser.argv()[1].data() == bytes.data() + bytes.find("hello"));
}

TEST_CASE("Pipelined requests are taken one at a time", "[request_parser]") {
  const std::string bytes = multibulk({"A"}) + "inline request\r\n" + multibulk({"B", "C"});
  std::string_view rest = bytes;
  std::vector<Args> requests;
  RequestParser parser;
  while (!rest.empty()) {
    REQUIRE(parser.parse(rest, kOpen) == Status::kRequest);
    requests.push_back(args_of(parser));
    rest.remove_prefix(parser.consumed());
  }
  CHECK(requests == std::vector<Args>{{"A"}, {"inline", "request"}, {"B", "C"}});
}

TEST_CASE("A request is not complete before its last byte is there", "[request_parser]") {
  for (const size_t length : {0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10'000}) {
    const std::string whole = multibulk({"a", std::string(length, 'x')});
    for (size_t size = 1; size < whole.size(); ++size) {
      const std::string part = whole.substr(0, size);
      CAPTURE(length, size);
      REQUIRE(error_of(part) == "incomplete");
    }
    CHECK(error_of(whole) == "request");
  }
}

TEST_CASE("An argument count of 0 or less is an empty request", "[request_parser]") {
  CHECK(read("*0\r\n").empty());
  CHECK(read("*-1\r\n").empty());
  CHECK(read("*-5\r\n").empty());
  CHECK(read("*-9223372036854775808\r\n").empty());
}

TEST_CASE("The byte behind a carriage return and the two behind an argument are not looked at",
          "[request_parser]") {
  CHECK(read("*1\rX$4\rYPINGxx") == Args{"PING"});
}

TEST_CASE("A header line does not end before the byte behind its carriage return is there",
          "[request_parser]") {
  CHECK(error_of("*0\r") == "incomplete");
  CHECK(error_of("*1\r\n$4\r") == "incomplete");
  CHECK(error_of("*1\r\n$1\r\na\r") == "incomplete");
  CHECK(error_of("*1\n$4\nPING\n") == "incomplete");
}

TEST_CASE("A count that is not a strict decimal is an invalid multibulk length",
          "[request_parser]") {
  for (const char* count : {"", "01", "+1", " 1", "1 ", "abc", "-", "-0", "--1", "-01", "1.0", "00",
                            "0x1", "9223372036854775808", "99999999999999999999999"}) {
    CAPTURE(count);
    CHECK(error_of(std::string("*") + count + "\r\n") == "invalid multibulk length");
  }
}

TEST_CASE("A request has at most 2^31 - 1 arguments", "[request_parser]") {
  CHECK(error_of("*2147483647\r\n") == "incomplete");
  CHECK(error_of("*2147483648\r\n") == "invalid multibulk length");
  CHECK(error_of("*9223372036854775807\r\n") == "invalid multibulk length");
}

TEST_CASE("A length that is not a strict decimal is an invalid bulk length", "[request_parser]") {
  for (const char* length : {"", "04", "+4", " 4", "4 ", "abc", "-", "-0", "-1", "-5", "00",
                             "9223372036854775808", "99999999999999999999999"}) {
    CAPTURE(length);
    CHECK(error_of(std::string("*1\r\n$") + length + "\r\nPING\r\n") == "invalid bulk length");
  }
}

TEST_CASE("An argument has at most proto-max-bulk-len bytes", "[request_parser]") {
  CHECK(error_of("*1\r\n$536870912\r\n") == "incomplete");
  CHECK(error_of("*1\r\n$536870913\r\n") == "invalid bulk length");
  CHECK(error_of("*1\r\n$10000000000\r\n") == "invalid bulk length");
  CHECK(error_of("*1\r\n$1048576\r\n", {.max_bulk_bytes = 1048576}) == "incomplete");
  CHECK(error_of("*1\r\n$1048577\r\n", {.max_bulk_bytes = 1048576}) == "invalid bulk length");
}

TEST_CASE("No limit allows an argument of 2 GiB", "[request_parser]") {
  const RequestLimits none{.max_bulk_bytes = INT64_MAX};
  CHECK(error_of("*1\r\n$2147483647\r\n", none) == "incomplete");
  CHECK(error_of("*1\r\n$2147483648\r\n", none) == "invalid bulk length");
  CHECK(error_of("*1\r\n$4294967297\r\n", none) == "invalid bulk length");
}

TEST_CASE("Arguments that are announced and do not come take no room", "[request_parser]") {
  for (const char* count : {"1000", "1000000", "2147483647"}) {
    CAPTURE(count);
    RequestParser parser;
    const std::string bytes = std::string("*") + count + "\r\n$4\r\nXACK\r\n";
    REQUIRE(parser.parse(bytes, kOpen) == Status::kIncomplete);
    CHECK(parser.memory_bytes() <= 64);
  }
}

TEST_CASE("A growing request does not move at each of its parts", "[request_parser]") {
  constexpr size_t kParts = 10'000;
  std::string bytes = "*1000000\r\n";
  RequestParser parser;
  std::set<size_t> rooms;
  for (size_t part = 0; part < kParts; ++part) {
    bytes += "$1\r\nx\r\n";
    REQUIRE(parser.parse(bytes, kOpen) == Status::kIncomplete);
    parser.trim_memory();
    rooms.insert(parser.memory_bytes());
  }
  CHECK(rooms.size() < 20);
}

TEST_CASE("An argument begins with a dollar sign", "[request_parser]") {
  CHECK(error_of("*1\r\n!4\r\nPING\r\n") == "expected '$', got '!'");
  CHECK(error_of("*1\r\nPING\r\n") == "expected '$', got 'P'");
  CHECK(error_of("*2\r\n$1\r\na\r\n:1\r\n") == "expected '$', got ':'");
}

TEST_CASE("A connection that must still authenticate may send 10 arguments of 16 KiB",
          "[request_parser]") {
  CHECK(read(multibulk(Args(10, "x")), kUnauthenticated).size() == 10);
  CHECK(error_of("*11\r\n", kUnauthenticated) == "unauthenticated multibulk length");
  CHECK(read(multibulk({std::string(16384, 'x')}), kUnauthenticated).size() == 1);
  CHECK(error_of("*1\r\n$16385\r\n", kUnauthenticated) == "unauthenticated bulk length");
  CHECK(error_of("*11\r\n") == "incomplete");
  CHECK(error_of("*1\r\n$16385\r\n") == "incomplete");
}

TEST_CASE("The limits of all connections come before those of unauthenticated ones",
          "[request_parser]") {
  CHECK(error_of("*2147483648\r\n", kUnauthenticated) == "invalid multibulk length");
  CHECK(error_of("*1\r\n$536870913\r\n", kUnauthenticated) == "invalid bulk length");
}

// --- Lines that do not end ----------------------------------------------------------------------

TEST_CASE("A line of more than 64 KiB without an end is too big", "[request_parser]") {
  const std::string most(kMaxLineBytes, '1');
  CHECK(error_of("*" + most) == "incomplete");
  CHECK(error_of("*" + most + "1") == "too big mbulk count string");
  CHECK(error_of("*1\r\n$" + most) == "incomplete");
  CHECK(error_of("*1\r\n$" + most + "1") == "too big bulk count string");
  CHECK(error_of(most) == "incomplete");
  CHECK(error_of(most + "1") == "too big inline request");
}

TEST_CASE("A line that does end is too big at the same length", "[request_parser]") {
  const std::string most(kMaxLineBytes, '1');
  CHECK(error_of("*" + most + "\r\n") == "invalid multibulk length");
  CHECK(error_of("*" + most + "1\r\n") == "too big mbulk count string");
  CHECK(error_of("*1\r\n$" + most + "\r\n") == "invalid bulk length");
  CHECK(error_of("*1\r\n$" + most + "1\r\n") == "too big bulk count string");
  CHECK(error_of(most + "\n") == "request");
  CHECK(error_of(most + "1\n") == "too big inline request");
}

// --- Inline -------------------------------------------------------------------------------------

TEST_CASE("Anything that does not begin with an asterisk is an inline request",
          "[request_parser]") {
  CHECK(read("PING\r\n") == Args{"PING"});
  CHECK(read("PING\n") == Args{"PING"});
  CHECK(read("  SET\tkey   value  \r\n") == Args{"SET", "key", "value"});
  CHECK(read(" *1\r\n") == Args{"*1"});
  CHECK(read("$4\r\n") == Args{"$4"});
}

TEST_CASE("An empty line is an empty request", "[request_parser]") {
  CHECK(read("\r\n").empty());
  CHECK(read("\n").empty());
  CHECK(read("   \r\n").empty());
}

TEST_CASE("Inline words may be quoted", "[request_parser]") {
  CHECK(read("SET \"a b\\x41\\n\" 'it\\'s'\r\n") == Args{"SET", "a bA\n", "it's"});
  CHECK(read("ECHO \"\"\r\n") == Args{"ECHO", ""});
}

TEST_CASE("Quotes that do not close, or close inside a word, are unbalanced", "[request_parser]") {
  for (const char* line : {"ECHO \"a\r\n", "ECHO 'a\r\n", "ECHO \"a\"b\r\n", "\"\r\n"}) {
    CAPTURE(line);
    CHECK(error_of(line) == "unbalanced quotes in request");
  }
}

// --- Pieces -------------------------------------------------------------------------------------

/// Parses the first `split` bytes, then all of them in another place.
void check_split(const std::string& bytes, size_t split, const Args& expected) {
  CAPTURE(bytes.substr(0, 40), split);
  RequestParser parser;
  auto first = std::make_unique<std::string>(bytes.substr(0, split));
  REQUIRE(parser.parse(*first, kOpen) == Status::kIncomplete);
  first.reset();
  REQUIRE(parser.parse(bytes, kOpen) == Status::kRequest);
  CHECK(args_of(parser) == expected);
  CHECK(parser.consumed() == bytes.size());
}

TEST_CASE("A request may be split at any byte, and its bytes may move", "[request_parser]") {
  const Args args{"XADD", "", std::string(70, 'k'), "*", "f", "\r\n"};
  const std::string request = multibulk(args);
  for (size_t split = 0; split < request.size(); ++split)
    check_split(request, split, args);
  const std::string line = "SET \"a b\" 'c'\r\n";
  for (size_t split = 0; split < line.size(); ++split)
    check_split(line, split, {"SET", "a b", "c"});
}

TEST_CASE("Byte by byte, each in another place, a request is the same", "[request_parser]") {
  const Args args{"XADD", "s", "*", "field", std::string(300, 'v')};
  const std::string request = multibulk(args);
  RequestParser parser;
  std::unique_ptr<std::string> place;
  for (size_t size = 1; size < request.size(); ++size) {
    place = std::make_unique<std::string>(request.substr(0, size));
    REQUIRE(parser.parse(*place, kOpen) == Status::kIncomplete);
  }
  REQUIRE(parser.parse(request, kOpen) == Status::kRequest);
  CHECK(args_of(parser) == args);
}

TEST_CASE("Inside an argument the parser tells how many bytes are missing", "[request_parser]") {
  const std::string value(100'000, 'v');
  const std::string request = multibulk({"SET", value});
  const size_t begin = request.find(value);
  RequestParser parser;
  REQUIRE(parser.parse(std::string_view(request).substr(0, begin - 1), kOpen) ==
          Status::kIncomplete);
  CHECK(parser.missing_bytes() == 0);
  REQUIRE(parser.parse(std::string_view(request).substr(0, begin), kOpen) == Status::kIncomplete);
  CHECK(parser.missing_bytes() == value.size() + 2);
  REQUIRE(parser.parse(std::string_view(request).substr(0, begin + 60'000), kOpen) ==
          Status::kIncomplete);
  CHECK(parser.missing_bytes() == 40'002);
  REQUIRE(parser.parse(std::string_view(request).substr(0, request.size() - 1), kOpen) ==
          Status::kIncomplete);
  CHECK(parser.missing_bytes() == 1);
  REQUIRE(parser.parse(request, kOpen) == Status::kRequest);
  CHECK(parser.missing_bytes() == 0);
  CHECK(args_of(parser) == Args{"SET", value});
}

TEST_CASE("What is missing is exact: reading that much ends the argument", "[request_parser]") {
  const std::string request = multibulk({std::string(40'000, 'a'), std::string(50'000, 'b')});
  RequestParser parser;
  size_t have = 10;
  int steps = 0;
  while (parser.parse(std::string_view(request).substr(0, have), kOpen) == Status::kIncomplete) {
    have += parser.missing_bytes() > 0 ? parser.missing_bytes() : 1;
    REQUIRE(have <= request.size());
    ++steps;
  }
  CHECK(have == request.size());
  CHECK(steps < 15);
}

TEST_CASE("A request that was begun can be forgotten", "[request_parser]") {
  RequestParser parser;
  REQUIRE(parser.parse("*2\r\n$4\r\nECHO\r\n$5\r\nhe", kOpen) == Status::kIncomplete);
  parser.reset();
  REQUIRE(parser.parse("PING\r\n", kOpen) == Status::kRequest);
  CHECK(args_of(parser) == Args{"PING"});
}

TEST_CASE("A parser that is moved goes on where it was", "[request_parser]") {
  const std::string request = multibulk({"ECHO", "hello"});
  RequestParser parser;
  REQUIRE(parser.parse(std::string_view(request).substr(0, 18), kOpen) == Status::kIncomplete);
  RequestParser moved(std::move(parser));
  REQUIRE(moved.parse(request, kOpen) == Status::kRequest);
  CHECK(args_of(moved) == Args{"ECHO", "hello"});
}

TEST_CASE("No input is an incomplete request", "[request_parser]") {
  CHECK(error_of("") == "incomplete");
}

TEST_CASE("Thousands of arguments arrive in order", "[request_parser]") {
  Args args;
  for (int i = 0; i < 5000; ++i)
    args.push_back(std::to_string(i));
  CHECK(read(multibulk(args)) == args);
}

}  // namespace
}  // namespace weir::resp
