#include "server/data/keyspace_snapshot.h"

#include <cassert>
#include <utility>

namespace weir {

KeyspaceSnapshot::KeyspaceSnapshot(Keyspace& keyspace)
    : keyspace_(keyspace), mark_(!keyspace.snapshot_mark()) {
  for (Database& db : keyspace.databases()) {
    if (db.size() == 0) continue;
    counts_.push_back({.db = db.index(), .keys = db.size(), .with_ttl = db.expiries().size()});
    key_count_ += db.size();
    Walk& walk = walks_.emplace_back();
    walk.db = db.index();
    walk.live = &db;
  }
  keyspace_.begin_snapshot(*this);
}

KeyspaceSnapshot::~KeyspaceSnapshot() {
  abandon();
  std::vector<SnapshotKey> none;
  while (!is_done())
    take(none, SIZE_MAX);
  keyspace_.end_snapshot();
  for (Walk& walk : walks_) {
    if (walk.kept_keys.size() > 0) keyspace_.lazy_free.take(std::move(walk.kept_keys));
  }
  for (KeyTable& table : other_tables_)
    keyspace_.lazy_free.take(std::move(table));
}

std::optional<int64_t> KeyspaceSnapshot::Walk::deadline_ms(const KeyEntry& entry) const {
  if (live != nullptr) return live->deadline_ms(entry);
  if (entry.expiry_place == 0) return std::nullopt;
  return kept_expiries.deadline_ms(entry);
}

SnapshotKey KeyspaceSnapshot::frozen(const Walk& walk, KeyEntry& entry) const {
  entry.set_snapshot_mark(mark_);
  return {.db = walk.db,
          .name = std::string(entry.key()),
          .deadline_ms = walk.deadline_ms(entry),
          .use = keyspace_.use_of(entry),
          .stream = FrozenStream(entry.stream)};
}

// --- Handing out ---------------------------------------------------------------------------------

void KeyspaceSnapshot::take(std::vector<SnapshotKey>& keys, size_t most) {
  const size_t before = keys.size();
  size_t steps = 0;
  while (!is_done() && keys.size() - before < most && steps < most) {
    ++steps;
    if (!step(walks_[current_], keys)) ++current_;
  }
  taken_ += keys.size() - before;
}

/// One early key or those of one home of the table; false when there is nothing left.
bool KeyspaceSnapshot::step(Walk& walk, std::vector<SnapshotKey>& keys) {
  if (!walk.early.empty()) {
    keys.push_back(std::move(walk.early.front()));
    walk.early.pop_front();
    return true;
  }
  if (walk.is_walked) return false;
  walk.cursor = walk.keys().scan(walk.cursor, [&](KeyEntry& entry) {
    if (entry.snapshot_mark() == mark_) return;
    if (is_abandoned_) {
      entry.set_snapshot_mark(mark_);
    } else {
      keys.push_back(frozen(walk, entry));
    }
  });
  walk.is_walked = walk.cursor == 0;
  return true;
}

void KeyspaceSnapshot::abandon() {
  is_abandoned_ = true;
  for (Walk& walk : walks_) {
    for (SnapshotKey& key : walk.early)
      give_back(std::move(key));
    walk.early.clear();
  }
}

void KeyspaceSnapshot::give_back(SnapshotKey key) {
  for (RadixRetired& retired : key.stream.end())
    keyspace_.lazy_free.take(std::move(retired));
}

// --- Before something happens --------------------------------------------------------------------

KeyspaceSnapshot::Walk* KeyspaceSnapshot::walk_of(const Database& db) {
  for (Walk& walk : walks_) {
    if (walk.live == &db) return &walk;
  }
  return nullptr;
}

void KeyspaceSnapshot::take_early(KeyEntry& entry, const Database& db) {
  Walk* const walk = walk_of(db);
  assert(walk != nullptr && !walk->is_walked);
  if (is_abandoned_) return entry.set_snapshot_mark(mark_);
  walk->early.push_back(frozen(*walk, entry));
}

void KeyspaceSnapshot::keep(const Database& db, KeyTable keys, ExpiryHeap expiries) {
  Walk* const walk = walk_of(db);
  if (walk == nullptr) {
    other_tables_.push_back(std::move(keys));
    return;
  }
  walk->live = nullptr;
  walk->kept_keys = std::move(keys);
  walk->kept_expiries.swap(expiries);
}

void KeyspaceSnapshot::swapped(Database& first, Database& second) {
  Walk* const one = walk_of(first);
  Walk* const other = walk_of(second);
  if (one != nullptr) one->live = &second;
  if (other != nullptr) other->live = &first;
}

}  // namespace weir
