// The one test that walks the command table: what is true of every row.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/commands/command_docs.h"
#include "server/commands/table.h"
#include "server/text.h"

using namespace weir;

namespace {

namespace fs = std::filesystem;

// --- Words that a syntax allows ------------------------------------------------------------------

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

struct WordCount {
  size_t least = 0;
  size_t most = 0;
};

size_t sum(size_t a, size_t b) {
  return a > kUnlimited - b ? kUnlimited : a + b;
}

WordCount operator+(WordCount a, WordCount b) {
  return {.least = a.least + b.least, .most = sum(a.most, b.most)};
}

WordCount words_of(const Argument& argument);

WordCount words_of(const std::vector<Argument>& arguments) {
  WordCount all;
  for (const Argument& argument : arguments)
    all = all + words_of(argument);
  return all;
}

WordCount words_of_one(const std::vector<Argument>& alternatives) {
  WordCount range = words_of(alternatives.front());
  for (const Argument& alternative : alternatives) {
    const WordCount words = words_of(alternative);
    range = {std::min(range.least, words.least), std::max(range.most, words.most)};
  }
  return range;
}

WordCount words_of(const Argument& argument) {
  WordCount words{.least = 1, .most = 1};
  if (argument.type == Argument::Type::kOneOf) words = words_of_one(argument.arguments);
  if (argument.type == Argument::Type::kBlock) words = words_of(argument.arguments);
  if (!argument.token.empty() && argument.type != Argument::Type::kPureToken) {
    words = words + WordCount{.least = 1, .most = 1};
  }
  if (argument.is_multiple) words.most = kUnlimited;
  if (argument.is_optional) words.least = 0;
  return words;
}

/// Words of the whole command line, the names of command and subcommand included.
WordCount words_of(const CommandSpec& command) {
  const size_t names = command.is_subcommand() ? 2 : 1;
  return WordCount{.least = names, .most = names} + words_of(*parse_syntax(command.syntax));
}

bool has_keys(const std::vector<Argument>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
    return argument.type == Argument::Type::kKey || has_keys(argument.arguments);
  });
}

// --- Commands that tests mention -----------------------------------------------------------------

/// Names in lower case, subcommands with their container: "xinfo|stream".
using Names = std::set<std::string>;

/// Only what is in upper case counts: "type" may be anything, "TYPE" is the command.
void mention(Names& names, std::string_view first, std::string_view second) {
  if (to_upper(first) != first) return;
  names.insert(to_lower(first));
  if (!second.empty()) names.insert(to_lower(first) + "|" + to_lower(second));
}

/// A recorded line: `1> CLIENT SETNAME x`, `1x300> XADD ...`.
void mention_sent(Names& names, std::string_view line) {
  const size_t end = line.find("> ");
  if (end == std::string_view::npos || line.empty() || !std::isdigit(line[0])) return;
  if (line.substr(0, end).find_first_not_of("0123456789x") != std::string_view::npos) return;
  std::string_view words = line.substr(end + 2);
  const std::string_view first = next_word(words);
  mention(names, first, next_word(words));
}

/// A string of a test: "XADD", "CLIENT SETNAME x", or "CLIENT" and then `, "SETNAME"`.
void mention_strings(Names& names, std::string_view line) {
  std::string_view previous;  // a string of one word, directly in front of this one
  for (size_t quote = line.find('"'); quote != std::string_view::npos; quote = line.find('"')) {
    const bool follows = line.substr(0, quote) == ", ";
    line.remove_prefix(quote + 1);
    const size_t end = std::min(line.find('"'), line.size());
    std::string_view words = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    const std::string_view first = next_word(words);
    if (follows && !previous.empty()) mention(names, previous, first);
    previous = words.empty() ? first : std::string_view();
    mention(names, first, next_word(words));
  }
}

Names mentioned_in_tests() {
  Names names;
  for (const fs::directory_entry& file :
       fs::recursive_directory_iterator(WEIR_SOURCE_DIR "/tests")) {
    const fs::path ending = file.path().extension();
    const auto is_below = [path = file.path().string()](std::string_view folder) {
      return path.find(folder) != std::string::npos;
    };
    if (is_below("/bench/")) continue;  // measures, and checks nothing
    const bool is_recorded = ending == ".txt" && is_below("/golden/");
    if (!is_recorded && ending != ".cc" && ending != ".py" && ending != ".mjs") continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      is_recorded ? mention_sent(names, line) : mention_strings(names, line);
    }
  }
  return names;
}

/// Commands that no test needs to send.
constexpr std::string_view kNotSent[] = {
    "lolwut",  // draws something
};

