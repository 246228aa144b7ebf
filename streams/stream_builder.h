// Makes a stream out of what was written of one: nodes, counters, groups, in this order.
//
// What comes is not trusted: each step says what is wrong with it.  After a wrong one the builder
// is only good for being destroyed.  What it takes is a stream that keeps all the rules of its
// header; what a file may say of it beyond that (a first ID that is wrong, a last ID below an
// entry) is made right.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "streams/stream.h"

namespace weir {

class StreamBuilder {
 public:
  enum class Fault : uint8_t {
    kNone,
    kBroken,       // no node, see StreamNode::Fault
    kEmpty,        // no elements
    kUnordered,    // IDs of a node's live entries that do not ascend
    kSameKey,      // as the node before
    kOverlapping,  // a key below the one before, or below a live entry of the node before
    kNoEntries,    // a length, and no nodes
    kLength,       // another one than the nodes' entries
  };

  StreamBuilder() = default;
  StreamBuilder(const StreamBuilder&) = delete;
  StreamBuilder& operator=(const StreamBuilder&) = delete;
  ~StreamBuilder();

  /// The next node.  One without live entries is checked and dropped.  Cost: O(bytes).
  Fault add_node(const StreamId& key, std::span<const uint8_t> listpack);

  struct Counters {
    uint64_t length = 0;
    StreamId last_id;
    StreamId max_deleted_id;
    uint64_t entries_added = 0;
  };
  /// After all nodes.
  Fault set_counters(const Counters& counters);

  /// After the counters.  entries_read: -1 is unknown; nothing: to be estimated.  Null if there is
  /// a group of that name.
  ConsumerGroup* add_group(std::string_view name, const StreamId& last_id,
                           std::optional<int64_t> entries_read);

  /// For what the stream's own functions can do.
  Stream& stream() { return stream_; }
  Stream take() { return std::move(stream_); }

 private:
  void drop_tombstones_from(const StreamId& key);

  Stream stream_;
  StreamNode* last_ = nullptr;  // not in the tree yet
  bool has_nodes_ = false;
  StreamId last_key_;
  StreamId last_live_;  // ID of the last live entry so far
};

}  // namespace weir
