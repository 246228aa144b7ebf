#include "server/data/keyspace.h"

#include <array>
#include <cassert>
#include <utility>

#include "server/data/keyspace_snapshot.h"

namespace weir {
namespace {

/// Random picks before all keys are looked at, one after the other.
constexpr int kRandomPicks = 100;

}  // namespace

// --- Looking up ----------------------------------------------------------------------------------

KeyEntry* Database::touch(KeyEntry* entry) const {
  if (entry != nullptr && keyspace_->access_noted_) keyspace_->note_use(*entry);
  return entry;
}

KeyEntry* Database::touch_to_read(KeyEntry* entry) const {
  return keyspace_->access_notes_ == AccessNotes::kTimeOfWrite ? entry : touch(entry);
}

void Database::count_lookup(std::string_view key, bool is_hit) {
  if (is_hit) {
    ++keyspace_->lookups_.hits;
  } else {
    ++keyspace_->lookups_.misses;
    keyspace_->events.notify(index_, events::kKeymiss, key);
  }
}

KeyEntry* Database::counted(KeyEntry* entry, std::string_view key) {
  count_lookup(key, entry != nullptr);
  return entry;
}

Stream* Database::find(std::string_view key) {
  KeyEntry* const entry = counted(touch_to_read(live(keys_.find(key, KeyTable::hash(key)))), key);
  return entry != nullptr ? &entry->stream : nullptr;
}

Stream* Database::find_to_change(std::string_view key) {
  KeyEntry* const entry = counted(touch_to_read(live(keys_.find(key, KeyTable::hash(key)))), key);
  if (entry == nullptr) return nullptr;
  before_change(*entry);
  return &entry->stream;
}

KeyEntry* Database::locate(std::string_view key) {
  KeyEntry* const entry = live(keys_.find(key, KeyTable::hash(key)));
  if (entry != nullptr) entry->stream.prefetch_tail();
  return entry;
}

// Step by step for all keys: while one step's memory comes for the last of them, that of the first
// is there for the next step.
void Database::prefetch(std::span<const std::string_view> keys) const {
  assert(keys.size() <= kMostPrefetched);
  std::array<uint64_t, kMostPrefetched> hashes;
  std::array<const KeyEntry*, kMostPrefetched> entries;
  const size_t count = keys.size();
  for (size_t i = 0; i < count; ++i) {
    hashes[i] = KeyTable::hash(keys[i]);
    keys_.prefetch(hashes[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    entries[i] = keys_.likely(hashes[i]);
    if (entries[i] != nullptr) entries[i]->prefetch();
  }
  for (size_t i = 0; i < count; ++i) {
    if (entries[i] != nullptr) entries[i]->stream.prefetch_tail();
  }
  for (size_t i = 0; i < count; ++i) {
    if (entries[i] != nullptr) entries[i]->stream.prefetch_end();
  }
}

Stream* Database::use(KeyEntry* entry) const {
  if (touch(entry) == nullptr) return nullptr;
  before_change(*entry);
  return &entry->stream;
}

Stream& Database::find_or_create(std::string_view key) {
  const uint64_t hash = KeyTable::hash(key);
  KeyEntry* entry = live(keys_.find(key, hash));
  if (entry == nullptr) {
    entry = &put(key, hash, {});
    entry->stream.set_idempotence_limits(keyspace_->new_stream_limits);
  } else {
    before_change(*entry);
  }
  return touch(entry)->stream;
}

const KeyEntry* Database::peek(std::string_view key) {
  return counted(live(keys_.find(key, KeyTable::hash(key))), key);
}

const KeyEntry* Database::peek_unnoticed(std::string_view key) {
  const KeyEntry* const entry = live(keys_.find(key, KeyTable::hash(key)));
  ++(entry != nullptr ? keyspace_->lookups_.hits : keyspace_->lookups_.misses);
  return entry;
}

const KeyEntry* Database::entry(std::string_view key) const {
  const KeyEntry* const entry = keys_.find(key, KeyTable::hash(key));
  return entry != nullptr && !is_over(*entry) ? entry : nullptr;
}

bool Database::note_access(std::string_view key) {
  KeyEntry* const entry = counted(live(keys_.find(key, KeyTable::hash(key))), key);
  if (entry != nullptr && keyspace_->access_notes_ != AccessNotes::kTimeOfWrite)
    keyspace_->note_use(*entry);
  return entry != nullptr;
}

void Database::assert_consistent() const {
  expiries_.assert_consistent();
  size_t keys = 0;
  size_t with_ttl = 0;
  keys_.for_each([&](const KeyEntry& entry) {
    ++keys;
    with_ttl += entry.expiry_place != 0 ? 1 : 0;
    assert(keys_.find(entry.key(), KeyTable::hash(entry.key())) == &entry);
    entry.stream.assert_consistent();
    const ConsumerGroups& groups = std::as_const(entry.stream).groups();
    for (size_t i = 0; i < groups.size(); ++i) {
      if (const PendingList* const pending = groups.at(i).pending_or_null())
        pending->assert_consistent();
    }
  });
  assert(keys == keys_.size());
  assert(with_ttl == expiries_.size());
}

// A few random picks find one unless most keys are over; then the first that is not will do.
const KeyEntry* Database::random(std::mt19937_64& generator) {
  for (int pick = 0; pick < kRandomPicks && keys_.size() > 0; ++pick) {
    if (const KeyEntry* const entry = live(keys_.random(generator))) return entry;
  }
  const KeyEntry* found = nullptr;
  keys_.for_each([&](const KeyEntry& entry) {
    if (found == nullptr && !is_over(entry)) found = &entry;
  });
  return found;
}

// --- Adding and removing -------------------------------------------------------------------------

/// Adds a key.  One that is there, but hidden because its time is over, makes way.
KeyEntry& Database::put(std::string_view key, uint64_t hash, Stream&& stream) {
  if (!keyspace_->removes_expired()) drop(key);
  KeyEntry* const entry = KeyEntry::create(key);
  entry->stream = std::move(stream);
  entry->access_mark = keyspace_->new_mark();
  entry->set_snapshot_mark(keyspace_->snapshot_mark());
  keys_.insert(entry, hash);
  return *entry;
}

KeyEntry* Database::add(std::string_view key, Stream&& stream, std::optional<int64_t> deadline_ms) {
  const uint64_t hash = KeyTable::hash(key);
  if (keys_.find(key, hash) != nullptr) return nullptr;
  KeyEntry& added = put(key, hash, std::move(stream));
  watch_messages(added.stream);
  if (deadline_ms) set_deadline(added, *deadline_ms);
  return &added;
}

KeyEntry& Database::replace(std::string_view key, Stream&& stream,
                            std::optional<int64_t> deadline_ms) {
  drop(key);
  return *add(key, std::move(stream), deadline_ms);
}

/// What a stream remembers is to be forgotten in time.
void Database::watch_messages(Stream& stream) const {
  Idempotence* const messages = stream.idempotence();
  if (messages != nullptr && messages->iid_count() > 0) keyspace_->iid_expiry.watch(*messages);
}

/// Takes an entry out of table and heap.
KeyEntry::Ptr Database::take_out(KeyEntry& entry) {
  before_change(entry);
  if (entry.expiry_place != 0) expiries_.remove(entry);
  KeyEntry* const taken = keys_.remove(entry.key(), KeyTable::hash(entry.key()));
  assert(taken == &entry);
  return KeyEntry::Ptr(taken);
}

/// Removes what is under a key, if anything, whether it may be seen or not.
void Database::drop(std::string_view key) {
  KeyEntry* const entry = keys_.find(key, KeyTable::hash(key));
  if (entry != nullptr) discard(take_out(*entry));
}

/// Frees a key that nobody has any more, now or later.
void Database::discard(KeyEntry::Ptr entry) {
  if (Idempotence* const messages = entry->stream.idempotence()) messages->leave();
  keyspace_->lazy_free.take(std::move(entry));
}

bool Database::erase(std::string_view key) {
  KeyEntry* const entry = live(keys_.find(key, KeyTable::hash(key)));
  if (entry == nullptr) return false;
  discard(take_out(*entry));
  return true;
}

void Database::remove(KeyEntry& entry, Removal why) {
  KeyEntry::Ptr gone = take_out(entry);
  const std::string_view key = gone->key();
  keyspace_->events.notify(index_, why == Removal::kExpired ? events::kExpired : events::kEvicted,
                           key);
  if (keyspace_->removal_listener != nullptr)
    keyspace_->removal_listener->removed(index_, key, why);
  discard(std::move(gone));
}

void Database::evict(KeyEntry& entry) {
  if (live(&entry) == nullptr) return;
  ++keyspace_->lookups_.evicted;
  remove(entry, Removal::kEvicted);
}

size_t Database::clear(Freeing freeing) {
  const size_t removed = keys_.size();
  ExpiryHeap gone_expiries;
  gone_expiries.swap(expiries_);
  KeyTable gone(std::move(keys_));
  if (!keyspace_->iid_expiry.is_empty()) {
    gone.for_each([](KeyEntry& entry) {
      if (Idempotence* const messages = entry.stream.idempotence()) messages->leave();
    });
  }
  if (keyspace_->snapshot_ != nullptr) {
    keyspace_->snapshot_->keep(*this, std::move(gone), std::move(gone_expiries));
  } else if (freeing == Freeing::kBeside) {
    keyspace_->lazy_free.take(std::move(gone));
  }
  return removed;
}

// --- Moving keys ---------------------------------------------------------------------------------

void Database::rename(KeyEntry& from, std::string_view to) {
  const std::optional<int64_t> deadline = deadline_ms(from);
  drop(to);
  const KeyEntry::Ptr old = take_out(from);
  KeyEntry& renamed = put(to, KeyTable::hash(to), std::move(old->stream));
  renamed.access_mark = old->access_mark;
  if (deadline) set_deadline(renamed, *deadline);
}

void Database::move(KeyEntry& entry, Database& to) {
  const std::optional<int64_t> deadline = deadline_ms(entry);
  to.drop(entry.key());
  KeyEntry* const moved = take_out(entry).release();
  to.keys_.insert(moved, KeyTable::hash(moved->key()));
  if (deadline) to.set_deadline(*moved, *deadline);
}

void Database::copy(const KeyEntry& from, Database& to, std::string_view key) {
  const std::optional<int64_t> deadline = deadline_ms(from);
  Stream stream = from.stream.copy();
  to.drop(key);
  KeyEntry& copied = to.put(key, KeyTable::hash(key), std::move(stream));
  watch_messages(copied.stream);
  if (deadline) to.set_deadline(copied, *deadline);
}

void Database::swap(Database& other) noexcept {
  if (keyspace_->snapshot_ != nullptr) keyspace_->snapshot_->swapped(*this, other);
  keys_.swap(other.keys_);
  expiries_.swap(other.expiries_);
}

// --- Time to live --------------------------------------------------------------------------------

bool Database::is_past(const KeyEntry& entry) const {
  return keyspace_->expired_keys != ExpiredKeys::kAreSeen &&
         expiries_.deadline_ms(entry) < keyspace_->now_ms_;
}

/// A key with a TTL: removed if its time is over, or only hidden.
KeyEntry* Database::live_for_now(KeyEntry& entry) {
  if (!is_past(entry)) return &entry;
  if (keyspace_->removes_expired()) {
    ++keyspace_->lookups_.expired;
    remove(entry, Removal::kExpired);
  }
  return nullptr;
}

bool Database::persist(KeyEntry& entry) {
  if (entry.expiry_place == 0) return false;
  before_change(entry);
  expiries_.remove(entry);
  return true;
}

size_t Database::expire_some(size_t most) {
  if (!keyspace_->removes_expired()) return 0;
  size_t removed = 0;
  while (removed < most && !expiries_.is_empty() && live(expiries_.first().entry) == nullptr)
    ++removed;
  return removed;
}

// --- Data that come as a whole ------------------------------------------------------------------

std::vector<Database> Keyspace::spare_databases() {
  std::vector<Database> spare;
  spare.reserve(databases_.size());
  for (const Database& db : databases_)
    spare.emplace_back(db.index(), *this);
  return spare;
}

void Keyspace::exchange(std::vector<Database>& others) noexcept {
  assert(snapshot_ == nullptr);
  for (Database& db : databases_) {
    db.swap(others[db.index()]);
    // Snapshots that ended while these were loaded did not know them.
    db.keys_.for_each([this](KeyEntry& entry) { entry.set_snapshot_mark(snapshot_mark_); });
  }
}

// --- The use of keys -----------------------------------------------------------------------------

void Keyspace::note_frequency(KeyEntry& entry) {
  entry.access_mark =
      FrequencyMark::used(entry.access_mark, access_time_s_, frequency_scale_, random_);
}

uint32_t Keyspace::new_mark() const {
  if (access_notes_ != AccessNotes::kFrequency) return access_time_s_;
  return FrequencyMark::make(FrequencyMark::kNewCounter, access_time_s_);
}

// --- Snapshots -----------------------------------------------------------------------------------

void Database::tell_snapshot(KeyEntry& entry) const {
  keyspace_->snapshot_->before_change(entry, *this);
}

void Keyspace::begin_snapshot(KeyspaceSnapshot& snapshot) {
  assert(snapshot_ == nullptr);
  snapshot_ = &snapshot;
  snapshot_mark_ = snapshot.mark();
}

}  // namespace weir
