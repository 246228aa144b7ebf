// Where stream nodes get their memory: slabs with size classes 8 bytes apart.
//
//   slab of one size class       ┌──────┬────────┬────────┬────────┬──
//   (up to 128 slots, one block  │ head │ slot 0 │ slot 1 │ slot 2 │ …
//   of the C allocator)          └──────┴────────┴────────┴────────┴──
//
// A full node of 100 small entries has 2.6 to 2.9 KB.  A general allocator's classes are a quarter
// of a power of two apart (2,560, 3,072 …), which costs 15 % of all memory of a stream; here it is
// about 1 %.  A class's first slabs are small and later ones grow with it; those of a class that
// has grown large get their pages all at once.  Nodes up to 1 KiB and above 8 KiB come from the C
// allocator.
//
// The memory knows its slot number instead of the slab being aligned, so that slabs need no
// address arithmetic tricks.
//
// All of it belongs to the main thread.  One other thread may free, while it has a RemoteNodeFrees:
//
//   helper: free ─► marks of its own in the slab's head ─┬─ all slots of it came: frees the slab
//                                                        └─ hand_over(): a chain of slots per slab
//   main:   take_back_node_memory() ◄── list without a lock ◄──┘
//
// A slab whose every slot came to the helper is known to nobody else: the main thread keeps only
// slabs with a free slot in its lists.  So most memory of a great stream never comes back to the
// main thread, and what does comes a slab at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir {

/// Greatest number of a slot: it fits into 7 bits.
inline constexpr uint8_t kMaxNodeSlot = 127;

struct NodeMemory {
  void* at = nullptr;
  size_t bytes = 0;  // at least what was asked for; all of it may be used
  uint8_t slot = 0;  // for the allocator; to be given back with the memory
};

/// Never fails: without memory the process stops.  Cost: O(1).
NodeMemory allocate_node_memory(size_t bytes);
void free_node_memory(const NodeMemory& memory);

/// Main thread: takes back what was handed over, up to `most` slabs; returns whether there is more.
/// Cost: some cache misses for each.
bool take_back_node_memory(size_t most);

/// While it lives, free_node_memory() may be called by its thread, too, for memory that the main
/// thread has let go.  There is one at a time.
class RemoteNodeFrees {
 public:
  RemoteNodeFrees();
  RemoteNodeFrees(const RemoteNodeFrees&) = delete;
  RemoteNodeFrees& operator=(const RemoteNodeFrees&) = delete;
  ~RemoteNodeFrees();

  /// Gives the main thread the slots of slabs of which not all came.  Now and then is often enough:
  /// the longer it waits, the more slabs come whole.
  void hand_over();

 private:
  friend void free_node_memory(const NodeMemory& memory);
  void free(const NodeMemory& memory);

  struct Slabs;
  std::unique_ptr<Slabs> slabs_;
};

/// Whether an allocation of that size is a slot of a slab; the others are from the C allocator.
bool is_in_slab(size_t bytes);
/// The size that an allocation of `bytes` would have.
size_t node_memory_bytes(size_t bytes);

/// What the slabs hold beyond the memory handed out: free slots, wherever they are on their way,
/// and what is left at the ends of slabs, in bytes.  Like the free slots of the C allocator's own
/// slabs it is in use by nobody.
size_t node_memory_reserve();

}  // namespace weir
