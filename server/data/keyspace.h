// The databases: key → stream.
//
// A stream that a command asks for by key is found here and nowhere else, so this is also where
// its last access is noted and where hits and misses are counted.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/data/iid_expiry.h"
#include "server/data/key_events.h"
#include "server/data/key_table.h"

namespace weir {

/// How lookups went, over all databases.
struct LookupCounts {
  uint64_t hits = 0;
  uint64_t misses = 0;
};

class Database {
 public:
  Database(uint32_t index, LookupCounts& lookups, const IdempotenceLimits& new_stream_limits)
      : lookups_(&lookups), new_stream_limits_(&new_stream_limits), index_(index) {}

  uint32_t index() const { return index_; }
  size_t size() const { return keys_.size(); }

  /// The stream of a key for reading, null without the key.  Counts a hit or a miss.
  Stream* find(std::string_view key);
  /// The same for writing, uncounted.
  Stream* find_for_write(std::string_view key) { return use(locate(key)); }
  /// The same in two steps, for a command that has something to do while memory is fetched: where
  /// the key is, its last node on the way into the cache; then its stream, with the access noted.
  KeyEntry* locate(std::string_view key);
  Stream* use(KeyEntry* entry) const;
  /// Begins to fetch what commands on up to kMostPrefetched keys will need first, the keys side by
  /// side.
  void prefetch(std::span<const std::string_view> keys) const;
  static constexpr size_t kMostPrefetched = 8;
  /// The stream of a key, which is made if it does not exist.
  Stream& find_or_create(std::string_view key);
  /// The entry of a key for a question about the key, not its stream: counts a hit or a miss, notes
  /// no access.
  const KeyEntry* peek(std::string_view key);
  /// The same, uncounted.
  const KeyEntry* entry(std::string_view key) const { return keys_.find(key, KeyTable::hash(key)); }

  bool erase(std::string_view key);
  /// Removes all keys and returns how many there were.
  size_t clear();

  const KeyTable& keys() const { return keys_; }
  /// Moves a growing or shrinking table a little on, off the path of requests; returns whether
  /// there is more to move.  Cost: some tens of microseconds.
  bool maintain() { return keys_.maintain(64); }

  /// What is noted as the time of an access, and whether lookups note one (CLIENT NO-TOUCH).
  void set_access_time(int64_t unix_s, bool noted) {
    access_time_s_ = static_cast<uint32_t>(unix_s);
    access_noted_ = noted;
  }
  /// Notes an access whatever the client said; false without the key.  Counts a hit or a miss.
  bool note_access(std::string_view key);

 private:
  KeyEntry* touch(KeyEntry* entry) const;
  KeyEntry* counted(KeyEntry* entry);

  KeyTable keys_;
  LookupCounts* lookups_;
  const IdempotenceLimits* new_stream_limits_;
  uint32_t access_time_s_ = 0;
  bool access_noted_ = true;
  uint32_t index_;
};

class Keyspace {
 public:
  explicit Keyspace(uint32_t databases) {
    databases_.reserve(databases);
    for (uint32_t i = 0; i < databases; ++i)
      databases_.emplace_back(i, lookups_, new_stream_limits);
  }
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  Database& database(uint32_t index) { return databases_[index]; }
  std::vector<Database>& databases() { return databases_; }
  LookupCounts& lookups() { return lookups_; }

  /// What becomes of keys.
  KeyEvents events;
  /// Changes to the data since the last save.
  uint64_t changes = 0;
  /// What streams that are made from now on remember of messages.
  IdempotenceLimits new_stream_limits;
  IidExpiry iid_expiry;

 private:
  LookupCounts lookups_;
  std::vector<Database> databases_;
};

}  // namespace weir
