// A PEL as a busy group has it, on which pending_costs.cc measures.
//
//     acknowledge ◄── │ run of consumer 0 │ run of 1 │ … │ run of 0 │ run of 1 │ … │ ◄── deliver
//                   first                                                         end
//
// An entry has a position; its ID, consumer and time follow from it: 100 entries per millisecond,
// delivered 5 ms later; consumers take turns with runs of 100 entries, or of 10 where there are
// thousands of them.  One XREADGROUP, and one XACK, is one run and one Edit.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "streams/pending_list.h"

namespace weir::bench {

class PendingQueue {
 public:
  struct Shape {
    uint64_t entries;
    uint32_t consumers;
  };
  /// Where a walk over the entries of one consumer begins.
  struct ConsumerWalk {
    const Consumer* consumer;
    StreamId from;
  };

  /// With `entries` pending, which are a multiple of 1000.
  explicit PendingQueue(Shape shape);

  PendingList& list() { return list_; }
  uint64_t entries() const { return end_ - first_; }
  /// Memory of blocks, trees and consumers' trees, without the consumers themselves.
  double bytes_per_entry() const { return bytes_per_entry_; }

  /// The first ones, and those that will be delivered next; a multiple of 100.
  std::vector<Nack> front(uint64_t count) const { return delivered_from(first_, count); }
  std::vector<Nack> next(uint64_t count) const { return delivered_from(end_, count); }
  void deliver(const std::vector<Nack>& next);
  void acknowledge(const std::vector<Nack>& front);

  /// One of the consumers, any of them.
  ConsumerNumber random_consumer() { return static_cast<ConsumerNumber>(draw(shape_.consumers)); }
  /// Entries at random, as they were delivered, with at least `behind` others behind each of them.
  std::vector<Nack> random_entries(size_t count, uint64_t behind = 0);
  /// The same, none twice.
  std::vector<Nack> distinct_entries(size_t count);
  /// At random, so that `count` entries of the consumer follow if it has as many.
  ConsumerWalk random_walk(uint64_t count);

  /// Makes ten entries, at random, an hour older than all others; those of the last call become as
  /// they were delivered.
  void age_ten();
  const std::vector<Nack>& aged() const { return aged_; }
  /// The order key of the youngest entry that is as old as they.
  static uint64_t youngest_aged();

 private:
  Nack delivered(uint64_t position) const;
  std::vector<Nack> delivered_from(uint64_t position, uint64_t count) const;
  uint64_t draw(uint64_t n) { return random_() % n; }

  const Shape shape_;
  const uint64_t run_;  // entries that a consumer is given at once
  std::mt19937_64 random_;
  PendingList list_;
  uint64_t first_ = 0;
  uint64_t end_ = 0;
  std::vector<Nack> aged_;
  double bytes_per_entry_ = 0;
};

}  // namespace weir::bench
