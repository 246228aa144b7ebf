#include "tests/wire/dialogue.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace weir::wire {
namespace {

int take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) throw std::runtime_error("expected a number");
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

int whole_number(std::string_view text) {
  const int value = take_number(text);
  if (!text.empty()) throw std::runtime_error("more behind a number");
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void read_expectation(Step& step, std::string_view text) {
  if (text == "(blocked)" || text == "(nothing)") {
    step.kind = Step::Kind::kSilence;
  } else if (text == "(closed)") {
    step.kind = Step::Kind::kClosed;
  } else {
    step.kind = Step::Kind::kExpect;
    step.pattern = parse_pattern(text);
  }
}

/// A line that begins with the number of a connection.
Step read_connection_step(std::string_view line) {
  Step step;
  step.connection = take_number(line);
  if (take(line, "x")) step.times = take_number(line);
  if (take(line, ">> ")) {
    step.kind = Step::Kind::kBytes;
    step.words = split_words(line);
    if (step.words.size() != 1) throw std::runtime_error("expected one string");
  } else if (take(line, "> ")) {
    step.kind = Step::Kind::kSend;
    step.words = split_words(line);
    if (step.words.empty()) throw std::runtime_error("expected a command");
  } else if (take(line, "< ")) {
    read_expectation(step, line);
  } else if (take(line, "= ")) {
    step.kind = Step::Kind::kKeep;
    step.name = line;
  } else {
    throw std::runtime_error("not a line of a case");
  }
  if (step.times < 1) throw std::runtime_error("repeated not even once");
  return step;
}

/// `config NAME VALUE`
std::pair<std::string, std::string> read_config(std::string_view line) {
  const std::vector<Word> words = split_words(line);
  if (words.size() != 2) throw std::runtime_error("expected a name and a value");
  return {words[0].text, words[1].text};
}

void read_line(std::string_view line, int number, Case& current) {
  Step step;
  std::string_view rest = line;
  if (take(rest, "proto ")) {
    current.proto = whole_number(rest);
    return;
  }
  if (take(rest, "config ")) {
    current.configs.push_back(read_config(rest));
    return;
  }
  if (take(rest, "user ")) {
    current.users.emplace_back(rest);
    return;
  }
  if (rest == "needs debug") {
    current.needs_debug = true;
    return;
  }
  if (take(rest, "sleep ")) {
    step.kind = Step::Kind::kSleep;
    step.milliseconds = whole_number(rest);
  } else if (take(rest, "close ")) {
    step.kind = Step::Kind::kClose;
    step.connection = whole_number(rest);
  } else {
    step = read_connection_step(rest);
  }
  step.line = number;
  step.source = line;
  current.steps.push_back(std::move(step));
}

}  // namespace

Dialogue parse_dialogue(const std::string& path, std::string_view text) {
  Dialogue dialogue{.path = path, .name = std::filesystem::path(path).stem().string()};
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    try {
      if (line.empty() || line[0] == '#') continue;
      if (take(line, "=== ")) {
        dialogue.cases.push_back({.title = std::string(line), .line = number});
      } else if (dialogue.cases.empty()) {
        throw std::runtime_error("no case has begun");
      } else {
        read_line(line, number, dialogue.cases.back());
      }
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  return dialogue;
}

Dialogue read_dialogue(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return parse_dialogue(path, std::string{std::istreambuf_iterator<char>(in), {}});
}

}  // namespace weir::wire
