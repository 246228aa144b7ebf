// The keyspace at one moment, handed out key by key while it goes on changing.
//
//   begin ─► every key bears the mark of an earlier snapshot
//
//   take() ──────────────────────────► marks and freezes the next keys, database by database
//   a key about to change or go ─────► is marked and frozen first, and waits for its turn: early
//   all keys of a database go ───────► the table is kept as it is and walked instead
//   databases are exchanged ─────────► each walk goes with its table
//   a new key ───────────────────────► is born with the mark: not in the snapshot
//
// A key that was handed out is a FrozenStream with the name, database and TTL of the moment: it may
// be read in another thread, and is given back to its giver's thread with end().
//
// Beginning is O(databases).  A change costs one comparison while there is no snapshot, and while
// there is one, too, except the first change of a key.
//
// Always: a key without the mark is in a table that is still walked.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "server/data/keyspace.h"
#include "streams/frozen_stream.h"

namespace weir {

struct SnapshotKey {
  uint32_t db = 0;
  std::string name;
  std::optional<int64_t> deadline_ms;
  uint32_t use = 0;  // see Keyspace::use_of()
  FrozenStream stream;
};

class KeyspaceSnapshot {
 public:
  /// What a database had at the moment.
  struct Counts {
    uint32_t db = 0;
    size_t keys = 0;
    size_t with_ttl = 0;
  };

  /// Begins now; `keyspace` outlives it and has no other one.
  explicit KeyspaceSnapshot(Keyspace& keyspace);
  KeyspaceSnapshot(const KeyspaceSnapshot&) = delete;
  KeyspaceSnapshot& operator=(const KeyspaceSnapshot&) = delete;
  /// Walks what is left.  Everything handed out has been given back.
  ~KeyspaceSnapshot();

  /// The databases that are not empty, ascending: the order in which keys are handed out.
  const std::vector<Counts>& counts() const { return counts_; }
  size_t key_count() const { return key_count_; }
  /// How many were handed out.
  size_t taken() const { return taken_; }

  /// Hands out the next keys: `most`, or a few more where keys share a home.
  void take(std::vector<SnapshotKey>& keys, size_t most);
  bool is_done() const { return current_ == walks_.size(); }
  /// Nobody wants the rest: what is left is only marked, and take() hands out nothing.
  void abandon();
  bool is_abandoned() const { return is_abandoned_; }

  /// A key is given back.  Great remains are freed by the keyspace's helper.
  void give_back(SnapshotKey key);

  // --- Called by the databases, before it happens.
  void before_change(KeyEntry& entry, const Database& db) {
    if (entry.snapshot_mark() != mark_) take_early(entry, db);
  }
  /// All keys of a database go.
  void keep(const Database& db, KeyTable keys, ExpiryHeap expiries);
  /// Two databases exchange their keys.
  void swapped(Database& first, Database& second);
  bool mark() const { return mark_; }

 private:
  /// A table with keys to hand out.
  struct Walk {
    uint32_t db = 0;           // of the moment
    Database* live = nullptr;  // whose table it is now; null: it is kept here
    KeyTable kept_keys;
    ExpiryHeap kept_expiries;
    uint64_t cursor = 0;
    bool is_walked = false;  // only early keys are left
    std::deque<SnapshotKey> early;

    const KeyTable& keys() const { return live != nullptr ? live->keys() : kept_keys; }
    std::optional<int64_t> deadline_ms(const KeyEntry& entry) const;
  };

  Walk* walk_of(const Database& db);
  void take_early(KeyEntry& entry, const Database& db);
  SnapshotKey frozen(const Walk& walk, KeyEntry& entry) const;
  bool step(Walk& walk, std::vector<SnapshotKey>& keys);

  Keyspace& keyspace_;
  const bool mark_;
  std::vector<Counts> counts_;
  size_t key_count_ = 0;
  size_t taken_ = 0;
  std::vector<Walk> walks_;
  size_t current_ = 0;
  std::vector<KeyTable> other_tables_;  // that went: keys of the moment may have moved into them
  bool is_abandoned_ = false;
};

}  // namespace weir
