#include "persistence/node_packing.h"

#include "persistence/lzf.h"

namespace weir {
namespace {

/// Of how many nodes one is a sample.
constexpr uint32_t kPeriod = 64;

/// Anything shorter is never packed, in bytes.
constexpr size_t kLeastPacked = 20;
/// Fewest bytes that packing a node must save, as in Redis.
constexpr size_t kLeastSaved = 4;
/// It pays if at least one byte in so many is saved: the disk takes about as long for that as
/// packing does for all.
constexpr size_t kSharePays = 4;

}  // namespace

/// A stream that will be most of what is written is asked itself; small ones go with those before.
void NodePacking::begin_stream(uint64_t node_count) {
  if (node_count >= kPeriod / 4) until_next_sample_ = 0;
}

std::optional<std::string_view> NodePacking::packed(std::string_view node) {
  if (!is_wanted_ || node.size() <= kLeastPacked) return std::nullopt;
  const bool is_sample = until_next_sample_ == 0;
  until_next_sample_ = is_sample ? kPeriod - 1 : until_next_sample_ - 1;
  if (!is_sample && !pays_) return std::nullopt;
  const bool is_smaller = pack_lzf(node, kLeastSaved, packed_);
  if (is_sample) pays_ = is_smaller && packed_.size() <= node.size() - node.size() / kSharePays;
  if (!is_smaller || !pays_) return std::nullopt;
  return packed_;
}

}  // namespace weir
