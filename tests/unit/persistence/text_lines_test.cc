#include "persistence/text_lines.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty())
    lines.emplace_back(next_line(text));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("A text is its lines, and the last one needs no end", "[text_lines]") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a\n\nb\r\n") == Lines{"a", "", "b\r"});
  CHECK(lines_of("a\nb") == Lines{"a", "b"});
  CHECK(lines_of("\n") == Lines{""});
}

TEST_CASE("Blanks around a line go, those inside it stay", "[text_lines]") {
  CHECK(trimmed(" \t a  b\r\n") == "a  b");
  CHECK(trimmed(" \t\r\n") == "");
  CHECK(trimmed("") == "");
}

}  // namespace weir
