#include "server/commands/command_keys.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "server/commands/table.h"

using namespace weir;

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string show(const Parsed<std::vector<size_t>>& positions,
                 const std::vector<std::string_view>& words) {
  if (!positions) return std::string(positions.error().text());
  std::string text;
  for (const size_t position : *positions) {
    if (!text.empty()) text += ' ';
    text += words.at(position);
  }
  return text;
}

/// The keys of a command line, for the row of its command.
std::string keys_of(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  const CommandSpec* row = find_command(words[0]);
  REQUIRE(row != nullptr);
  if (row->has(kContainer)) row = find_subcommand(*row, words.at(1));
  REQUIRE(row != nullptr);
  return show(key_positions(*row, words), words);
}

/// The keys of a command line that has them behind STREAMS.
std::string stream_keys_of(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  CommandSpec row;
  row.keys.kind = KeySpec::Kind::kStreams;
  return show(key_positions(row, words), words);
}

constexpr std::string_view kInvalid = "ERR Invalid arguments specified for command";

}  // namespace

TEST_CASE("Keys stand where the row says", "[command_keys]") {
  CHECK(keys_of("XADD s * f v") == "s");
  CHECK(keys_of("xlen s") == "s");
  CHECK(keys_of("XINFO STREAM s") == "s");
  CHECK(keys_of("DEL a b c") == "a b c");
  CHECK(keys_of("PING a") == "");
  CHECK(keys_of("XINFO HELP") == "");
}

TEST_CASE("A row may name a range of words", "[command_keys]") {
  CommandSpec row;
  row.keys.kind = KeySpec::Kind::kIndex;
  row.keys.first = 1;
  row.keys.last = 1;
  const std::vector<std::string_view> words = {"COPY", "a", "b", "REPLACE"};
  CHECK(show(key_positions(row, words), words) == "a b");
}

TEST_CASE("A line that is too short has no keys to speak of", "[command_keys]") {
  CHECK(keys_of("XADD") == kInvalid);
  CHECK(keys_of("DEL") == kInvalid);
  CHECK(keys_of("XINFO STREAM") == kInvalid);
}

TEST_CASE("Behind STREAMS the first half are keys", "[command_keys]") {
  CHECK(keys_of("XREAD STREAMS a 0") == "a");
  CHECK(keys_of("XREAD COUNT 1 BLOCK 0 streams a b 0 0") == "a b");
  CHECK(keys_of("XREAD MAXCOUNT 5 MAXSIZE 100 STREAMS a b c $ $ $") == "a b c");
  CHECK(stream_keys_of("XREADGROUP GROUP g c COUNT 1 CLAIM 10 NOACK STREAMS a >") == "a");
  CHECK(stream_keys_of("XREADGROUP NOACK BLOCK 0 GROUP g c STREAMS a b > >") == "a b");
}

TEST_CASE("The word STREAMS as a value does not begin the keys", "[command_keys]") {
  CHECK(stream_keys_of("XREADGROUP GROUP g STREAMS STREAMS k >") == "k");
  CHECK(stream_keys_of("XREADGROUP COUNT 1 GROUP g STREAMS STREAMS k >") == "k");
  CHECK(stream_keys_of("XREADGROUP GROUP STREAMS STREAMS STREAMS k >") == "k");
  CHECK(keys_of("XREAD STREAMS STREAMS 0") == "STREAMS");
}

TEST_CASE("Options that the command would refuse have no keys", "[command_keys]") {
  CHECK(keys_of("XREAD COUNT STREAMS a 0") == kInvalid);
  CHECK(keys_of("XREAD NOSUCH STREAMS a 0") == kInvalid);
  CHECK(keys_of("XREAD COUNT 1 a 0") == kInvalid);
  CHECK(keys_of("XREAD STREAMS") == kInvalid);
  CHECK(keys_of("XREAD STREAMS a") == kInvalid);
  CHECK(keys_of("XREAD STREAMS a b 0") == kInvalid);
  CHECK(keys_of("XREAD COUNT") == kInvalid);
}
