// Globs as Redis matches them, sizes as people read them, and words.
#include "server/text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/patience.h"

namespace weir::testing {
namespace {

/// Those of the texts that the pattern matches, "a b".
std::string matched(std::string_view pattern, const std::vector<std::string_view>& texts,
                    bool ignore_case = false) {
  std::string found;
  for (const std::string_view text : texts) {
    if (glob_matches(pattern, text, ignore_case))
      found.append(found.empty() ? "" : " ").append(text);
  }
  return found;
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

}  // namespace

TEST_CASE("A host has no blanks, quotes or control characters", "[text]") {
  for (const char* const host : {"a", "127.0.0.1", "::1", "fe80::1%eth0", "a-b.c_d", "\xc3\xa9"})
    CHECK(is_host(host));
  for (const char* const text :
       {"", " ", "a b", "a\tb", "a\nb", "\"a\"", "'", "\\", "\x7f", "\x01"})
    CHECK_FALSE(is_host(text));
}

TEST_CASE("A pattern without signs matches itself alone", "[glob]") {
  CHECK(matched("abc", {"abc", "ab", "abcd", "xabc", "ABC", ""}) == "abc");
  CHECK(glob_matches("", ""));
  CHECK_FALSE(glob_matches("", "a"));
}

TEST_CASE("A star matches any bytes, also none", "[glob]") {
  CHECK(glob_matches("*", ""));
  CHECK(matched("*", {"a", "abc"}) == "a abc");
  CHECK(matched("a*", {"a", "abc", "ba"}) == "a abc");
  CHECK(matched("*c", {"c", "abc", "cb"}) == "c abc");
  CHECK(matched("a*c", {"ac", "abc", "abcbc", "abcb", "a", "c"}) == "ac abc abcbc");
  CHECK(matched("a**b*", {"ab", "axbx", "a", "ba"}) == "ab axbx");
  CHECK(matched("*ab*ba*", {"abba", "aba", "xabxbax", "baab"}) == "abba xabxbax");
}

TEST_CASE("A question mark matches one byte, whichever", "[glob]") {
  CHECK(matched("?", {"", "a", "*", "ab"}) == "a *");
  CHECK(matched("a?c", {"abc", "a?c", "ac", "abbc"}) == "abc a?c");
  CHECK(matched("*??", {"a", "ab", "abc"}) == "ab abc");
  CHECK(glob_matches("a?b", std::string_view("a\0b", 3)));
}

TEST_CASE("A set matches one byte of those in it", "[glob]") {
  CHECK(matched("h[ae]llo", {"hello", "hallo", "hillo", "hllo", "haello"}) == "hello hallo");
  CHECK(matched("[*?]", {"*", "?", "a"}) == "* ?");
  CHECK(matched("x[]y", {"xy", "x]y", "xay"}).empty());
}

TEST_CASE("A negated set matches one byte that is not in it", "[glob]") {
  CHECK(matched("h[^e]llo", {"hello", "hallo", "hbllo", "hllo"}) == "hallo hbllo");
  CHECK(matched("[a^]", {"a", "^", "b"}) == "a ^");
  CHECK(matched("[^]", {"a", "]", ""}) == "a ]");
}

TEST_CASE("A range in a set includes both ends, in either order", "[glob]") {
  CHECK(matched("[b-d]", {"a", "b", "c", "d", "e", "-"}) == "b c d");
  CHECK(matched("[d-b]", {"a", "b", "c", "d", "e", "-"}) == "b c d");
  CHECK(matched("[^b-d]", {"a", "b", "c", "d", "e", "-"}) == "a e -");
  CHECK(matched("[a-cx-z0]", {"b", "y", "0", "d", "-"}) == "b y 0");
  CHECK(matched("[\x80-\xff]", {"\x80", "\xe4", "a"}) == "\x80 \xe4");
}

TEST_CASE("A range may end in a bracket, and the set goes on behind it", "[glob]") {
  CHECK(matched("[a-]x", {"a", "_", "]", "x", "-", "ax"}) == "a _ ] x");
  CHECK(matched("[a-]b]c", {"ac", "bc", "a"}) == "ac bc");
  CHECK(matched("[a-", {"a", "-", "b"}) == "a -");
}

TEST_CASE("A backslash takes the next byte for itself", "[glob]") {
  CHECK(matched("a\\*b", {"a*b", "axb", "a\\*b"}) == "a*b");
  CHECK(matched("\\?\\[", {"?[", "x["}) == "?[");
  CHECK(matched("\\\\", {"\\", "\\\\"}) == "\\");
  CHECK(matched("[\\]\\^]", {"]", "^", "\\"}) == "] ^");
  CHECK(matched("\\a", {"a", "\\a"}) == "a");
}

TEST_CASE("A pattern that breaks off is taken as far as it goes", "[glob]") {
  CHECK(matched("a\\", {"a\\", "a"}) == "a\\");
  CHECK(matched("[abc", {"a", "c", "[", "d"}) == "a c");
  CHECK(matched("[^abc", {"a", "[", "d"}) == "[ d");
  CHECK(matched("[a\\", {"a", "b"}) == "a");
  CHECK(matched("x[", {"x", "x[", "xa"}).empty());
}

TEST_CASE("Case is ignored in letters, sets and ranges if asked for", "[glob]") {
  const std::vector<std::string_view> words = {"max", "MAX", "mAx", "mix"};
  CHECK(matched("Max", words).empty());
  CHECK(matched("Max", words, true) == "max MAX mAx");
  CHECK(matched("M[A]*", words, true) == "max MAX mAx");
  CHECK(matched("[L-N]?x", words, true) == "max MAX mAx mix");
  CHECK(matched("m[^A]x", words, true) == "mix");
  CHECK(matched("m\\AX", words, true) == "max MAX mAx");
}

TEST_CASE("A glob with many stars costs no more than pattern times text", "[glob]") {
  const std::string text(10'000, 'a');
  const Clock::time_point start = Clock::now();
  CHECK_FALSE(glob_matches(repeat("a*", 500) + "b", text));
  CHECK_FALSE(glob_matches(repeat("*?", 500) + "b", text));
  CHECK_FALSE(glob_matches(repeat("*[^b]", 500) + "b", text));
  CHECK(glob_matches(repeat("*a", 500), text));
  CHECK_FALSE(glob_matches(repeat("*", 10'000) + "b", text));
  CHECK(Clock::now() - start < patient(Milliseconds(5000)));
}

TEST_CASE("A set of thousands of bytes costs no more than pattern times text", "[glob]") {
  const std::string text(2000, 'a');
  const Clock::time_point start = Clock::now();
  CHECK_FALSE(glob_matches("*[" + std::string(2000, 'x') + "]", text));
  CHECK_FALSE(glob_matches("*[^" + repeat("a-c", 700) + "]b", text));
  CHECK_FALSE(glob_matches("*" + std::string(2000, '['), text));
  CHECK(Clock::now() - start < patient(Milliseconds(5000)));
}

TEST_CASE("A text is cut where it is longer than asked for, and says by how much", "[text]") {
  CHECK(cut_text("abc", 3) == "abc");
  CHECK(cut_text("abcd", 3) == "abc... (1 more bytes)");
  CHECK(cut_text("", 0).empty());
}

TEST_CASE("Sizes are shown with two digits and the greatest unit that fits", "[text]") {
  CHECK(human_bytes(0) == "0B");
  CHECK(human_bytes(1023) == "1023B");
  CHECK(human_bytes(1024) == "1.00K");
  CHECK(human_bytes(1536) == "1.50K");
  CHECK(human_bytes((1 << 20) - 1) == "1024.00K");
  CHECK(human_bytes(1 << 20) == "1.00M");
  CHECK(human_bytes(uint64_t{5} << 29) == "2.50G");
  CHECK(human_bytes(uint64_t{3} << 40) == "3.00T");
  CHECK(human_bytes(uint64_t{7} << 50) == "7.00P");
}

TEST_CASE("Sizes beyond petabytes stay in petabytes", "[text]") {
  CHECK(human_bytes(uint64_t{1} << 60) == "1024.00P");
  CHECK(human_bytes(UINT64_MAX) == "16384.00P");
}

TEST_CASE("Names compare without regard to the case of ASCII letters", "[text]") {
  CHECK(equals_ignoring_case("maxlen", "MaxLEN"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("maxlen", "maxle"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));  // differ in the same bit as A and a
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));
  CHECK_FALSE(equals_ignoring_case("a", "b"));
}

TEST_CASE("Changing the case changes ASCII letters alone", "[text]") {
  CHECK(to_lower("AbZ@[`{0\xc4") == "abz@[`{0\xc4");
  CHECK(to_upper("aBz@[`{0\xe4") == "ABZ@[`{0\xe4");
}

TEST_CASE("Words are taken off one by one, whatever blanks are between", "[text]") {
  std::string_view words = "  one two   three ";
  CHECK(next_word(words) == "one");
  CHECK(next_word(words) == "two");
  CHECK(words == "   three ");
  CHECK(next_word(words) == "three");
  CHECK(next_word(words).empty());
  CHECK(next_word(words).empty());
}

}  // namespace weir::testing
