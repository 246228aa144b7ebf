// The heap of deadlines, against a multimap and by hand.
#include "server/data/expiry_heap.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/data/keyspace.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

/// Entries that belong to no database.
class Entries {
 public:
  KeyEntry& add() {
    entries_.emplace_back(KeyEntry::create("key " + std::to_string(entries_.size())));
    return *entries_.back();
  }

 private:
  std::vector<KeyEntry::Ptr> entries_;
};

/// Deadlines as one would keep them without care.
using Model = std::multimap<int64_t, KeyEntry*>;

void forget(Model& model, int64_t deadline_ms, const KeyEntry& entry) {
  const auto [first, last] = model.equal_range(deadline_ms);
  model.erase(std::find_if(first, last, [&](const auto& item) { return item.second == &entry; }));
}

}  // namespace

TEST_CASE("The earliest deadline is at hand, however deadlines change", "[expiry_heap]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Entries entries;
  std::vector<KeyEntry*> all;
  for (int i = 0; i < 3000; ++i)
    all.push_back(&entries.add());
  ExpiryHeap heap;
  Model model;
  for (int step = 0; step < 60'000; ++step) {
    KeyEntry& entry = *all[random() % all.size()];
    const int64_t deadline_ms = static_cast<int64_t>(random() % 5000);
    if (entry.expiry_place != 0) forget(model, heap.deadline_ms(entry), entry);
    // Grows for a while, then shrinks, so that memory is given back too.
    if (entry.expiry_place == 0 || random() % 100 < (step < 30'000 ? 90U : 20U)) {
      heap.set(entry, deadline_ms);
      model.emplace(deadline_ms, &entry);
      REQUIRE(heap.deadline_ms(entry) == deadline_ms);
    } else {
      heap.remove(entry);
    }
    REQUIRE(heap.size() == model.size());
    if (!model.empty()) REQUIRE(heap.first().deadline_ms == model.begin()->first);
    if (step % 5000 == 0) heap.assert_consistent();
  }
  const auto due = static_cast<size_t>(std::distance(model.begin(), model.lower_bound(2500)));
  CHECK(heap.count_due(2500, SIZE_MAX) == due);
  while (!model.empty()) {
    REQUIRE(heap.first().deadline_ms == model.begin()->first);
    forget(model, heap.first().deadline_ms, *heap.first().entry);
    heap.remove(*heap.first().entry);
  }
  CHECK(heap.is_empty());
  CHECK(heap.memory_bytes() <= 1024 * sizeof(ExpiryHeap::Item));
}

TEST_CASE("An entry without a deadline has no place, and one that lost it neither",
          "[expiry_heap]") {
  Entries entries;
  KeyEntry& entry = entries.add();
  ExpiryHeap heap;
  CHECK(entry.expiry_place == 0);
  heap.set(entry, 5);
  CHECK(entry.expiry_place == 1);
  heap.remove(entry);
  CHECK(entry.expiry_place == 0);
}

TEST_CASE("Every item is picked at random sooner or later", "[expiry_heap]") {
  Entries entries;
  ExpiryHeap heap;
  for (int i = 0; i < 20; ++i)
    heap.set(entries.add(), i);
  std::mt19937_64 random(1);
  std::set<const KeyEntry*> picked;
  for (int pick = 0; pick < 1000; ++pick)
    picked.insert(heap.random(random).entry);
  CHECK(picked.size() == 20);
}

TEST_CASE("The mean time to live is exact, whatever the deadlines are", "[expiry_heap]") {
  Entries entries;
  ExpiryHeap heap;
  CHECK(heap.mean_ttl_ms(0) == 0);
  KeyEntry& last = entries.add();
  heap.set(entries.add(), INT64_MAX);
  heap.set(last, INT64_MAX - 2);
  CHECK(heap.mean_ttl_ms(0) == INT64_MAX - 1);
  heap.set(last, 1000);
  heap.remove(last);
  CHECK(heap.size() == 1);
  heap.set(*heap.first().entry, 1000);
  CHECK(heap.mean_ttl_ms(400) == 600);
  CHECK(heap.mean_ttl_ms(2000) == 0);
}

TEST_CASE("What is due is counted up to a bound", "[expiry_heap]") {
  Entries entries;
  ExpiryHeap heap;
  for (int i = 0; i < 100; ++i)
    heap.set(entries.add(), i);
  CHECK(heap.count_due(0, SIZE_MAX) == 0);
  CHECK(heap.count_due(60, SIZE_MAX) == 60);
  CHECK(heap.count_due(60, 10) == 10);
}

TEST_CASE("A key costs four bytes for its deadline, and what fits between costs none",
          "[expiry_heap]") {
  CHECK(sizeof(KeyEntry) == sizeof(Stream) + 16);
}

}  // namespace weir::testing
