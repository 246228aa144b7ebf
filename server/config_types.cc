#include "server/config_types.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>

#include "resp/inline_words.h"
#include "server/text.h"

namespace weir::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};

// The names without b are the decimal ones, as in Redis.
constexpr std::array<Unit, 8> kUnits = {{
    {"", 1},
    {"b", 1},
    {"k", 1000},
    {"kb", 1 << 10},
    {"m", 1'000'000},
    {"mb", 1 << 20},
    {"g", 1'000'000'000},
    {"gb", 1 << 30},
}};

Tidied refuse(std::string reason) {
  return tl::unexpected(std::move(reason));
}

Tidied read_toggle(const std::string& word) {
  const std::string text = to_lower(word);
  if (text == "yes" || text == "no") return text;
  return refuse("argument must be 'yes' or 'no'");
}

template <typename Integer>
Tidied read_number(const Option& option, std::optional<Integer> number, const char* unreadable) {
  if (!number) return refuse(unreadable);
  if (std::cmp_greater_equal(*number, option.min) && std::cmp_less_equal(*number, option.max))
    return std::to_string(*number);
  return refuse("argument must be between " + std::to_string(option.min) + " and " +
                std::to_string(option.max) + " inclusive");
}

Tidied read_choice(const Option& option, const std::string& word) {
  std::string list;
  for (const Choice& choice : option.choices) {
    if (equals_ignoring_case(choice.word, word)) return std::string(choice.word);
    if (!list.empty()) list += ", ";
    list += choice.word;
  }
  return refuse("argument(s) must be one of the following: " + list);
}

Tidied read_canonical(const Option& option, Words words) {
  switch (option.kind) {
    case Kind::kToggle:
      return read_toggle(words[0]);
    case Kind::kInteger:
      return read_number(option, parse_integer(words[0]),
                         "argument couldn't be parsed into an integer");
    case Kind::kMemory:
      return read_number(option, parse_memory(words[0]), "argument must be a memory value");
    case Kind::kChoice:
      return read_choice(option, words[0]);
    case Kind::kWords:
      return join(words, " ");
    case Kind::kText:
    case Kind::kSpecial:
      break;
  }
  return words[0];
}

int choice_value(const Option& option, std::string_view word) {
  for (const Choice& choice : option.choices) {
    if (choice.word == word) return choice.value;
  }
  assert(false && "a canonical word is in the list");
  return 0;
}

std::string_view choice_word(const Option& option, int value) {
  for (const Choice& choice : option.choices) {
    if (choice.value == value) return choice.word;
  }
  assert(false && "every value has a word");
  return {};
}

// Stores canonical text; one overload per kind of field.
struct Store {
  const Option& option;
  ConfigValues& values;
  const std::string& text;

  void operator()(std::monostate) const { values.kept.insert_or_assign(option.name, text); }
  void operator()(bool Settings::*member) const { values.settings.*member = text == "yes"; }
  void operator()(std::string Settings::*member) const { values.settings.*member = text; }
  void operator()(const ChoiceField& field) const {
    field.set(values.settings, choice_value(option, text));
  }
  template <typename Integer>
  void operator()(Integer Settings::*member) const {
    values.settings.*member = static_cast<Integer>(*parse_integer(text));
  }
};

struct Print {
  const Option& option;
  const ConfigValues& values;

  std::string operator()(std::monostate) const {
    const auto kept = values.kept.find(option.name);
    return kept == values.kept.end() ? std::string(option.default_text) : kept->second;
  }
  std::string operator()(bool Settings::*member) const {
    return values.settings.*member ? "yes" : "no";
  }
  std::string operator()(std::string Settings::*member) const { return values.settings.*member; }
  std::string operator()(const ChoiceField& field) const {
    return std::string(choice_word(option, field.get(values.settings)));
  }
  template <typename Integer>
  std::string operator()(Integer Settings::*member) const {
    return std::to_string(values.settings.*member);
  }
};

// What follows the name in a line that CONFIG REWRITE writes.
std::string value_for_file(const Option& option, const std::string& text) {
  if (option.kind == Kind::kText) return resp::quote_word(text);
  if (option.kind == Kind::kMemory) {
    return format_memory(static_cast<uint64_t>(*parse_integer(text)));
  }
  return text.empty() ? "\"\"" : text;
}

}  // namespace

Refusal read_option(const Option& option, Words words, Source source, ConfigValues& values) {
  assert(!words.empty());
  if (option.special != nullptr) return option.special->read(values.settings, words, source);
  Tidied text = read_canonical(option, words);
  if (text && option.tidy != nullptr) text = option.tidy(*text);
  if (!text) return std::move(text).error();
  std::visit(Store{option, values, *text}, option.field);
  return std::nullopt;
}

std::string print_option(const Option& option, const ConfigValues& values) {
  if (option.special != nullptr) return option.special->print(values.settings);
  return std::visit(Print{option, values}, option.field);
}

std::vector<std::string> option_lines(const Option& option, const ConfigValues& values) {
  std::vector<std::string> lines;
  if (option.special != nullptr) {
    lines = option.special->lines(values.settings);
  } else {
    lines = {value_for_file(option, print_option(option, values))};
  }
  for (std::string& line : lines)
    line.insert(0, std::string(option.name) + ' ');
  return lines;
}

std::optional<uint64_t> parse_memory(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string unit = to_lower(text.substr(digits));
  for (const auto& [name, bytes] : kUnits) {
    if (name != unit) continue;
    uint64_t number = 0;  // without digits, too
    const auto [rest, error] = std::from_chars(text.data(), text.data() + digits, number);
    uint64_t product = 0;
    if (error == std::errc::result_out_of_range || __builtin_mul_overflow(number, bytes, &product))
      return kMostBytes;
    return product;
  }
  return std::nullopt;
}

std::string format_memory(uint64_t bytes) {
  for (const auto& [unit, shift] : {std::pair("gb", 30), {"mb", 20}, {"kb", 10}}) {
    const uint64_t count = bytes >> shift;
    if (count > 0 && count << shift == bytes) return std::to_string(count) + unit;
  }
  return std::to_string(bytes);
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || std::to_string(number) != text) return std::nullopt;
  return number;
}

std::string join(Words words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (&word != &words.front()) text += between;
    text += word;
  }
  return text;
}

}  // namespace weir::config
