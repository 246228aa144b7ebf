// Commands as they stand in a log, from words between blanks.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace weir::testing {

/// "XADD s 1-0 f v" → "*5\r\n$4\r\nXADD\r\n…"; several lines are several commands.
inline std::string commands(const std::string& lines) {
  std::string bytes;
  std::istringstream text(lines);
  for (std::string line; std::getline(text, line);) {
    std::istringstream rest(line);
    std::vector<std::string> words;
    for (std::string word; rest >> word;)
      words.push_back(word);
    bytes += "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words)
      bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

}  // namespace weir::testing
