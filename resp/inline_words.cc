#include "resp/inline_words.h"

namespace weir::resp {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char escaped_byte(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return letter;
  }
}

// Each reader below consumes the front of `rest` and appends to `word`.

void read_escape(std::string_view& rest, std::string& word) {
  const bool is_hex =
      rest.size() >= 4 && rest[1] == 'x' && hex_value(rest[2]) >= 0 && hex_value(rest[3]) >= 0;
  if (is_hex) {
    word += static_cast<char>(hex_value(rest[2]) * 16 + hex_value(rest[3]));
    rest.remove_prefix(4);
  } else {
    word += escaped_byte(rest[1]);
    rest.remove_prefix(2);
  }
}

// The inside of quotes and the closing one; false when that is missing or not followed by a blank.
bool read_quoted(std::string_view& rest, char quote, std::string& word) {
  while (!rest.empty() && rest[0] != quote) {
    const bool escape = rest[0] == '\\' && rest.size() > 1;
    if (escape && quote == '"') {
      read_escape(rest, word);
    } else if (escape && rest[1] == '\'') {
      word += '\'';
      rest.remove_prefix(2);
    } else {
      word += rest[0];
      rest.remove_prefix(1);
    }
  }
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  return rest.empty() || is_blank(rest[0]);
}

// Of the blanks, as Redis has it, vertical tabs and form feeds may stand inside a word.
bool ends_word(char c) {
  return is_blank(c) && c != '\v' && c != '\f';
}

// Quotes may open inside a word (a"b c" is the word `ab c`), and end it when they close.
bool read_word(std::string_view& rest, std::string& word) {
  while (!rest.empty() && !ends_word(rest[0])) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"' || c == '\'') return read_quoted(rest, c, word);
    word += c;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (;;) {
    while (!line.empty() && is_blank(line[0]))
      line.remove_prefix(1);
    if (line.empty()) return words;
    if (!read_word(line, words.emplace_back())) return std::nullopt;
  }
}

std::string quote_word(std::string_view word) {
  static constexpr char kHexDigits[] = "0123456789abcdef";
  static constexpr std::string_view kEscaped = "\\\"\n\r\t\a\b";
  static constexpr std::string_view kLetters = "\\\"nrtab";
  std::string quoted = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t at = kEscaped.find(c); at != std::string_view::npos) {
      quoted += '\\';
      quoted += kLetters[at];
    } else if (byte >= 0x20 && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += "\\x";
      quoted += kHexDigits[byte >> 4];
      quoted += kHexDigits[byte & 15];
    }
  }
  return quoted += '"';
}

}  // namespace weir::resp
