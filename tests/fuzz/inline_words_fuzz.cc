// Any line splits or is refused without harm, and whatever is quoted reads back as it was.
#include <cassert>
#include <cstdint>

#include "resp/inline_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  using weir::resp::quote_word;
  using weir::resp::split_words;

  const auto whole = split_words(quote_word(input));
  assert(whole && whole->size() == 1 && whole->front() == input);

  const auto words = split_words(input);
  if (!words) return 0;
  std::string line;
  for (const std::string& word : *words)
    line += quote_word(word) + ' ';
  assert(split_words(line) == words);
  return 0;
}
