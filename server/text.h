// Small questions about text that several commands ask.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// ASCII, as command and option names are.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  constexpr int kCaseBit = 'a' ^ 'A';
  for (size_t i = 0; i < a.size(); ++i) {
    const int difference = a[i] ^ b[i];
    if (difference == 0) continue;
    const char lower = static_cast<char>(b[i] | kCaseBit);
    if (difference != kCaseBit || lower < 'a' || lower > 'z') return false;
  }
  return true;
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// Redis's glob: * ? [abc] [^a] [a-z] \x.  Cost: O(pattern x text), whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case = false);

/// Bytes for people: "512B", "1.50K", "2.00M".
std::string human_bytes(uint64_t bytes);

/// The next of the words that blanks separate; removes it from `words`.
std::string_view next_word(std::string_view& words);

}  // namespace weir
