#include "tests/wire/words.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace weir::wire {
namespace {

/// Longest run that `{500*x}` may ask for.
constexpr size_t kMaxRepeat = 64UL * 1024 * 1024;
constexpr size_t kMaxShownBytes = 1500;

char hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) {
    throw std::runtime_error("bad escape \\x" + std::string(digits));
  }
  return static_cast<char>(value);
}

/// What `{inside}` stands for, if anything.
std::optional<std::string> replacement(const std::string& inside, const Kept& kept) {
  const auto found = kept.find(inside);
  if (found != kept.end()) return found->second;
  size_t times = 0;
  const char* const last = inside.data() + inside.size();
  const auto [end, error] = std::from_chars(inside.data(), last, times);
  if (error != std::errc{} || last - end != 2 || *end != '*') return std::nullopt;
  if (times > kMaxRepeat) throw std::runtime_error("too many repetitions: {" + inside + "}");
  return std::string(times, end[1]);
}

}  // namespace

char take_escape(std::string_view& text) {
  if (text.empty()) throw std::runtime_error("backslash at the end");
  const char c = text[0];
  text.remove_prefix(1);
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
      return c;
    case 'x': {
      const char byte = hex_byte(text.substr(0, 2));
      text.remove_prefix(2);
      return byte;
    }
    default:
      throw std::runtime_error(std::string("unknown escape \\") + c);
  }
}

std::string take_quoted(std::string_view& text) {
  if (text.empty() || text[0] != '"') throw std::runtime_error("a \" is missing");
  text.remove_prefix(1);
  std::string out;
  while (!text.empty() && text[0] != '"') {
    const char c = text[0];
    text.remove_prefix(1);
    out += c == '\\' ? take_escape(text) : c;
  }
  if (text.empty()) throw std::runtime_error("a string does not end");
  text.remove_prefix(1);
  return out;
}

std::vector<Word> split_words(std::string_view line) {
  std::vector<Word> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return words;
    if (line[0] == '"') {
      words.push_back({.text = take_quoted(line)});
    } else if (line[0] == '\'') {
      const size_t end = line.find('\'', 1);
      if (end == std::string_view::npos) throw std::runtime_error("a string does not end");
      words.push_back({.text = std::string(line.substr(1, end - 1)), .literal = true});
      line.remove_prefix(end + 1);
    } else {
      const size_t end = std::min(line.find(' '), line.size());
      words.push_back({.text = std::string(line.substr(0, end))});
      line.remove_prefix(end);
    }
  }
}

std::string expand(const Word& word, const Kept& kept) {
  if (word.literal) return word.text;
  std::string out;
  std::string_view rest = word.text;
  while (true) {
    const size_t open = rest.find('{');
    const size_t close = rest.find('}', open == std::string_view::npos ? rest.size() : open);
    if (close == std::string_view::npos) return out.append(rest);
    out.append(rest.substr(0, open));
    const std::string inside(rest.substr(open + 1, close - open - 1));
    if (const std::optional<std::string> text = replacement(inside, kept)) {
      out += *text;
      rest.remove_prefix(close + 1);
    } else {
      out += '{';
      rest.remove_prefix(open + 1);
    }
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string shortened(std::string text) {
  if (text.size() > kMaxShownBytes) text.replace(kMaxShownBytes, std::string::npos, " ...");
  return text;
}

}  // namespace weir::wire
