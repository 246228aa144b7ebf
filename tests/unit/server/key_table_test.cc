// The table of keys, mostly while it moves to a larger or smaller one.
#include "server/data/key_table.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

std::string key(int n) {
  return "key:" + std::to_string(n);
}

void insert(KeyTable& table, int n) {
  table.insert(KeyEntry::create(key(n)), KeyTable::hash(key(n)));
}

void remove(KeyTable& table, int n) {
  KeyEntry* const entry = table.remove(key(n), KeyTable::hash(key(n)));
  REQUIRE(entry != nullptr);
  KeyEntry::destroy(entry);
}

/// How often each key comes, drawn as many times as there are keys.
std::map<const KeyEntry*, size_t> draw_keys(const KeyTable& table) {
  static std::mt19937_64 generator(7);
  std::map<const KeyEntry*, size_t> drawn;
  for (size_t i = 0; i < table.size(); ++i)
    ++drawn[table.random(generator)];
  return drawn;
}

/// With n draws out of n keys about 63 % come, and the luckiest some ten times.
bool is_fair(const std::map<const KeyEntry*, size_t>& drawn, size_t keys) {
  const auto most = std::max_element(drawn.begin(), drawn.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  return drawn.size() > keys / 2 && most->second < 20;
}

}  // namespace

TEST_CASE("Every key is drawn about equally often at each stage of growing", "[key_table]") {
  KeyTable table;
  int keys = 0;
  int stages = 0;
  while (keys < 20'000) {
    insert(table, ++keys);
    if (keys < 10'000 || !table.is_moving() || keys % 100 != 0) continue;
    ++stages;
    REQUIRE(is_fair(draw_keys(table), table.size()));
  }
  CHECK(stages > 5);
}

TEST_CASE("Every key is drawn about equally often at each stage of shrinking", "[key_table]") {
  KeyTable table;
  for (int n = 1; n <= 40'000; ++n)
    insert(table, n);
  int stages = 0;
  for (int n = 40'000; n > 200; --n) {
    remove(table, n);
    if (!table.is_moving() || n % 100 != 0) continue;
    ++stages;
    REQUIRE(is_fair(draw_keys(table), table.size()));
  }
  CHECK(stages > 5);
}

TEST_CASE("The last key of a large table is drawn", "[key_table]") {
  KeyTable table;
  for (int n = 1; n <= 20'000; ++n)
    insert(table, n);
  for (int n = 20'000; n > 1; --n)
    remove(table, n);
  std::mt19937_64 generator(7);
  CHECK(table.random(generator)->key() == key(1));
}

TEST_CASE("A move ends, and a table gets as small as its keys allow, without further changes",
          "[key_table]") {
  KeyTable table;
  int keys = 0;
  while (keys < 10'000 || !table.is_moving())
    insert(table, ++keys);
  CHECK(table.moving_bytes() > 0);
  while (table.maintain(1))
    ;
  CHECK(table.moving_bytes() == 0);

  // The last deletions come while the table moves: it is far too large when the move ends.
  while (table.size() > 1)
    remove(table, keys--);
  while (table.maintain(1))
    ;
  CHECK_FALSE(table.is_moving());
  CHECK(table.memory_bytes() < 1000);
  CHECK(table.find(key(1), KeyTable::hash(key(1))) != nullptr);
}

}  // namespace weir
