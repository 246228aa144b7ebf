// The commands of a fuzzer's input: a command a line, words separated by blanks.  A byte above 127
// is a whole word of the target's list, so that one changed byte is another option.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::testing {

inline constexpr uint8_t kFirstWordByte = 0x80;

/// The next command of the input; nothing at its end.
inline std::optional<std::vector<std::string>> next_command(std::string_view& input,
                                                            std::span<const char* const> list) {
  if (input.empty()) return std::nullopt;
  const std::string_view line = input.substr(0, input.find('\n'));
  input.remove_prefix(std::min(input.size(), line.size() + 1));
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : line) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= kFirstWordByte) {
      words.emplace_back(list[(byte - kFirstWordByte) % list.size()]);
    } else if (c != ' ') {
      if (!in_word) words.emplace_back();
      words.back() += c;
    }
    in_word = byte < kFirstWordByte && c != ' ';
  }
  return words;
}

}  // namespace weir::testing
