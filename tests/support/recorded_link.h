// The recordings of golden/repl/: what two servers said to each other.
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/text_file.h"

namespace weir::testing {

/// One line of a recording.
struct RecordedBytes {
  bool is_from_primary = false;
  std::string bytes;
};

/// A string as Python prints its bytes, without the quotes.
inline std::string unquoted_bytes(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x') {
      bytes +=
          static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      bytes += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return bytes;
}

/// What went over a connection, "c1", in the part of a recording whose title begins with `part`.
inline std::vector<RecordedBytes> recorded_link(const std::string& file, std::string_view part,
                                                std::string_view connection) {
  std::vector<RecordedBytes> link;
  std::istringstream lines(read_text(std::string(WEIR_SOURCE_DIR "/tests/golden/repl/") + file));
  bool is_in_part = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("###")) is_in_part = line.starts_with("### " + std::string(part));
    const size_t at = line.find(" " + std::string(connection) + " ");
    if (!is_in_part || at == std::string::npos) continue;
    const char direction = line[at + connection.size() + 2];
    const size_t begin = line.find('\'') + 1;
    if (direction != '<' && direction != '>') continue;
    link.push_back({direction == '<', unquoted_bytes(std::string_view(line).substr(
                                          begin, line.rfind('\'') - begin))});
  }
  return link;
}

inline std::string all_bytes(const std::vector<RecordedBytes>& link, bool of_primary) {
  std::string all;
  for (const RecordedBytes& part : link) {
    if (part.is_from_primary == of_primary) all += part.bytes;
  }
  return all;
}

}  // namespace weir::testing
