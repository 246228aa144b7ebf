// Frees what takes long to free in a thread of its own, so that nobody waits for it.
//
//   main thread                                     helper
//   key out of its table ─┬─ small: freed at once
//                         └─ great ──► queue ─────► frees entry by entry, node by node
//   node memory ◄── take_back_node_memory() ◄────── slabs of which it got only some slots
//
// Who deletes a stream takes it out of every list and table first; from then on only the helper
// knows it, whatever its size, in O(1).  Whole tables (FLUSHALL) go the same way.  The helper is
// started when there is something to do for the first time; it blocks all signals, which are the
// main thread's, and lets that go first where they share a core.  Where the system refuses a thread
// the main one frees, and tries again the next time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>

#include "server/data/key_table.h"
#include "streams/node_memory.h"
#include "streams/stream.h"

namespace weir {

class LazyFree {
 public:
  /// Allocations from which freeing something is left to the helper: a few microseconds of work.
  static constexpr size_t kLeastCost = 64;

  LazyFree() = default;
  LazyFree(const LazyFree&) = delete;
  LazyFree& operator=(const LazyFree&) = delete;
  /// Waits until all is freed.
  ~LazyFree();

  /// Called by the helper when it has freed all there was; may be null.  To be set before anything
  /// is taken.
  void (*on_idle)() = nullptr;

  /// Each is out of all lists and tables already.
  void take(KeyEntry::Ptr entry);
  void take(KeyTable table);
  void take(std::unique_ptr<ConsumerGroup> group);
  /// Nodes cut off from a stream.
  void take(RadixCuttings<StreamNode> nodes);
  /// What a frozen stream has left over.
  void take(RadixRetired retired);
  /// The last of something that is no key: of a deleted file that is open, say, whose blocks go
  /// when it is closed.  It is not counted.
  void take(std::shared_ptr<const void> last);

  /// Keys, groups and cut off ends of streams that were not freed yet.
  size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  /// Those that the helper has freed.
  size_t freed() const { return freed_.load(std::memory_order_relaxed); }
  void reset_freed() { freed_.store(0, std::memory_order_relaxed); }

 private:
  using Item = std::variant<KeyEntry::Ptr, KeyTable, std::unique_ptr<ConsumerGroup>,
                            RadixCuttings<StreamNode>, RadixRetired, std::shared_ptr<const void>>;
  struct Job {
    Item item;
    size_t objects = 1;
  };

  void push(Job job);
  void start();
  void run();
  void give_back(RemoteNodeFrees& frees) const;
  void count_freed(size_t objects);

  std::atomic<size_t> pending_{0};
  std::atomic<size_t> freed_{0};
  std::mutex mutex_;  // of what follows
  std::condition_variable has_work_;
  std::deque<Job> queue_;
  bool is_ending_ = false;
  std::thread helper_;
};

}  // namespace weir
