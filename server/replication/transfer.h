// The snapshot inside the bytes that a primary sends: where it begins, and where it ends.
//
//   $237\r\n        │ 237 bytes                         │ the stream
//   $EOF:<mark>\r\n │ bytes, as many as there are │<mark>│ the stream
//
// The mark is 40 characters drawn for this transfer, so that it is no part of a snapshot but by a
// chance of 2^-160.  As long as it has not come, as many of the last bytes as could be its
// beginning are left where they are.
//
// Always: the pieces together are the snapshot, however the bytes are cut, and not a byte behind it
// is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

class Transfer {
 public:
  static constexpr size_t kMarkBytes = 40;

  /// From the line that announces it, without its line end; nothing if it is no such line.
  static std::optional<Transfer> announced(std::string_view line);

  struct Piece {
    std::string_view bytes;  // of the snapshot: the first ones of the input
    size_t consumed = 0;     // of the input: these, and the mark behind the last of them
    bool is_last = false;
  };
  /// `input`: what follows what was consumed so far.
  Piece next(std::string_view input);

  /// Nothing if nobody knows before its end.
  std::optional<uint64_t> total_bytes() const { return total_bytes_; }
  uint64_t received_bytes() const { return received_bytes_; }
  bool ends_with_mark() const { return !total_bytes_; }

 private:
  Piece next_by_mark(std::string_view input);

  std::optional<uint64_t> total_bytes_;
  std::string mark_;
  uint64_t received_bytes_ = 0;
};

}  // namespace weir
