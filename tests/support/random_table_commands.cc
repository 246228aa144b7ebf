#include "tests/support/random_table_commands.h"

#include <algorithm>
#include <stdexcept>

#include "server/commands/table.h"
#include "server/text.h"
#include "tests/support/contains.h"

namespace weir::testing {
namespace {

constexpr uint64_t kMostRepetitions = 4;

/// They end the server or the test's hold on it, or make others wait for as long as they say.
constexpr std::string_view kLeftOut[] = {"shutdown", "debug",         "replicaof",   "slaveof",
                                         "failover", "config|set",    "acl|setuser", "acl|deluser",
                                         "acl|load", "client|pause",  "auth",        "flushall",
                                         "flushdb",  "config|rewrite"};

constexpr const char* kKeys[] = {"s1", "s2", "s3", "only1", "only2", "t", "missing", ""};
constexpr const char* kIds[] = {"0",
                                "1",
                                "0-0",
                                "1-1",
                                "5-0",
                                "*",
                                "$",
                                ">",
                                "+",
                                "-",
                                "(1",
                                "3-*",
                                "18446744073709551615-18446744073709551615",
                                "18446744073709551615",
                                "18446744073709551616",
                                "1-",
                                "-1",
                                "abc"};
constexpr const char* kNumbers[] = {"0",
                                    "1",
                                    "2",
                                    "10",
                                    "-1",
                                    "100",
                                    "1000000",
                                    "2147483647",
                                    "2147483648",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "-9223372036854775808",
                                    "1.5",
                                    "01",
                                    "",
                                    "nan"};
constexpr const char* kTexts[] = {"g1",  "g2",      "alice",       "bob",    "a",   "",
                                  "x y", "\r\n",    "*",           "[a-",    "\\",  "yes",
                                  "no",  "default", "127.0.0.1:1", "stream", "\xff"};

}  // namespace

bool RandomTableCommands::is_left_out(const CommandSpec& row) {
  return row.run == nullptr ||
         std::find(std::begin(kLeftOut), std::end(kLeftOut), row.name) != std::end(kLeftOut);
}

RandomTableCommands::RandomTableCommands(uint64_t seed) : random_(seed) {
  for (const CommandSpec& row : command_table()) {
    if (is_left_out(row)) continue;
    const size_t bar = row.name.find('|');
    Row made{.names = {std::string(row.name.substr(0, bar))}, .arguments = {}};
    if (bar != std::string_view::npos) made.names.emplace_back(row.name.substr(bar + 1));
    auto arguments = parse_syntax(row.syntax);
    if (!arguments) throw std::logic_error("the syntax of " + std::string(row.name));
    made.arguments = *std::move(arguments);
    rows_.push_back(std::move(made));
  }
}

Words RandomTableCommands::next() {
  for (;;) {
    const Row& row = rows_[draw(rows_.size())];
    Words words = row.names;
    for (const Argument& argument : row.arguments)
      add(words, argument);
    if (one_in(4)) spoil(words);
    // What is spoilt may have become another command: CLUSTER FAILOVER.
    const CommandSpec* const made = find_command(words[0]);
    if (made == nullptr || made->run == nullptr || !is_left_out(*made)) return words;
  }
}

void RandomTableCommands::add(Words& words, const Argument& argument) {
  if (argument.is_optional && !one_in(3)) return;
  add_once(words, argument, true);
  if (!argument.is_multiple) return;
  for (uint64_t more = draw(kMostRepetitions); more > 0; --more)
    add_once(words, argument, argument.repeats_token);
}

void RandomTableCommands::add_once(Words& words, const Argument& argument, bool with_token) {
  if (with_token && !argument.token.empty()) words.emplace_back(argument.token);
  switch (argument.type) {
    case Argument::Type::kPureToken:
      return;
    case Argument::Type::kOneOf:
      return add(words, argument.arguments[draw(argument.arguments.size())]);
    case Argument::Type::kBlock:
      for (const Argument& part : argument.arguments)
        add(words, part);
      return;
    default:
      words.push_back(value(argument));
  }
}

std::string RandomTableCommands::value(const Argument& argument) {
  const std::string_view name = argument.name;
  if (one_in(20)) return text();
  if (argument.type == Argument::Type::kKey) return pick(kKeys);
  if (name == "id" || name == "start" || name == "end" || name == "lastid") return pick(kIds);
  if (name == "milliseconds" && one_in(2)) return "1";  // of a wait, mostly a short one
  if (contains(name, "id") && one_in(2)) return pick(kIds);
  if (name == "numids" || name == "numfields") return std::to_string(1 + draw(3));
  if (contains(name, "idle") || argument.type == Argument::Type::kInteger) return number();
  if (argument.type == Argument::Type::kUnixTime) return one_in(2) ? "4102444800" : number();
  return text();
}

std::string RandomTableCommands::number() {
  return one_in(3) ? pick(kNumbers) : std::to_string(draw(20));
}

std::string RandomTableCommands::text() {
  if (one_in(60)) return std::string(draw(100'000), 'x');
  if (one_in(8)) return number();
  return pick(kTexts);
}

/// Drops a word, says one twice, exchanges two, cuts one or puts another in its place.
void RandomTableCommands::spoil(Words& words) {
  const size_t at = draw(words.size());
  switch (draw(6)) {
    case 0:
      if (words.size() > 1) words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 1:
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), words[at]);
      return;
    case 2:
      return std::swap(words[at], words[draw(words.size())]);
    case 3:
      words[at].resize(draw(words[at].size() + 1));
      return;
    case 4:
      return words.push_back(text());
    default:
      if (at > 0) words[at] = one_in(2) ? pick(kIds) : number();
  }
}

}  // namespace weir::testing
