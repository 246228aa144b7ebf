#include "tests/bench/pending_needs.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

namespace weir::bench {
namespace {

constexpr int kRounds = 9;
constexpr size_t kFinds = 20'000;
constexpr size_t kCounts = 100'000;
constexpr size_t kWalks = 200;
constexpr uint64_t kWalked = 100;
constexpr uint64_t kMostSampled = 100'000;

// --- Time ----------------------------------------------------------------------------------------

double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What asking for the time costs by itself.
double clock_ns() {
  std::vector<double> values(1001);
  for (double& value : values) {
    value = cpu_ns();
    value = cpu_ns() - value;
  }
  return median(values);
}

/// The time of one operation if `timed` does so many; `prepare` runs before each round.
template <class Prepare, class Timed>
double ns_per(uint64_t operations, Prepare prepare, Timed timed) {
  static const double kClock = clock_ns();
  std::vector<double> rounds;
  for (int round = 0; round <= kRounds; ++round) {
    prepare();
    const double start = cpu_ns();
    timed();
    const double spent = cpu_ns() - start - kClock;
    if (round > 0) rounds.push_back(spent / static_cast<double>(operations));
  }
  return median(rounds);
}

/// Makes the compiler believe that somebody looks at the value.
template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

// --- The needs -----------------------------------------------------------------------------------

/// How many entries a round may change.
uint64_t sampled(const PendingQueue& queue) {
  return std::min(queue.entries() / 2, kMostSampled);
}

double memory(PendingQueue& queue) {
  return queue.bytes_per_entry();
}

double insert_in_row(PendingQueue& queue) {
  const uint64_t count = sampled(queue);
  std::vector<Nack> next;
  return ns_per(
      count,
      [&] {
        queue.acknowledge(queue.front(count));
        next = queue.next(count);
      },
      [&] { queue.deliver(next); });
}

double acknowledge_in_row(PendingQueue& queue) {
  const uint64_t count = sampled(queue);
  std::vector<Nack> front;
  return ns_per(
      count,
      [&] {
        queue.deliver(queue.next(count));
        front = queue.front(count);
      },
      [&] { queue.acknowledge(front); });
}

double find(PendingQueue& queue) {
  std::vector<Nack> entries;
  return ns_per(
      kFinds, [&] { entries = queue.random_entries(kFinds); },
      [&] {
        for (const Nack& nack : entries)
          keep(queue.list().find(nack.id));
      });
}

double count_of_group(PendingQueue& queue) {
  return ns_per(
      kCounts, [] {},
      [&] {
        for (size_t i = 0; i < kCounts; ++i)
          keep(queue.list().size());
      });
}

double count_of_consumer(PendingQueue& queue) {
  std::vector<ConsumerNumber> consumers(kCounts);
  for (ConsumerNumber& consumer : consumers)
    consumer = queue.random_consumer();
  return ns_per(
      kCounts, [] {},
      [&] {
        for (const ConsumerNumber consumer : consumers)
          keep(queue.list().consumer(consumer)->pending_count());
      });
}

double walk(PendingQueue& queue) {
  std::vector<Nack> starts;
  return ns_per(
      kWalks, [&] { starts = queue.random_entries(kWalks, kWalked); },
      [&] {
        for (const Nack& start : starts)
          queue.list().for_each({.from = start.id, .count = kWalked}, keep<Nack>);
      });
}

double walk_consumer(PendingQueue& queue) {
  std::vector<PendingQueue::ConsumerWalk> walks(kWalks);
  return ns_per(
      kWalks,
      [&] {
        for (PendingQueue::ConsumerWalk& walk : walks)
          walk = queue.random_walk(kWalked);
      },
      [&] {
        for (const auto& [consumer, from] : walks)
          queue.list().for_each({.from = from, .count = kWalked, .consumer = consumer}, keep<Nack>);
      });
}

double oldest(PendingQueue& queue) {
  return ns_per(
      1, [] {},
      [&] {
        OldestFirst walk(queue.list(), UINT64_MAX);
        for (uint64_t i = 0; i < kWalked; ++i)
          keep(walk.next());
      });
}

double idle_by_age(PendingQueue& queue) {
  return ns_per(
      1, [&] { queue.age_ten(); },
      [&] {
        OldestFirst walk(queue.list(), PendingQueue::youngest_aged());
        while (const std::optional<Nack> nack = walk.next())
          keep(*nack);
      });
}

double idle_by_id(PendingQueue& queue) {
  const PendingList::Query query{.youngest = PendingQueue::youngest_aged(), .count = kWalked};
  return ns_per(
      1, [&] { queue.age_ten(); }, [&] { queue.list().for_each(query, keep<Nack>); });
}

double idle_of_consumer(PendingQueue& queue) {
  PendingList::Query query{.youngest = PendingQueue::youngest_aged(), .count = kWalked};
  return ns_per(
      1,
      [&] {
        queue.age_ten();
        query.consumer = queue.list().consumer(queue.aged().front().consumer);
      },
      [&] { queue.list().for_each(query, keep<Nack>); });
}

double change_owner(PendingQueue& queue) {
  const uint64_t count = sampled(queue);
  std::vector<Nack> entries;
  return ns_per(
      count,
      [&] {
        entries = queue.distinct_entries(count);
        const ConsumerNumber claimer = queue.random_consumer();
        for (Nack& nack : entries)
          nack = {nack.id, claimer, nack.delivered_ms + 1, nack.deliveries + 1};
      },
      [&] {
        PendingList::Edit edit(queue.list());
        for (const Nack& nack : entries) {
          if (edit.find(nack.id)) edit.put(nack);
        }
      });
}

double acknowledge_at_random(PendingQueue& queue) {
  const uint64_t count = sampled(queue);
  std::vector<Nack> entries;
  return ns_per(
      count,
      [&] {
        PendingList::Edit edit(queue.list());
        for (const Nack& nack : entries)
          edit.put(nack);
        entries = queue.distinct_entries(count);
      },
      [&] {
        PendingList::Edit edit(queue.list());
        for (const Nack& nack : entries)
          edit.erase(nack.id);
      });
}

constexpr Need kNeeds[] = {
    {"memory of an entry", "B", Promise::kConstant, memory},
    {"insert at the end, in a row", "ns", Promise::kConstant, insert_in_row},
    {"acknowledge, in a row", "ns", Promise::kLogarithmic, acknowledge_in_row},
    {"find by ID", "ns", Promise::kLogarithmic, find},
    {"count", "ns", Promise::kConstant, count_of_group},
    {"count of a consumer", "ns", Promise::kConstant, count_of_consumer},
    {"walk 100 in ID order", "us", Promise::kLogarithmicAndFound, walk},
    {"walk 100 of one consumer", "us", Promise::kLogarithmicAndFound, walk_consumer},
    {"the 100 oldest", "us", Promise::kLogarithmicAndFound, oldest},
    {"the 10 idle, oldest first", "us", Promise::kLogarithmicAndFound, idle_by_age},
    {"the 10 idle, in ID order", "us", Promise::kLogarithmicAndFound, idle_by_id},
    {"the idle of one consumer", "us", Promise::kLogarithmicAndFound, idle_of_consumer},
    {"change the owner, at random", "ns", Promise::kLogarithmic, change_owner},
    {"acknowledge, at random", "ns", Promise::kLogarithmic, acknowledge_at_random},
};

}  // namespace

std::span<const Need> pending_needs() {
  return kNeeds;
}

}  // namespace weir::bench
