#include "server/replication/transfer.h"

#include <algorithm>
#include <cstring>

#include "resp/whole_number.h"

namespace weir {
namespace {

constexpr std::string_view kMarkWord = "$EOF:";

}  // namespace

std::optional<Transfer> Transfer::announced(std::string_view line) {
  Transfer transfer;
  if (line.starts_with(kMarkWord)) {
    transfer.mark_ = line.substr(kMarkWord.size());
    if (transfer.mark_.size() != kMarkBytes) return std::nullopt;
    return transfer;
  }
  if (!line.starts_with('$')) return std::nullopt;
  transfer.total_bytes_ = resp::whole_number<uint64_t>(line.substr(1));
  if (!transfer.total_bytes_) return std::nullopt;
  return transfer;
}

Transfer::Piece Transfer::next(std::string_view input) {
  Piece piece;
  if (ends_with_mark()) {
    piece = next_by_mark(input);
  } else {
    const uint64_t left = *total_bytes_ - received_bytes_;
    piece.bytes = input.substr(0, std::min<uint64_t>(left, input.size()));
    piece.consumed = piece.bytes.size();
    piece.is_last = piece.bytes.size() == left;
  }
  received_bytes_ += piece.bytes.size();
  return piece;
}

Transfer::Piece Transfer::next_by_mark(std::string_view input) {
  // It may skip what cannot be the mark; string_view::find() stops at each first character of it.
  const void* const found = memmem(input.data(), input.size(), mark_.data(), mark_.size());
  if (found != nullptr) {
    const auto at = static_cast<size_t>(static_cast<const char*>(found) - input.data());
    return {.bytes = input.substr(0, at), .consumed = at + kMarkBytes, .is_last = true};
  }
  const size_t certain = input.size() - std::min(input.size(), kMarkBytes - 1);
  return {.bytes = input.substr(0, certain), .consumed = certain};
}

}  // namespace weir
