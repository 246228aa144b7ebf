#include "server/data/eviction.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

using Keys = EvictionRules::Keys;
using Order = EvictionRules::Order;

constexpr int64_t kNow_s = 1'000'000;

/// Keys, each used at its own time, and what goes of them.
struct Keyring : RemovalListener {
  Keyspace keyspace{3};
  Eviction eviction{keyspace, 1};
  std::vector<std::string> gone;
  std::vector<Removal> reasons;

  Keyring() {
    keyspace.removal_listener = this;
    at(kNow_s);
  }
  void removed(uint32_t, std::string_view key, Removal why) override {
    gone.emplace_back(key);
    reasons.push_back(why);
  }
  void at(int64_t s) { keyspace.set_time({.ms = s * 1000, .s = s}, true); }
  KeyEntry& add(const std::string& key, uint32_t db = 0) {
    keyspace.database(db).find_or_create(key);
    return *keyspace.database(db).locate(key);
  }
  /// A hundred keys of which "k0" was used first.
  void add_hundred() {
    for (int i = 0; i < 100; ++i) {
      at(kNow_s + i);
      add("k" + std::to_string(i));
    }
  }
  size_t size() { return keyspace.database(0).size(); }
};

/// Mean of the numbers in the names of the keys that went.
double mean_number(const std::vector<std::string>& keys) {
  double sum = 0;
  for (const std::string& key : keys)
    sum += std::stod(key.substr(1));
  return sum / static_cast<double>(keys.size());
}

TEST_CASE("Nothing is evicted by noeviction, nor where there is nothing", "[eviction]") {
  Keyring ring;
  CHECK_FALSE(ring.eviction.evict_one({.keys = Keys::kAll}));
  ring.add_hundred();
  CHECK_FALSE(ring.eviction.evict_one({.keys = Keys::kNone}));
  CHECK_FALSE(ring.eviction.evict_one({.keys = Keys::kVolatile}));
  CHECK(ring.size() == 100);
}

TEST_CASE("What was not used for longest goes first, nearly", "[eviction]") {
  Keyring ring;
  ring.add_hundred();
  for (int i = 0; i < 30; ++i)
    REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll, .order = Order::kOldestUse}));
  CHECK(mean_number(ring.gone) < 25);  // 14.5 at best, 49.5 for any
  CHECK(ring.size() == 70);
}

TEST_CASE("With enough samples exactly the oldest goes, of all databases", "[eviction]") {
  Keyring ring;
  for (int i = 0; i < 12; ++i) {
    ring.at(kNow_s + i);
    ring.add("k" + std::to_string(i), static_cast<uint32_t>(i % 3));
  }
  for (int i = 0; i < 12; ++i)
    REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll, .samples = 1000}));
  for (int i = 0; i < 12; ++i)
    CHECK(ring.gone[static_cast<size_t>(i)] == "k" + std::to_string(i));
}

TEST_CASE("A key that was used since it was chosen stays", "[eviction]") {
  Keyring ring;
  for (const std::string key : {"old", "older"})
    ring.add(key);
  ring.at(kNow_s + 5);
  ring.add("new");
  const EvictionRules rules{.keys = Keys::kAll, .samples = 1000};
  REQUIRE(ring.eviction.evict_one(rules));
  const std::string other = ring.gone[0] == "old" ? "older" : "old";
  ring.at(kNow_s + 9);
  ring.keyspace.database(0).find(other);
  REQUIRE(ring.eviction.evict_one(rules));
  CHECK(ring.gone[1] == "new");
}

TEST_CASE("What is used rarely goes before what is used often", "[eviction]") {
  Keyring ring;
  ring.keyspace.set_access_notes(AccessNotes::kFrequency, {});
  ring.add("rare");
  for (const std::string key : {"often", "now and then"}) {
    ring.add(key);
    for (int i = 0; i < (key == "often" ? 1000 : 30); ++i)
      ring.keyspace.database(0).find(key);
  }
  for (int i = 0; i < 3; ++i)
    REQUIRE(
        ring.eviction.evict_one({.keys = Keys::kAll, .order = Order::kRarestUse, .samples = 1000}));
  CHECK(ring.gone == std::vector<std::string>{"rare", "now and then", "often"});
}

