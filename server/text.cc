#include "server/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace weir {
namespace {

/// One element of a pattern: which bytes it accepts, and whether it is a star.
struct GlobToken {
  enum class Kind : uint8_t { kLiteral, kAny, kStar, kSet };
  Kind kind = Kind::kLiteral;
  char literal = 0;
  bool negated = false;
  std::string_view set;  // the inside of [...], without '^'
};

/// Of what a set begins with: \x, a-z or x.  A ']' can end a range: it then ends no set.
size_t set_element_size(std::string_view set) {
  if (set[0] == '\\' && set.size() > 1) return 2;
  return set.size() > 2 && set[1] == '-' ? 3 : 1;
}

bool set_contains(std::string_view set, char c, bool ignore_case) {
  const auto fold = [ignore_case](char x) {
    return static_cast<unsigned char>(ignore_case ? to_lower(x) : x);
  };
  for (size_t size = 0; !set.empty(); set.remove_prefix(size)) {
    size = set_element_size(set);
    unsigned char low = fold(set[size == 2 ? 1 : 0]);
    unsigned char high = fold(set[size - 1]);
    if (low > high) std::swap(low, high);
    if (low <= fold(c) && fold(c) <= high) return true;
  }
  return false;
}

/// Takes the first element off `pattern`.
GlobToken next_token(std::string_view& pattern) {
  GlobToken token;
  size_t used = 1;
  token.literal = pattern[0];
  if (pattern[0] == '*') {
    token.kind = GlobToken::Kind::kStar;
  } else if (pattern[0] == '?') {
    token.kind = GlobToken::Kind::kAny;
  } else if (pattern[0] == '\\' && pattern.size() > 1) {
    token.literal = pattern[1];
    used = 2;
  } else if (pattern[0] == '[') {
    token.kind = GlobToken::Kind::kSet;
    token.negated = pattern.size() > 1 && pattern[1] == '^';
    const size_t begin = token.negated ? 2 : 1;
    size_t end = begin;
    while (end < pattern.size() && pattern[end] != ']')
      end += set_element_size(pattern.substr(end));
    token.set = pattern.substr(begin, end - begin);
    used = std::min(end + 1, pattern.size());
  }
  pattern.remove_prefix(used);
  return token;
}

bool token_accepts(const GlobToken& token, char c, bool ignore_case) {
  switch (token.kind) {
    case GlobToken::Kind::kSet:
      return set_contains(token.set, c, ignore_case) != token.negated;
    case GlobToken::Kind::kLiteral:
      return ignore_case ? to_lower(token.literal) == to_lower(c) : token.literal == c;
    default:
      return true;
  }
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return upper;
}

// Only the last star is ever returned to: what it left unmatched is all that can change the
// outcome.  That bounds the work without recursion.
bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case) {
  std::string_view after_star;
  size_t star_at = 0;
  bool has_star = false;
  size_t at = 0;
  while (at < text.size() || !pattern.empty()) {
    if (!pattern.empty()) {
      std::string_view rest = pattern;
      const GlobToken token = next_token(rest);
      if (token.kind == GlobToken::Kind::kStar) {
        pattern = after_star = rest;
        star_at = at;
        has_star = true;
        continue;
      }
      if (at < text.size() && token_accepts(token, text[at], ignore_case)) {
        pattern = rest;
        ++at;
        continue;
      }
    }
    if (!has_star || star_at >= text.size()) return false;
    pattern = after_star;
    at = ++star_at;
  }
  return true;
}

std::string cut_text(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  return std::string(text.substr(0, most)) + "... (" + std::to_string(text.size() - most) +
         " more bytes)";
}

std::string human_bytes(uint64_t bytes) {
  char text[32];
  if (bytes < 1024) {
    std::snprintf(text, sizeof(text), "%lluB", static_cast<unsigned long long>(bytes));
    return text;
  }
  double value = static_cast<double>(bytes);
  const char* unit = "KMGTP";
  value /= 1024;
  while (value >= 1024 && unit[1] != '\0') {
    value /= 1024;
    ++unit;
  }
  std::snprintf(text, sizeof(text), "%.2f%c", value, *unit);
  return text;
}

std::string quoted_for_log(std::string_view bytes) {
  std::string text(bytes);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
  return "'" + text + "'";
}

std::string_view next_word(std::string_view& words) {
  const size_t begin = std::min(words.find_first_not_of(' '), words.size());
  words.remove_prefix(begin);
  const std::string_view word = words.substr(0, words.find(' '));
  words.remove_prefix(word.size());
  return word;
}

bool is_host(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f || c == '"' || c == '\'' || c == '\\';
  });
}

}  // namespace weir
