// The hash table that grows by one bucket at a time.
#include "streams/linear_hash.h"

#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace weir::testing {
namespace {

struct Item {
  uint32_t hash = 0;
  uint32_t number = 0;
  Item* next_in_bucket = nullptr;
};

Item* find(const LinearHash<Item>& table, const Item& item) {
  return table.find(item.hash, [&](const Item& one) { return one.number == item.number; });
}

TEST_CASE("A table finds what is in it, with every number of buckets", "[linear_hash]") {
  std::mt19937 random(1);
  std::vector<Item> items(300);
  for (uint32_t i = 0; i < items.size(); ++i)
    items[i] = {.hash = static_cast<uint32_t>(random()), .number = i};
  LinearHash<Item> table;
  CHECK(find(table, items[0]) == nullptr);
  int wrong = 0;
  for (size_t in = 0; in < items.size(); ++in) {
    table.insert(items[in]);
    for (size_t i = 0; i < items.size(); ++i)
      wrong += find(table, items[i]) == (i <= in ? &items[i] : nullptr) ? 0 : 1;
  }
  CHECK(table.size() == items.size());
  for (size_t out = 0; out < items.size(); ++out) {
    table.erase(items[out]);
    for (size_t i = 0; i < items.size(); ++i)
      wrong += find(table, items[i]) == (i > out ? &items[i] : nullptr) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(table.size() == 0);
}

TEST_CASE("Items with the same hash are told apart", "[linear_hash]") {
  std::vector<Item> items(20);
  LinearHash<Item> table;
  for (uint32_t i = 0; i < items.size(); ++i) {
    items[i] = {.hash = 7, .number = i};
    table.insert(items[i]);
  }
  table.erase(items[3]);
  CHECK(find(table, items[3]) == nullptr);
  CHECK(find(table, items[4]) == &items[4]);
  table.clear();
  CHECK(find(table, items[4]) == nullptr);
}

TEST_CASE("A table gives most of its memory back when it empties", "[linear_hash]") {
  std::vector<Item> items(5000);
  LinearHash<Item> table;
  for (uint32_t i = 0; i < items.size(); ++i) {
    items[i] = {.hash = i * 2654435761U, .number = i};
    table.insert(items[i]);
  }
  const size_t full = table.memory_bytes();
  for (size_t i = 0; i + 10 < items.size(); ++i)
    table.erase(items[i]);
  CHECK(table.size() == 10);
  CHECK(table.memory_bytes() < full / 50);
}

}  // namespace
}  // namespace weir::testing
