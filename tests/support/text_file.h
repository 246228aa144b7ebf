// Small files as text.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace weir::testing {

/// All bytes of a file; nothing where there is none.
inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace weir::testing
