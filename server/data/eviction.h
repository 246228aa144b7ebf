// Chooses keys to remove when memory is short, and removes them.
//
//   every database: some random keys ─► pool of the best, by score ─► the best of all goes
//
//   pool   score 20    score 300   score 301   score 4000
//          0 "a"       3 "b"       0 "c"       0 "d"   ◄── goes next, if it was not used since
//
// Looking at all keys for the one that was used least would take seconds, so a few random ones are
// looked at each time.  The better of them stay in the pool, and compete with those of the next
// time: what goes is nearly what should.  The pool has names of keys, which may be gone by then.
//
// volatile-ttl needs no pool: the heap of deadlines knows the first.
//
// Always: the pool is in ascending order of scores, each key once.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server/data/keyspace.h"
#include "streams/random_bits.h"

namespace weir {

/// Which keys may go, and which of them first.
struct EvictionRules {
  enum class Keys : uint8_t { kNone, kAll, kVolatile };
  enum class Order : uint8_t { kOldestUse, kRarestUse, kRandom, kNextToExpire };

  Keys keys = Keys::kNone;
  Order order = Order::kOldestUse;
  size_t samples = 5;  // random keys of each database that are looked at for one that goes

  friend bool operator==(const EvictionRules&, const EvictionRules&) = default;
};

class Eviction {
 public:
  /// The most names kept from one time to the next.
  static constexpr size_t kPoolSize = 16;

  explicit Eviction(Keyspace& keyspace, uint64_t seed = random_bits())
      : keyspace_(keyspace), random_(seed) {}
  Eviction(const Eviction&) = delete;
  Eviction& operator=(const Eviction&) = delete;

  /// Removes the key that should go first; false if there is none that may.
  bool evict_one(const EvictionRules& rules);

 private:
  struct Candidate {
    uint64_t score;
    uint32_t db;
    std::string key;
  };
  struct Victim {
    Database* db;
    KeyEntry* entry;
  };

  std::optional<Victim> choose();
  std::optional<Victim> next_to_expire();
  std::optional<Victim> any();
  std::optional<Victim> best();
  bool fill();
  void offer(uint32_t db, const KeyEntry& entry);
  KeyEntry* pick(Database& db);
  size_t count(const Database& db) const;
  uint64_t score(const KeyEntry& entry) const;

  Keyspace& keyspace_;
  std::mt19937_64 random_;
  EvictionRules rules_;
  std::vector<Candidate> pool_;
  size_t next_db_ = 0;  // where the next random key is taken from
};

}  // namespace weir
