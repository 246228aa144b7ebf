// How much memory a stream takes: MEMORY USAGE and DEBUG OBJECT.
//
// Counted is what the allocators really gave, slots of slabs and size classes included.  A tree of
// many leaves need not be walked: leaves are drawn from equal parts of the weight, so that each one
// stands for so much of the weight, and its bytes for so many bytes.  The same holds for the inner
// nodes above them.
#include <algorithm>

#include <malloc.h>

#include "streams/node_memory.h"
#include "streams/radix_cursor.h"
#include "streams/stream.h"

namespace weir {
namespace {

/// What the allocator gave for a small object.
size_t bytes_given(const void* object) {
  return malloc_usable_size(const_cast<void*>(object));
}

template <class T>
size_t bytes_given(const std::vector<T>& vector) {
  return vector.capacity() == 0 ? 0 : bytes_given(static_cast<const void*>(vector.data()));
}

/// Slots of slabs are what they say; all else comes from the C allocator.
template <class Leaf>
size_t leaf_bytes(const Leaf& leaf) {
  const size_t asked = leaf.memory_bytes();
  return is_in_slab(asked) ? asked : bytes_given(&leaf);
}

size_t leaf_bytes(const OwnedBlock&) {
  return sizeof(OwnedBlock);
}

size_t inner_bytes(RadixRef ref) {
  if (!ref.is_node()) return 0;
  size_t bytes = kRadixShapes[ref.node()->shape].bytes();
  for (const RadixRef child : children(*ref.node()))
    bytes += inner_bytes(child);
  return bytes;
}

template <class Leaf>
size_t walked_bytes(const RadixTree<Leaf>& tree) {
  size_t bytes = 0;
  for (Cursor<Leaf> cursor(tree, kMinStreamId); cursor; cursor.next())
    bytes += leaf_bytes(*cursor);
  return bytes;
}

/// Bytes for each unit of weight of all that is on the way to the n-th one.
template <class Leaf>
double bytes_per_weight(RadixRef ref, uint64_t n) {
  double sum = 0;
  while (ref.is_node()) {
    sum += static_cast<double>(kRadixShapes[ref.node()->shape].bytes()) /
           static_cast<double>(ref.weight());
    const RadixRef* child = children(*ref.node()).data();
    for (; n >= child->weight(); ++child)
      n -= child->weight();
    ref = *child;
  }
  const Leaf& leaf = *static_cast<const Leaf*>(ref.leaf());
  return sum + static_cast<double>(leaf_bytes(leaf)) / leaf.weight;
}

/// Of leaves and inner nodes.  Drawn is one of each of `samples` equal parts, somewhere in it: what
/// comes again at even distances must not always, or never, be drawn.
template <class Leaf>
size_t sampled_bytes(const RadixTree<Leaf>& tree, size_t samples) {
  constexpr double kGolden = 0.6180339887498949;  // its multiples are the most uneven there are
  const uint64_t total = tree.total_weight();
  const double part = static_cast<double>(total) / static_cast<double>(samples);
  double per_weight = 0;
  for (size_t i = 0; i < samples; ++i) {
    const auto number = static_cast<double>(i);
    const auto whole = static_cast<double>(static_cast<uint64_t>(number * kGolden));
    const double place = number + number * kGolden - whole;
    const auto drawn = std::min(static_cast<uint64_t>(part * place), total - 1);
    per_weight += bytes_per_weight<Leaf>(tree.view().root(), drawn);
  }
  return static_cast<size_t>(per_weight / static_cast<double>(samples) *
                             static_cast<double>(total));
}

/// `apart`: a leaf without weight, if there is one.
template <class Leaf>
size_t tree_bytes(const RadixTree<Leaf>& tree, size_t samples, const Leaf* apart = nullptr) {
  if (tree.is_empty()) return 0;
  if (samples == 0 || tree.leaf_count() <= samples)
    return inner_bytes(tree.view().root()) + walked_bytes(tree);
  return sampled_bytes(tree, samples) + (apart != nullptr ? leaf_bytes(*apart) : 0);
}

}  // namespace

size_t PendingList::memory_bytes(size_t samples) const {
  size_t bytes = tree_bytes(blocks_, samples) + bytes_given(consumers_) + order_.memory_bytes();
  const size_t consumers = consumers_.size() - free_numbers_;
  const size_t samples_of_one =
      samples == 0 || consumers == 0 ? 0 : std::max<size_t>(samples / consumers, 1);
  for (const Consumer::Ptr& consumer : consumers_) {
    if (consumer == nullptr) continue;
    bytes += bytes_given(consumer.get()) + tree_bytes(consumer->blocks(), samples_of_one);
    if (consumer->has_holdings()) bytes += bytes_given(consumer->holdings_);
  }
  return bytes;
}

size_t ConsumerGroup::memory_bytes(size_t samples) const {
  const bool has_long_name = name_.capacity() > std::string().capacity();
  const size_t bytes = bytes_given(this) + (has_long_name ? bytes_given(name_.data()) : 0);
  if (!members_) return bytes;
  return bytes + bytes_given(members_.get()) + bytes_given(members_->order) +
         members_->pending.memory_bytes(samples);
}

size_t ConsumerGroups::memory_bytes(size_t samples) const {
  size_t bytes = bytes_given(groups_);
  for (const std::unique_ptr<ConsumerGroup>& group : groups_)
    bytes += group->memory_bytes(samples);
  return bytes;
}

size_t Stream::memory_bytes(size_t samples) const {
  size_t bytes = tree_bytes<StreamNode>(tree_, samples, tail_);
  if (!extra_) return bytes;
  bytes += bytes_given(extra_.get()) + extra_->groups.memory_bytes(samples);
  if (idempotence() != nullptr) bytes += idempotence()->memory_bytes();
  return bytes;
}

}  // namespace weir
