// What a table of keys promises while it grows and shrinks.  Everything at once: tests/model.
#include "server/data/key_table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/seed.h"

namespace weir {
namespace {

void add(KeyTable& table, const std::string& key) {
  table.insert(KeyEntry::create(key), KeyTable::hash(key));
}

bool has(const KeyTable& table, const std::string& key) {
  const KeyEntry* entry = table.find(key, KeyTable::hash(key));
  return entry != nullptr && entry->key() == key;
}

bool drop(KeyTable& table, const std::string& key) {
  KeyEntry* entry = table.remove(key, KeyTable::hash(key));
  if (entry == nullptr) return false;
  KeyEntry::destroy(entry);
  return true;
}

std::string name(const char* prefix, uint64_t n) {
  return prefix + std::to_string(n);
}

void add_many(KeyTable& table, const char* prefix, uint64_t from, uint64_t to) {
  for (uint64_t n = from; n < to; ++n)
    add(table, name(prefix, n));
}

void drop_many(KeyTable& table, const char* prefix, uint64_t from, uint64_t to) {
  bool were_there = true;
  for (uint64_t n = from; n < to; ++n)
    were_there = drop(table, name(prefix, n)) && were_there;
  REQUIRE(were_there);
}

bool has_all(const KeyTable& table, const char* prefix, uint64_t from, uint64_t to) {
  for (uint64_t n = from; n < to; ++n) {
    if (!has(table, name(prefix, n))) return false;
  }
  return true;
}

/// Adds keys until the table has begun to grow with at least `size` in it; returns their number.
uint64_t fill_until_moving(KeyTable& table, uint64_t size) {
  uint64_t count = 0;
  while (count < size || !table.is_moving())
    add(table, name("k", count++));
  return count;
}

void finish_moving(KeyTable& table) {
  while (table.maintain(1000)) {
  }
}

/// How often a whole scan returns each key, with `change` between any two of its steps.
template <class Change>
std::map<std::string, int> scan_while(KeyTable& table, Change change) {
  std::map<std::string, int> seen;
  uint64_t cursor = 0;
  do {
    cursor = table.scan(cursor, [&](KeyEntry& entry) { ++seen[std::string(entry.key())]; });
    change();
  } while (cursor != 0);
  return seen;
}

std::map<std::string, int> scan_all(KeyTable& table) {
  return scan_while(table, [] {});
}

bool returned_all(const std::map<std::string, int>& seen, const char* prefix, uint64_t count) {
  for (uint64_t n = 0; n < count; ++n) {
    if (!seen.contains(name(prefix, n))) return false;
  }
  return true;
}

/// Whether all keys are drawn, each about 1000 times: no farther off than by seven deviations.
bool draws_evenly(const KeyTable& table, std::mt19937_64& random) {
  std::unordered_map<const KeyEntry*, int> drawn;
  for (uint64_t i = 0; i < 1000 * table.size(); ++i)
    ++drawn[table.random(random)];
  return drawn.size() == table.size() &&
         std::all_of(drawn.begin(), drawn.end(),
                     [](const auto& each) { return each.second > 780 && each.second < 1220; });
}

bool returned_once(const std::map<std::string, int>& seen) {
  return std::all_of(seen.begin(), seen.end(), [](const auto& each) { return each.second == 1; });
}

}  // namespace

TEST_CASE("An empty table has nothing to find, remove, scan or move", "[key_table]") {
  KeyTable table;
  CHECK(table.size() == 0);
  CHECK_FALSE(has(table, "k"));
  CHECK_FALSE(drop(table, "k"));
  CHECK(scan_all(table).empty());
  CHECK(table.scan(12345, [](KeyEntry&) {}) == 0);
  CHECK(table.memory_bytes() == 0);
  finish_moving(table);
  CHECK_FALSE(table.is_moving());
}

TEST_CASE("Keys are told apart by all their bytes", "[key_table]") {
  KeyTable table;
  const std::vector<std::string> keys = {"",  "a", std::string("a\0", 2),    std::string("a\0b", 3),
                                         "A", " ", std::string(100'000, 'a')};
  for (const std::string& key : keys)
    add(table, key);
  for (const std::string& key : keys)
    CHECK(has(table, key));
  CHECK(table.size() == keys.size());
  CHECK_FALSE(has(table, std::string("\0", 1)));
  CHECK_FALSE(has(table, std::string(99'999, 'a')));
}

TEST_CASE("An entry that was removed is the caller's, and gone from the table", "[key_table]") {
  KeyTable table;
  add_many(table, "k", 0, 10);
  KeyEntry* entry = table.remove("k3", KeyTable::hash("k3"));
  REQUIRE(entry != nullptr);
  CHECK(entry->key() == "k3");
  CHECK_FALSE(has(table, "k3"));
  CHECK_FALSE(drop(table, "k3"));
  CHECK(table.size() == 9);
  table.insert(entry, KeyTable::hash("k3"));
  CHECK(table.find("k3", KeyTable::hash("k3")) == entry);
}

TEST_CASE("A table grows in steps, and every key is found at each of them", "[key_table]") {
  KeyTable table;
  uint64_t count = fill_until_moving(table, 2000);
  const size_t bytes_of_both = table.memory_bytes();
  uint64_t steps = 0;
  for (; table.is_moving(); ++steps) {
    REQUIRE(has_all(table, "k", 0, count));
    REQUIRE(table.size() == count);
    add(table, name("k", count++));
  }
  CHECK(steps > 100);
  CHECK(table.memory_bytes() < bytes_of_both);
  CHECK(has_all(table, "k", 0, count));
}

TEST_CASE("A table has finished growing long before it has to grow again", "[key_table]") {
  KeyTable table;
  uint64_t count = fill_until_moving(table, 2000);
  const uint64_t began_at = count;
  while (table.is_moving())
    add(table, name("k", count++));
  CHECK(count - began_at < began_at / 2);
}

TEST_CASE("Keys can be removed and added again while a table grows", "[key_table]") {
  KeyTable table;
  const uint64_t count = fill_until_moving(table, 2000);
  drop_many(table, "k", 0, 50);
  REQUIRE(table.is_moving());
  CHECK_FALSE(has(table, "k0"));
  CHECK(has_all(table, "k", 50, count));
  add_many(table, "k", 0, 50);
  REQUIRE(table.is_moving());
  CHECK(has_all(table, "k", 0, count));
  CHECK(table.size() == count);
  CHECK(scan_all(table).size() == count);
}

TEST_CASE("Moving on outside of changes ends what a change began", "[key_table]") {
  KeyTable table;
  const uint64_t count = fill_until_moving(table, 2000);
  CHECK(table.moving_bytes() > 0);
  CHECK(table.maintain(1));
  CHECK(table.is_moving());
  finish_moving(table);
  CHECK_FALSE(table.is_moving());
  CHECK(table.moving_bytes() == 0);
  CHECK_FALSE(table.maintain(1));
  CHECK(has_all(table, "k", 0, count));
}

TEST_CASE("A table that loses nearly all its keys gives its memory back in steps", "[key_table]") {
  KeyTable table;
  add_many(table, "k", 0, 20'000);
  const size_t full_bytes = table.memory_bytes();
  drop_many(table, "k", 10, 20'000);
  CHECK(table.is_moving());
  CHECK(has_all(table, "k", 0, 10));
  finish_moving(table);
  CHECK(table.memory_bytes() < full_bytes / 50);
  CHECK(has_all(table, "k", 0, 10));
}

TEST_CASE("Keys that come and go in equal number do not make a table grow", "[key_table]") {
  KeyTable table;
  add_many(table, "k", 0, 1000);
  finish_moving(table);
  const size_t bytes = table.memory_bytes();
  for (uint64_t n = 0; n < 100'000; ++n) {
    REQUIRE(drop(table, name("k", n)));
    add(table, name("k", n + 1000));
  }
  finish_moving(table);
  CHECK(table.size() == 1000);
  CHECK(has_all(table, "k", 100'000, 101'000));
  CHECK(table.memory_bytes() <= 2 * bytes);
}

TEST_CASE("A table that was cleared holds no memory and can be used again", "[key_table]") {
  KeyTable table;
  fill_until_moving(table, 500);
  table.clear();
  CHECK(table.size() == 0);
  CHECK(table.memory_bytes() == 0);
  CHECK_FALSE(table.is_moving());
  CHECK_FALSE(has(table, "k0"));
  add_many(table, "k", 0, 500);
  CHECK(has_all(table, "k", 0, 500));
}

TEST_CASE("A table that is swapped or moved takes its half-done growing along", "[key_table]") {
  KeyTable table;
  const uint64_t count = fill_until_moving(table, 2000);
  KeyTable other;
  add(other, "only");
  table.swap(other);
  CHECK(has(table, "only"));
  CHECK(table.size() == 1);
  CHECK(other.is_moving());

  KeyTable moved(std::move(other));
  CHECK(has_all(moved, "k", 0, count));
  finish_moving(moved);
  CHECK(has_all(moved, "k", 0, count));
}

TEST_CASE("A scan of a table at rest returns each key once", "[key_table]") {
  for (const uint64_t count : {1, 7, 8, 50, 777, 5000}) {
    KeyTable table;
    add_many(table, "k", 0, count);
    finish_moving(table);
    const auto seen = scan_all(table);
    CHECK(seen.size() == count);
    CHECK(returned_once(seen));
  }
}

TEST_CASE("A scan of a table between two sizes returns each key once", "[key_table]") {
  KeyTable table;
  const uint64_t count = fill_until_moving(table, 2000);
  for (; table.is_moving(); table.maintain(10)) {
    const auto seen = scan_all(table);
    REQUIRE(seen.size() == count);
    REQUIRE(returned_once(seen));
  }
}

TEST_CASE("A scan returns every key that stays while the table grows", "[key_table]") {
  KeyTable table;
  add_many(table, "stable", 0, 500);
  uint64_t added = 0;
  const auto seen = scan_while(table, [&] {
    const uint64_t more = added < 50'000 ? 300 : 0;
    add_many(table, "new", added, added + more);
    added += more;
  });
  CHECK(added > 10'000);
  CHECK(returned_all(seen, "stable", 500));
}

TEST_CASE("A scan returns every key that stays while the table shrinks", "[key_table]") {
  KeyTable table;
  add_many(table, "stable", 0, 500);
  add_many(table, "old", 0, 50'000);
  const size_t full_bytes = table.memory_bytes();
  uint64_t dropped = 0;
  const auto seen = scan_while(table, [&] {
    const uint64_t less = std::min<uint64_t>(300, 50'000 - dropped);
    drop_many(table, "old", dropped, dropped + less);
    dropped += less;
    add(table, "comes and goes");
    drop(table, "comes and goes");
  });
  CHECK(dropped == 50'000);
  CHECK(table.memory_bytes() < full_bytes / 2);
  CHECK(returned_all(seen, "stable", 500));
}

TEST_CASE("A scan returns every key that stays while the table grows and shrinks in turn",
          "[key_table]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 8; ++round) {
    KeyTable table;
    const uint64_t stable = 1 + random() % 300;
    add_many(table, "stable", 0, stable);
    uint64_t others = 0;
    int changes = 0;
    const auto seen = scan_while(table, [&] {
      if (++changes > 500) return;  // or the scan might run after its own tail for long
      if (random() % 4 == 0) {
        drop_many(table, "other", 0, others);
        others = 0;
      } else {
        const uint64_t more = random() % 2000;
        add_many(table, "other", others, others + more);
        others += more;
      }
      if (random() % 2 == 0) table.maintain(random() % 100);
    });
    CAPTURE(round, stable);
    REQUIRE(returned_all(seen, "stable", stable));
  }
}

TEST_CASE("A scan may begin at any cursor and ends", "[key_table]") {
  KeyTable table;
  add_many(table, "k", 0, 1000);
  for (uint64_t cursor : {uint64_t{1}, uint64_t{1} << 40, UINT64_MAX}) {
    int steps = 0;
    for (; cursor != 0 && steps < 100'000; ++steps)
      cursor = table.scan(cursor, [](KeyEntry&) {});
    CHECK(cursor == 0);
  }
}

TEST_CASE("A random key is every key equally often while the table grows", "[key_table]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  KeyTable table;
  fill_until_moving(table, 100);
  for (int part = 0; part < 8; ++part, table.maintain(2)) {
    CAPTURE(part);
    REQUIRE(draws_evenly(table, random));
  }
  CHECK_FALSE(table.is_moving());
}

TEST_CASE("A random key is every key equally often while the table shrinks", "[key_table]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  KeyTable table;
  add_many(table, "k", 0, 1000);
  finish_moving(table);
  for (uint64_t dropped = 0; !table.is_moving(); ++dropped)
    drop_many(table, "k", dropped, dropped + 1);
  for (; table.is_moving(); table.maintain(20))
    REQUIRE(draws_evenly(table, random));
}

TEST_CASE("The last key of a large table is drawn, however empty the table is", "[key_table]") {
  std::mt19937_64 random(1);
  KeyTable table;
  add_many(table, "k", 0, 20'000);
  drop_many(table, "k", 1, 20'000);
  for (int i = 0; i < 100; ++i)
    REQUIRE(table.random(random)->key() == "k0");
}

TEST_CASE("The likely entry is mostly the right one, also while the table grows", "[data]") {
  KeyTable table;
  CHECK(table.likely(KeyTable::hash("k0")) == nullptr);
  const uint64_t count = fill_until_moving(table, 1000);
  uint64_t right = 0;
  for (uint64_t n = 0; n < count; ++n) {
    const uint64_t hash = KeyTable::hash(name("k", n));
    table.prefetch(hash);
    right += table.likely(hash) == table.find(name("k", n), hash) ? 1 : 0;
  }
  CHECK(right > count * 3 / 4);
}

}  // namespace weir
