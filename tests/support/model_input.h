// The bytes that a model reads its choices from: from a random generator in the model tests,
// invented by libFuzzer in the fuzz targets.  When they are used up every choice is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir {

class ModelInput {
 public:
  explicit ModelInput(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_used_up() const { return bytes_.empty(); }
  size_t left() const { return bytes_.size(); }

  uint8_t byte() {
    if (bytes_.empty()) return 0;
    const uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  /// A number below n, 0 < n <= 2^24.
  uint64_t draw(uint64_t n) {
    uint64_t value = byte();
    if (n > 256) value = value << 8 | byte();
    if (n > 65536) value = value << 8 | byte();
    return value % n;
  }

  /// Any number of 64 bits.
  uint64_t draw_wide() {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
      value = value << 8 | byte();
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace weir
