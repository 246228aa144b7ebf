// The words of a recorded command: split a line, undo escapes, put in what was kept.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::wire {

/// What lines like `1= name` have kept, by name.
using Kept = std::map<std::string, std::string>;

struct Word {
  std::string text;
  bool literal = false;  // came in '…': nothing is put in
};

/// Reads the string in double quotes at the beginning of `text` and takes it off.  Throws
/// std::runtime_error when it does not end or holds an unknown escape.
std::string take_quoted(std::string_view& text);

/// The byte that an escape stands for, taken off `text`, which begins behind the backslash.
/// Throws std::runtime_error when it is none.
char take_escape(std::string_view& text);

/// Words separated by blanks; `"…"` with escapes, `'…'` without.
std::vector<Word> split_words(std::string_view line);

/// `{name}` becomes the value kept under that name, `{500*x}` 500 times x.  What stands in other
/// braces stays as it is.
std::string expand(const Word& word, const Kept& kept);

std::string lower(std::string_view text);

/// The beginning of a long text, for a report that somebody reads.
std::string shortened(std::string text);

}  // namespace weir::wire
