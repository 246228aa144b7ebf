// Small questions about text that several commands ask.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

namespace detail {

/// Whether eight letters of each side are the same but for their case.
constexpr bool same_but_case(uint64_t a, uint64_t b) {
  constexpr uint64_t kEach = 0x0101010101010101;
  constexpr uint64_t kCaseBits = kEach * ('a' ^ 'A');
  const uint64_t difference = a ^ b;
  if (difference == 0) return true;
  if ((difference & ~kCaseBits) != 0) return false;
  // Bytes that differ in the case bit must be letters; the highest bit of each byte answers.
  const uint64_t lower = b | kCaseBits;
  const uint64_t low_bits = lower & kEach * 0x7f;
  const uint64_t from_a = low_bits + kEach * (0x80 - 'a');
  const uint64_t above_z = low_bits + kEach * (0x80 - 'z' - 1);
  const uint64_t letters = from_a & ~above_z & ~lower;
  return ((difference << 2) & ~letters) == 0;
}

/// One to eight bytes of text in a word, some of them twice.
inline uint64_t word_of(const char* text, size_t size) {
  uint64_t word = 0;
  if (size == sizeof(word)) {
    std::memcpy(&word, text, sizeof(word));
  } else if (size >= 4) {
    uint32_t half = 0;
    std::memcpy(&half, text, sizeof(half));
    word = half;
    std::memcpy(&half, text + size - sizeof(half), sizeof(half));
    word = word << 32 | half;
  } else {
    for (const size_t i : {size_t{0}, size / 2, size - 1})
      word = word << 8 | static_cast<uint8_t>(text[i]);
  }
  return word;
}

}  // namespace detail

/// ASCII, as command and option names are.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  constexpr size_t kWord = sizeof(uint64_t);
  if (a.size() != b.size()) return false;
  const char* left = a.data();
  const char* right = b.data();
  size_t size = a.size();
  for (; size > kWord; size -= kWord, left += kWord, right += kWord) {
    if (!detail::same_but_case(detail::word_of(left, kWord), detail::word_of(right, kWord)))
      return false;
  }
  return size == 0 ||
         detail::same_but_case(detail::word_of(left, size), detail::word_of(right, size));
}

/// The same, quicker, of a command's name, which is in lower case.  A yes is certain; a no may only
/// mean that the name is longer than most, or has other characters than letters.
inline bool is_name_quickly(std::string_view word, std::string_view name) {
  constexpr size_t kHalf = sizeof(uint64_t);
  constexpr uint64_t kCaseBits = 0x2020202020202020;
  if (word.size() != name.size() || word.empty() || word.size() > 2 * kHalf) return false;
  const auto differ = [&](size_t at, size_t size) {
    return (detail::word_of(word.data() + at, size) | kCaseBits) !=
           detail::word_of(name.data() + at, size);
  };
  if (word.size() <= kHalf) return !differ(0, word.size());
  return !differ(0, kHalf) && !differ(word.size() - kHalf, kHalf);
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// Redis's glob: * ? [abc] [^a] [a-z] \x.  Cost: O(pattern x text), whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case = false);

/// The text, or its first `most` bytes and how many are missing: "xxxx... (96 more bytes)".
std::string cut_text(std::string_view text, size_t most);

/// Bytes for people: "512B", "1.50K", "2.00M".
std::string human_bytes(uint64_t bytes);

/// Between quotes, with dots for what cannot be printed: bytes of a peer, for the log.
std::string quoted_for_log(std::string_view bytes);
/// The next of the words that blanks separate; removes it from `words`.
std::string_view next_word(std::string_view& words);

/// Of TCP.
inline constexpr int64_t kLargestPort = 65535;
/// Whether a server may be called so: something without blanks, quotes and the like, which stands
/// in lines of INFO and of the configuration as it is.
bool is_host(std::string_view text);

}  // namespace weir
