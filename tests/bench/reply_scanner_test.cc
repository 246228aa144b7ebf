#include "tests/bench/reply_scanner.h"

#include <catch2/catch.hpp>

using weir::bench::ReplyScanner;

namespace {

const std::string kSevenReplies =
    "+OK\r\n"
    ":-12\r\n"
    "$-1\r\n"
    "*-1\r\n"
    "*0\r\n"
    "$12\r\n*3\r\n-no\r\n$9\r\r\n"
    "*2\r\n*2\r\n$0\r\n\r\n*0\r\n*1\r\n*2\r\n$3\r\nabc\r\n:1\r\n";

}  // namespace

TEST_CASE("the scanner counts replies of every kind", "[bench]") {
  ReplyScanner scanner;
  CHECK(scanner.feed(kSevenReplies) == 7);
  CHECK(scanner.error().empty());
}

TEST_CASE("the scanner counts the same wherever the bytes are cut", "[bench]") {
  for (size_t step = 1; step < kSevenReplies.size(); ++step) {
    ReplyScanner scanner;
    size_t replies = 0;
    for (size_t at = 0; at < kSevenReplies.size(); at += step) {
      replies += scanner.feed(std::string_view(kSevenReplies).substr(at, step));
    }
    CHECK(replies == 7);
    CHECK(scanner.error().empty());
  }
}

TEST_CASE("the scanner stops at an error reply and keeps its text", "[bench]") {
  ReplyScanner scanner;
  CHECK(scanner.feed("+OK\r\n*2\r\n:1\r\n-ERR no ") == 1);
  CHECK(scanner.feed("such key\r\n+OK\r\n") == 0);
  CHECK(scanner.error() == "ERR no such key");
}

TEST_CASE("the scanner refuses bytes that are not RESP2", "[bench]") {
  ReplyScanner scanner;
  CHECK(scanner.feed("+OK\r\nhello\r\n") == 1);
  CHECK(scanner.error() == "not a reply: hello");
}