TEST_CASE("Reading does not count where changes are noted", "[eviction]") {
  Keyring ring;
  ring.keyspace.set_access_notes(AccessNotes::kTimeOfWrite, {});
  ring.add("read");
  ring.at(kNow_s + 1);
  ring.add("written");
  ring.at(kNow_s + 2);
  ring.keyspace.database(0).find("read");
  ring.keyspace.database(0).note_access("read");
  REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll, .samples = 100}));
  CHECK(ring.gone[0] == "read");
}

TEST_CASE("Volatile policies take keys with a time to live only", "[eviction]") {
  Keyring ring;
  ring.add_hundred();
  Database& db = ring.keyspace.database(0);
  for (const std::string key : {"k98", "k99"})
    db.set_deadline(*db.locate(key), kNow_s * 2000);
  for (const Order order : {Order::kOldestUse, Order::kRandom})
    REQUIRE(ring.eviction.evict_one({.keys = Keys::kVolatile, .order = order}));
  CHECK(std::set<std::string>(ring.gone.begin(), ring.gone.end()) ==
        std::set<std::string>{"k98", "k99"});
  CHECK_FALSE(ring.eviction.evict_one({.keys = Keys::kVolatile}));
}

TEST_CASE("A key in the pool that lost its time to live stays", "[eviction]") {
  Keyring ring;
  ring.add_hundred();
  Database& db = ring.keyspace.database(0);
  for (const std::string key : {"k1", "k2", "k3"})
    db.set_deadline(*db.locate(key), kNow_s * 2000);
  const EvictionRules rules{.keys = Keys::kVolatile, .samples = 100};
  REQUIRE(ring.eviction.evict_one(rules));
  const std::string spared = ring.gone[0] == "k1" ? "k2" : "k1";
  db.persist(*db.locate(spared));
  while (ring.eviction.evict_one(rules)) {
  }
  CHECK(ring.gone.size() == 2);
  CHECK(db.entry(spared) != nullptr);
}

TEST_CASE("volatile-ttl takes exactly what would expire first, of all databases", "[eviction]") {
  Keyring ring;
  for (int i = 0; i < 30; ++i) {
    const uint32_t number = static_cast<uint32_t>(i % 3);
    KeyEntry& entry = ring.add("k" + std::to_string(i), number);
    ring.keyspace.database(number).set_deadline(entry, kNow_s * 2000 + i * 7 % 30);
  }
  for (int i = 0; i < 30; ++i) {
    REQUIRE(ring.eviction.evict_one({.keys = Keys::kVolatile, .order = Order::kNextToExpire}));
    CHECK(std::stoi(ring.gone.back().substr(1)) * 7 % 30 == i);
  }
}

TEST_CASE("Random eviction takes any key, from each database in turn", "[eviction]") {
  Keyring ring;
  ring.add_hundred();
  ring.add("other", 2);
  for (int i = 0; i < 60; ++i)
    REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll, .order = Order::kRandom}));
  CHECK(ring.keyspace.database(2).size() == 0);
  std::erase(ring.gone, "other");
  CHECK(mean_number(ring.gone) > 35);
  CHECK(mean_number(ring.gone) < 65);
}

TEST_CASE("A key whose time was over has expired, it was not evicted", "[eviction]") {
  Keyring ring;
  ring.keyspace.database(0).set_deadline(ring.add("s"), kNow_s * 1000 + 5);
  ring.at(kNow_s + 1);
  REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll}));
  CHECK(ring.reasons == std::vector<Removal>{Removal::kExpired});
  CHECK(ring.keyspace.lookups().evicted == 0);
  ring.add("t");
  REQUIRE(ring.eviction.evict_one({.keys = Keys::kAll}));
  CHECK(ring.reasons.back() == Removal::kEvicted);
  CHECK(ring.keyspace.lookups().evicted == 1);
}

TEST_CASE("Keys that go by themselves leave the pool without harm", "[eviction]") {
  Keyring ring;
  ring.add_hundred();
  const EvictionRules rules{.keys = Keys::kAll, .samples = 50};
  REQUIRE(ring.eviction.evict_one(rules));
  ring.keyspace.database(0).clear();
  ring.add("k1000");
  REQUIRE(ring.eviction.evict_one(rules));
  CHECK(ring.gone.back() == "k1000");
  CHECK_FALSE(ring.eviction.evict_one(rules));
}

}  // namespace
}  // namespace weir
