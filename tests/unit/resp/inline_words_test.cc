#include "resp/inline_words.h"

#include <catch2/catch.hpp>

using weir::resp::quote_word;
using weir::resp::split_words;
using Words = std::vector<std::string>;

TEST_CASE("words stand between blanks, and a blank line has none", "[inline_words]") {
  CHECK(split_words("SET key  value\t1\r") == Words{"SET", "key", "value", "1"});
  CHECK(split_words("  \t ") == Words{});
  CHECK(split_words("") == Words{});
}

TEST_CASE("vertical tabs and form feeds stand in front of words, and within", "[inline_words]") {
  CHECK(split_words(" \v\fECHO\v a\fb\v\r") == Words{"ECHO\v", "a\fb\v"});
  CHECK(split_words("'a'\f\"b\"") == Words{"a", "b"});
}

TEST_CASE("double quotes keep blanks and read escapes", "[inline_words]") {
  CHECK(split_words(R"("two words" x)") == Words{"two words", "x"});
  CHECK(split_words(R"("\n\r\t\b\a")") == Words{"\n\r\t\b\a"});
  CHECK(split_words(R"("\x41\x6a\x00")") == Words{std::string("Aj\0", 3)});
  CHECK(split_words(R"("\"\\")") == Words{"\"\\"});
}

TEST_CASE("an unknown or incomplete escape gives the character itself", "[inline_words]") {
  CHECK(split_words(R"("\q\x4\xg1")") == Words{"qx4xg1"});
}

TEST_CASE("single quotes know only the escaped single quote", "[inline_words]") {
  CHECK(split_words(R"('it\'s' '\n' 'a"b')") == Words{"it's", "\\n", "a\"b"});
}

TEST_CASE("an empty pair of quotes is an empty word", "[inline_words]") {
  CHECK(split_words(R"(save "" '')") == Words{"save", "", ""});
}

TEST_CASE("quotes may open inside a word", "[inline_words]") {
  CHECK(split_words(R"(a"b c" d)") == Words{"ab c", "d"});
}

TEST_CASE("a quote that is not closed is an error", "[inline_words]") {
  CHECK_FALSE(split_words(R"("open)"));
  CHECK_FALSE(split_words(R"('open)"));
  CHECK_FALSE(split_words(R"("open\")"));
  CHECK_FALSE(split_words(R"("open\)"));
}

TEST_CASE("a closing quote must be followed by a blank or the end", "[inline_words]") {
  CHECK_FALSE(split_words(R"("a"b)"));
  CHECK_FALSE(split_words(R"('a'"b")"));
  CHECK(split_words("\"a\"\tb") == Words{"a", "b"});
}

TEST_CASE("bytes outside ASCII and NUL are ordinary characters of a word", "[inline_words]") {
  CHECK(split_words(std::string_view("a\0b \xc3\xa9", 6)) ==
        Words{std::string("a\0b", 3), "\xc3\xa9"});
}

TEST_CASE("a quoted word is printable and reads back as it was", "[inline_words]") {
  CHECK(quote_word("plain") == R"("plain")");
  CHECK(quote_word("") == R"("")");
  CHECK(quote_word("a \"b\"\\\n\x01\xff") == R"("a \"b\"\\\n\x01\xff")");
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte)
    every_byte += static_cast<char>(byte);
  CHECK(split_words(quote_word(every_byte)) == Words{every_byte});
}
