#include "resp/pipeline_parser.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::resp {
namespace {

using Status = PipelineParser::Status;

constexpr RequestLimits kOpen;
constexpr RequestLimits kUnauthenticated{.authenticated = false};

std::string request(int number) {
  const std::string text = std::to_string(number);
  return "*2\r\n$4\r\nECHO\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string pipeline(int requests) {
  std::string bytes;
  for (int i = 0; i < requests; ++i)
    bytes += request(i);
  return bytes;
}

/// What is run: the number of each request, and "!" for an error at the end.
std::string run(PipelineParser& parser, std::string_view bytes) {
  std::string numbers;
  while (!bytes.empty()) {
    const Status status = parser.next(bytes, kOpen);
    if (status == Status::kIncomplete) break;
    if (status == Status::kError) return numbers + "!";
    numbers += std::string(parser.argv()[1]) + " ";
    bytes.remove_prefix(parser.consumed());
  }
  return numbers;
}

std::string numbers_below(int end) {
  std::string numbers;
  for (int i = 0; i < end; ++i)
    numbers += std::to_string(i) + " ";
  return numbers;
}

}  // namespace

TEST_CASE("A pipeline of any length comes request by request", "[resp]") {
  for (const int requests : {1, 2, 7, 8, 9, 16, 17, 100}) {
    PipelineParser parser;
    parser.start();
    CHECK(run(parser, pipeline(requests)) == numbers_below(requests));
  }
}

TEST_CASE("What is unfinished has no room left from larger requests", "[resp]") {
  std::string large = "*4000\r\n";
  for (int i = 0; i < 4000; ++i)
    large += "$1\r\nx\r\n";
  PipelineParser parser;
  parser.start();
  run(parser, large);
  parser.start();
  const std::string half = "*1000000\r\n$4\r\nXACK\r\n";
  REQUIRE(parser.next(half, kOpen) == Status::kIncomplete);
  CHECK(parser.take_unfinished().memory_bytes() <= 1024);
}

TEST_CASE("A window shows what comes next, once for each time that several are parsed", "[resp]") {
  PipelineParser parser;
  parser.start();
  const std::string bytes = pipeline(PipelineParser::kWindow + 3);
  std::string_view rest = bytes;
  std::vector<size_t> windows;
  while (!rest.empty()) {
    REQUIRE(parser.next(rest, kOpen) == Status::kRequest);
    windows.push_back(parser.window().size());
    if (!parser.window().empty()) {
      CHECK(parser.window()[0][1] == parser.argv()[1]);
      CHECK(std::stoi(std::string(parser.window()[1][1])) ==
            std::stoi(std::string(parser.argv()[1])) + 1);
    }
    rest.remove_prefix(parser.consumed());
  }
  std::vector<size_t> expected(PipelineParser::kWindow + 3, 0);
  expected[0] = PipelineParser::kWindow;
  expected[PipelineParser::kWindow] = 3;
  CHECK(windows == expected);
}

TEST_CASE("An unfinished request goes on where it stopped, wherever the bytes are cut", "[resp]") {
  const std::string bytes = pipeline(3);
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    PipelineParser parser;
    parser.start();
    std::string_view first(bytes.data(), cut);
    std::string numbers;
    Status status = Status::kRequest;
    while (!first.empty() && (status = parser.next(first, kOpen)) == Status::kRequest) {
      numbers += std::string(parser.argv()[1]) + " ";
      first.remove_prefix(parser.consumed());
    }
    const std::string rest = std::string(first) + bytes.substr(cut);  // moved, as a buffer is
    if (status == Status::kIncomplete) {
      RequestParser unfinished = parser.take_unfinished();
      parser.start();
      CHECK(run(parser, pipeline(2)) == "0 1 ");  // another connection's turn
      parser.start(std::move(unfinished));
    } else {
      parser.start();
    }
    CAPTURE(cut);
    CHECK(numbers + run(parser, rest) == "0 1 2 ");
  }
}

TEST_CASE("What was parsed ahead is parsed again when the limits have changed", "[resp]") {
  std::string bytes = request(1) + "*11\r\n";
  for (int i = 0; i < 11; ++i)
    bytes += "$1\r\nx\r\n";
  PipelineParser parser;

  parser.start();
  REQUIRE(parser.next(bytes, kUnauthenticated) == Status::kRequest);
  std::string_view rest = bytes;
  rest.remove_prefix(parser.consumed());
  SECTION("It was too much for a connection without a password, and is not for one with") {
    REQUIRE(parser.next(rest, kOpen) == Status::kRequest);
    CHECK(parser.argv().size() == 11);
    CHECK(parser.consumed() == rest.size());
  }
  SECTION("The limits are the same") {
    REQUIRE(parser.next(rest, kUnauthenticated) == Status::kError);
    CHECK(parser.error() == "Protocol error: unauthenticated multibulk length");
  }
}

TEST_CASE("An error comes after the requests before it, and not into another's bytes", "[resp]") {
  PipelineParser parser;
  parser.start();
  CHECK(run(parser, pipeline(3) + "*1\r\nx") == "0 1 2 !");
  CHECK(parser.error() == "Protocol error: expected '$', got 'x'");
  parser.start();
  CHECK(run(parser, pipeline(2)) == "0 1 ");
}

TEST_CASE("Requests that were parsed ahead and not run are forgotten", "[resp]") {
  for (const std::string behind : {"", "*2\r\n$4\r\nEC", "*1\r\nx"}) {
    PipelineParser parser;
    parser.start();
    REQUIRE(parser.next(pipeline(4) + behind, kOpen) == Status::kRequest);
    parser.start();
    CHECK(run(parser, pipeline(10)) == numbers_below(10));
  }
}

}  // namespace weir::resp
