#include "server/replication/backlog.h"

#include <cassert>
#include <cstring>

namespace weir {

void Backlog::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto place = static_cast<size_t>(end_ - base_);
    if (place == blocks_.size() * kBlockBytes)
      blocks_.push_back(spare_ ? std::move(spare_) : Block(new char[kBlockBytes]));
    const size_t in_block = place % kBlockBytes;
    const size_t count = std::min(bytes.size(), kBlockBytes - in_block);
    std::memcpy(blocks_.back().get() + in_block, bytes.data(), count);
    end_ += static_cast<int64_t>(count);
    bytes.remove_prefix(count);
  }
}

void Backlog::trim(int64_t needed) {
  if (length() <= size_) return;
  const int64_t wanted = end_ - static_cast<int64_t>(size_);
  first_ = std::max(first_, std::min(wanted, needed));
  while (first_ - base_ >= static_cast<int64_t>(kBlockBytes)) {
    if (!spare_) spare_ = std::move(blocks_.front());
    blocks_.pop_front();
    base_ += static_cast<int64_t>(kBlockBytes);
  }
}

std::string_view Backlog::at(int64_t from) const {
  assert(can_continue(from));
  if (from == end_) return {};
  const auto place = static_cast<size_t>(from - base_);
  const size_t in_block = place % kBlockBytes;
  const size_t left = static_cast<size_t>(end_ - from);
  return {blocks_[place / kBlockBytes].get() + in_block, std::min(left, kBlockBytes - in_block)};
}

}  // namespace weir
