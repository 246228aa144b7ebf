// Splits one line of text into words, with quotes: the syntax that inline requests, lines of the
// configuration file, multi-value settings and command-line options have in common.
//
//   set  "two words\x0a"  'it\'s'  plain     →   set · two words<newline> · it's · plain
//
// Words stand between blanks, of which \v and \f end none.  Inside double quotes \n \r \t \b \a and
// \xHH are bytes, and a backslash before anything else gives that character; inside single quotes
// only \' is special. A closing quote ends the word, so a blank or the end must follow it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::resp {

/// As the C locale has it, whatever the process's locale.
constexpr bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The words of `line`, none for a blank line; nothing when quotes are unbalanced.
/// Cost: O(length).  Source: inline requests, Redis 8.8.
std::optional<std::vector<std::string>> split_words(std::string_view line);

/// `word` in double quotes, every byte outside printable ASCII escaped, so that split_words reads
/// exactly `word` back.  The form that CONFIG REWRITE writes.
std::string quote_word(std::string_view word);

}  // namespace weir::resp