bool needs_test(const CommandSpec& command) {
  const bool is_exempt =
      std::find(std::begin(kNotSent), std::end(kNotSent), command.name) != std::end(kNotSent);
  return command.run != nullptr && !is_exempt;
}

/// As Redis, XREAD does not say what it costs.
bool may_lack_complexity(const CommandSpec& command) {
  return command.keys.kind == KeySpec::Kind::kStreams;
}

}  // namespace

TEST_CASE("Names are unique, in lower case, and found again", "[command_table]") {
  std::set<std::string_view> seen;
  for (const CommandSpec& row : command_table()) {
    INFO(row.name);
    CHECK(seen.insert(row.name).second);
    CHECK(to_lower(row.name) == row.name);
    CHECK(find_command(row.name) == &row);
    CHECK(find_command(to_upper(row.name)) == &row);
  }
}

TEST_CASE("Subcommands stand behind their container, in order", "[command_table]") {
  size_t subcommands = 0;
  for (const CommandSpec& row : command_table()) {
    INFO(row.name);
    const std::span<const CommandSpec> own = subcommands_of(row);
    subcommands += own.size();
    CHECK(own.empty() == !row.has(kContainer));
    CHECK(std::is_sorted(own.begin(), own.end(), [](const CommandSpec& a, const CommandSpec& b) {
      return a.name < b.name;
    }));
  }
  const std::span<const CommandSpec> rows = command_table();
  CHECK(subcommands ==
        static_cast<size_t>(std::count_if(
            rows.begin(), rows.end(), [](const CommandSpec& row) { return row.is_subcommand(); })));
}

TEST_CASE("Every row says what it is, since when and at what cost", "[command_table]") {
  for (const CommandSpec& row : command_table()) {
    INFO(row.name);
    CHECK_FALSE(row.summary.empty());
    CHECK_FALSE(row.since.empty());
    CHECK((!row.complexity.empty() || may_lack_complexity(row)));
    CHECK((row.run != nullptr || row.has(kContainer)));
  }
}

TEST_CASE("A row tells clients of a cluster whom to ask, and what to make of the answers",
          "[command_table]") {
  const auto tips_of = [](std::string_view name) { return find_command(name)->tips; };
  CHECK(tips_of("config|resetstat") == "request_policy:all_nodes response_policy:all_succeeded");
  CHECK(tips_of("del") == "request_policy:multi_shard response_policy:agg_sum");
  CHECK(tips_of("dbsize") == "request_policy:all_shards response_policy:agg_sum");
  CHECK(tips_of("ping") == "request_policy:all_shards response_policy:all_succeeded");
  CHECK(tips_of("info") ==
        "nondeterministic_output request_policy:all_shards response_policy:special");
  CHECK(tips_of("xadd") == "nondeterministic_output");
}

TEST_CASE("No command both writes and only reads", "[command_table]") {
  for (const CommandSpec& row : command_table()) {
    INFO(row.name);
    CHECK_FALSE((row.has(kWrite) && row.has(kReadonly)));
  }
}

TEST_CASE("Every syntax can be read, and has keys where the row has", "[command_table]") {
  for (const CommandSpec& row : command_table()) {
    INFO(row.name << ": " << row.syntax);
    const auto arguments = parse_syntax(row.syntax);
    if (!arguments) {
      FAIL_CHECK("missing at " << arguments.error().offset << ": " << arguments.error().reason);
      continue;
    }
    const bool names_keys = row.keys.kind != KeySpec::Kind::kNone && !row.keys.is_channels();
    CHECK(has_keys(*arguments) == names_keys);
    CHECK(row.keys.flags.empty() == (row.keys.kind == KeySpec::Kind::kNone));
    CHECK(row.has(kMovableKeys) == (row.keys.kind == KeySpec::Kind::kStreams));
  }
}

TEST_CASE("Arity agrees with the syntax", "[command_table]") {
  for (const CommandSpec& row : command_table()) {
    INFO(row.name << ": " << row.syntax);
    const WordCount words = words_of(row);
    if (row.run == nullptr) {
      CHECK(row.arity == -2);  // a container and one of its subcommands
    } else if (row.arity < 0) {
      CHECK(static_cast<size_t>(-row.arity) == words.least);
    } else {
      CHECK(static_cast<size_t>(row.arity) == words.least);
      CHECK(static_cast<size_t>(row.arity) == words.most);
    }
  }
}

TEST_CASE("Some test sends every command", "[command_table]") {
  const Names mentioned = mentioned_in_tests();
  std::vector<std::string_view> untested;
  for (const CommandSpec& row : command_table()) {
    const bool is_sent = mentioned.count(std::string(row.name)) != 0;
    if (needs_test(row) && !is_sent) untested.push_back(row.name);
  }
  CHECK(untested == std::vector<std::string_view>());
}
