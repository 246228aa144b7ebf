// Random operations on a table of keys and on a std::unordered_map, with a scan always under way.
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <catch2/catch.hpp>

#include "server/data/key_table.h"
#include "tests/support/seed.h"

namespace weir {
namespace {

class KeyTableModel {
 public:
  /// key_count: how many different keys there are.
  KeyTableModel(uint64_t seed, uint64_t key_count) : random_(seed), key_count_(key_count) {}

  void run(int operations) {
    for (operation_ = 0; operation_ < operations; ++operation_) {
      if (operation_ % 3000 == 0) grows_ = !grows_;
      one_operation();
      expect(table_.size() == map_.size(), "size");
      if (operation_ % 1000 == 0) check_all();
    }
    check_all();
  }

 private:
  uint64_t draw(uint64_t n) { return random_() % n; }
  std::string any_key() { return "key" + std::to_string(draw(key_count_)); }

  void one_operation() {
    const uint64_t choice = draw(1000);
    if (choice < 600) return grows_ == (choice < 540) ? insert(any_key()) : remove(any_key());
    if (choice < 800) return check_lookup(any_key());
    if (choice < 960) return scan_on();
    if (choice < 990) return maintain();
    if (choice < 998) return check_random();
    if (choice < 999) return move_away_and_back();
    if (draw(20) == 0) clear();
  }

  void insert(const std::string& key) {
    if (map_.contains(key)) return;
    KeyEntry* const entry = KeyEntry::create(key);
    table_.insert(entry, KeyTable::hash(key));
    map_.emplace(key, entry);
  }

  void remove(const std::string& key) {
    KeyEntry* const removed = table_.remove(key, KeyTable::hash(key));
    const auto known = map_.find(key);
    expect(removed == (known == map_.end() ? nullptr : known->second), "remove");
    if (removed == nullptr) return;
    KeyEntry::destroy(removed);
    map_.erase(known);
    owed_.erase(key);
  }

  void clear() {
    table_.clear();
    map_.clear();
    owed_.clear();
  }

  void maintain() { expect(table_.maintain(draw(8)) == table_.is_moving(), "maintain"); }

  void move_away_and_back() {
    KeyTable elsewhere(std::move(table_));
    KeyTable empty;
    table_.swap(empty);
    expect(table_.size() == 0, "an empty table");
    table_ = std::move(elsewhere);
  }

  /// One step of a scan.  A key that was there from its first step to its last must have come.
  void scan_on() {
    if (cursor_ == 0) {
      owed_.clear();
      for (const auto& [key, entry] : map_)
        owed_.insert(key);
    }
    cursor_ = table_.scan(cursor_, [this](KeyEntry& entry) {
      const std::string key(entry.key());
      const auto known = map_.find(key);
      expect(known != map_.end() && known->second == &entry, "a scanned key");
      owed_.erase(key);
    });
    if (cursor_ == 0) expect(owed_.empty(), "a whole scan");
  }

  void check_random() {
    if (map_.empty()) return;
    KeyEntry* const entry = table_.random(random_);
    const auto known = map_.find(std::string(entry->key()));
    expect(known != map_.end() && known->second == entry, "random");
  }

  void check_lookup(const std::string& key) const {
    const auto known = map_.find(key);
    const KeyEntry* expected = known == map_.end() ? nullptr : known->second;
    expect(table_.find(key, KeyTable::hash(key)) == expected, "find");
  }

  void check_all() const {
    uint64_t visited = 0;
    table_.for_each([&](KeyEntry& entry) {
      ++visited;
      const auto known = map_.find(std::string(entry.key()));
      expect(known != map_.end() && known->second == &entry, "for_each");
    });
    expect(visited == map_.size(), "the number that for_each visits");
    for (const auto& [key, entry] : map_)
      check_lookup(key);
  }

  void expect(bool is_so, const char* what) const {
    if (is_so) return;
    throw std::logic_error(std::string(what) + ", operation " + std::to_string(operation_) + ", " +
                           std::to_string(map_.size()) + " keys");
  }

  std::mt19937_64 random_;
  uint64_t key_count_;
  bool grows_ = false;
  int operation_ = 0;
  KeyTable table_;
  std::unordered_map<std::string, KeyEntry*> map_;
  uint64_t cursor_ = 0;
  std::unordered_set<std::string> owed_;  // what the scan under way has still to return
};

TEST_CASE("A table of keys behaves like a map, whatever is done", "[key_table]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (const uint64_t key_count : {5, 60, 1000, 20'000}) {
    CAPTURE(key_count);
    REQUIRE_NOTHROW(KeyTableModel(seed, key_count).run(200'000));
  }
}

TEST_CASE("A table of keys does so in many short lives, too", "[key_table]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 300; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(KeyTableModel(seed + life, 2 + life).run(500));
  }
}

}  // namespace
}  // namespace weir
