// Which nodes are packed: only where a sample says that it pays.
//
// Packing costs about 8 ns for each byte, many times what copying does, and gains nothing on what
// has no repetitions.  The nodes of a stream are like each other, and those of a server's streams
// often are, so one node in kPeriod is tried, and the next ones go its way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

class NodePacking {
 public:
  explicit NodePacking(bool is_wanted) : is_wanted_(is_wanted) {}

  /// A stream of so many nodes follows.
  void begin_stream(uint64_t node_count);

  /// What the node's bytes packed are, for as long as nothing else is asked; nothing if it is to be
  /// written as it is.
  std::optional<std::string_view> packed(std::string_view node);

 private:
  bool is_wanted_;
  bool pays_ = false;
  uint32_t until_next_sample_ = 0;
  std::string packed_;
};

}  // namespace weir
