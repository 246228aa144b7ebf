// The databases: key → stream, and when keys go.
//
//   Keyspace ─┬─ Database 0 ─┬─ KeyTable    key ─► entry
//             │              └─ ExpiryHeap  the keys that have a TTL, by deadline
//             └─ Database 1 …
//
// A stream that a command asks for by key is found here and nowhere else, so this is also where
// its last access is noted, where hits and misses are counted and where a key whose time is over is
// found to be gone: every lookup looks at the deadline, if the key has one.  Keys that nobody asks
// for are removed by expire_some(), the earliest first.
//
// What else a removed key means (the log, replicas, blocked readers) is the business of the
// RemovalListener.
//
// Always: a key is in the heap of its database, or has no TTL.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "server/data/access_mark.h"
#include "server/data/expiry_heap.h"
#include "server/data/iid_expiry.h"
#include "server/data/key_events.h"
#include "server/data/key_table.h"
#include "server/data/lazy_free.h"
#include "streams/random_bits.h"

namespace weir {

class Keyspace;
class KeyspaceSnapshot;

/// How lookups went, over all databases.
struct LookupCounts {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t expired = 0;  // keys removed because their time was over
  uint64_t evicted = 0;  // keys removed because memory was short
};

/// One moment, in milliseconds and in seconds: dividing costs more than carrying both.
struct UnixTime {
  int64_t ms = 0;
  int64_t s = 0;
};

/// What becomes of a key whose time is over.
enum class ExpiredKeys : uint8_t {
  kGo,         // it is removed as soon as somebody asks for it
  kAreHidden,  // nobody sees it, and it stays: who may remove it is somebody else
  kAreSeen,    // it is there as long as nobody deletes it: for what comes from a log or a primary
};

/// Why the server removed a key that nobody deleted.
enum class Removal : uint8_t { kExpired, kEvicted };

class RemovalListener {
 public:
  virtual ~RemovalListener() = default;
  /// The key has just gone.
  virtual void removed(uint32_t db, std::string_view key, Removal why) = 0;
};

class Database {
 public:
  Database(uint32_t index, Keyspace& keyspace) : keyspace_(&keyspace), index_(index) {}

  uint32_t index() const { return index_; }
  size_t size() const { return keys_.size(); }

  /// The stream of a key for reading, null without the key.  Counts a hit or a miss.  What a
  /// snapshot would write down of it must not be changed.
  Stream* find(std::string_view key);
  /// The same for a command that reads and changes.
  Stream* find_to_change(std::string_view key);
  /// The same for writing, uncounted.
  Stream* find_for_write(std::string_view key) { return use(locate(key)); }
  /// Counts a hit or a miss: find() does, and commands for which Redis looks a key up twice.
  void count_lookup(std::string_view key, bool is_hit);
  /// Looking up for writing in two steps, for a command that has something to do while memory is
  /// fetched: where the key is, its last node on the way into the cache; then its stream, with the
  /// access noted.
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
  /// The same; nobody is told of a miss.
  const KeyEntry* peek_unnoticed(std::string_view key);
  /// The same, uncounted, and removes nothing.
  const KeyEntry* entry(std::string_view key) const;

  /// Puts a stream under a key, for whoever loads data; null if the key is there.
  KeyEntry* add(std::string_view key, Stream&& stream, std::optional<int64_t> deadline_ms);
  /// The same, instead of what is there, seen or hidden.
  KeyEntry& replace(std::string_view key, Stream&& stream, std::optional<int64_t> deadline_ms);
  bool erase(std::string_view key);
  /// Removes a key that nobody deleted, and tells the listeners.
  void remove(KeyEntry& entry, Removal why);
  /// The same for one that goes because memory is short; if its time is over it has expired.
  void evict(KeyEntry& entry);
  /// When what was removed is freed: beside the requests where it takes long, or before the call is
  /// over.
  enum class Freeing : uint8_t { kBeside, kAtOnce };
  /// Removes all keys and returns how many there were.
  size_t clear(Freeing freeing = Freeing::kBeside);

  // --- Moving keys: each with its TTL and its last access.

  /// Gives the stream of one key to another, which loses what it had.
  void rename(KeyEntry& from, std::string_view to);
  /// Takes a key to another database, which does not have it.
  void move(KeyEntry& entry, Database& to);
  /// Puts a copy of a stream under a key, here or in another database; it loses what it had.
  void copy(const KeyEntry& from, Database& to, std::string_view key);
  /// Exchanges all keys.
  void swap(Database& other) noexcept;

  // --- Time to live

  /// Unix time in ms of the last moment of a key; nothing if it has no TTL.
  std::optional<int64_t> deadline_ms(const KeyEntry& entry) const {
    if (entry.expiry_place == 0) return std::nullopt;
    return expiries_.deadline_ms(entry);
  }
  void set_deadline(KeyEntry& entry, int64_t deadline_ms) {
    before_change(entry);
    expiries_.set(entry, deadline_ms);
  }
  /// False if it has no TTL.
  bool persist(KeyEntry& entry);
  const ExpiryHeap& expiries() const { return expiries_; }
  /// Whether nobody may see a key any more.
  bool is_over(const KeyEntry& entry) const { return entry.expiry_place != 0 && is_past(entry); }
  /// Removes up to `most` keys whose time is over; returns how many.
  size_t expire_some(size_t most);
  /// Some key whose time is not over, every one about equally likely; null if there is none.
  const KeyEntry* random(std::mt19937_64& generator);

  const KeyTable& keys() const { return keys_; }
  /// Moves a growing or shrinking table a little on, off the path of requests; returns whether
  /// there is more to move.  Cost: some tens of microseconds.
  bool maintain() { return keys_.maintain(64); }

  /// Notes an access whatever the client said; false without the key.  Counts a hit or a miss.
  bool note_access(std::string_view key);

  /// Stops the process if a rule of a structure below here is broken.  Cost: O(everything).
  void assert_consistent() const;

 private:
  friend class Keyspace;

  /// Whatever changes an entry or its stream, or takes it away, passes here first.
  inline void before_change(KeyEntry& entry) const;
  void tell_snapshot(KeyEntry& entry) const;
  KeyEntry* touch(KeyEntry* entry) const;
  KeyEntry* touch_to_read(KeyEntry* entry) const;
  KeyEntry* counted(KeyEntry* entry, std::string_view key);
  /// The entry, or null if its time is over.
  KeyEntry* live(KeyEntry* entry) {
    if (entry == nullptr || entry->expiry_place == 0) [[likely]]
      return entry;
    return live_for_now(*entry);
  }
  KeyEntry* live_for_now(KeyEntry& entry);
  bool is_past(const KeyEntry& entry) const;
  KeyEntry::Ptr take_out(KeyEntry& entry);
  void discard(KeyEntry::Ptr entry);
  KeyEntry& put(std::string_view key, uint64_t hash, Stream&& stream);
  void drop(std::string_view key);
  void watch_messages(Stream& stream) const;

  KeyTable keys_;
  ExpiryHeap expiries_;
  Keyspace* keyspace_;
  uint32_t index_;
};

class Keyspace {
 public:
  explicit Keyspace(uint32_t databases) {
    databases_.reserve(databases);
    for (uint32_t i = 0; i < databases; ++i)
      databases_.emplace_back(i, *this);
  }
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  /// Empty databases, as many as there are, that nobody sees: for data that are loaded aside.
  std::vector<Database> spare_databases();
  /// These become the data, and `others` are what was there.  Nothing that listens is told.
  void exchange(std::vector<Database>& others) noexcept;

  Database& database(uint32_t index) { return databases_[index]; }
  std::vector<Database>& databases() { return databases_; }
  LookupCounts& lookups() { return lookups_; }

  /// The time of the lookups that follow, and whether they note an access (CLIENT NO-TOUCH).
  void set_time(UnixTime now, bool access_noted) {
    now_ms_ = now.ms;
    access_time_s_ = static_cast<uint32_t>(now.s);
    access_noted_ = access_noted;
  }

  /// How uses are noted from now on; what was noted before is taken for the same.
  void set_access_notes(AccessNotes notes, const FrequencyScale& scale) {
    access_notes_ = notes;
    frequency_scale_ = scale;
  }
  AccessNotes access_notes() const { return access_notes_; }
  /// How often a key is used, 0 to 255; for AccessNotes::kFrequency.
  uint32_t frequency(const KeyEntry& entry) const {
    return FrequencyMark::counter(entry.access_mark, access_time_s_, frequency_scale_);
  }
  /// Seconds since its last use, or change; for the others.
  uint32_t idle_s(const KeyEntry& entry) const {
    return access_time_s_ - std::min(entry.access_mark, access_time_s_);
  }

  /// What is noted of a key's use: one of these two.
  uint32_t use_of(const KeyEntry& entry) const {
    return access_notes_ == AccessNotes::kFrequency ? frequency(entry) : idle_s(entry);
  }
  /// The same, of a key that was loaded.
  void set_use(KeyEntry& entry, uint32_t use) const {
    entry.access_mark = access_notes_ == AccessNotes::kFrequency
                            ? FrequencyMark::make(static_cast<uint8_t>(use), access_time_s_)
                            : access_time_s_ - std::min(use, access_time_s_);
  }

  // --- For KeyspaceSnapshot: there is at most one.
  void begin_snapshot(KeyspaceSnapshot& snapshot);
  void end_snapshot() { snapshot_ = nullptr; }
  /// The mark with which keys are born.
  bool snapshot_mark() const { return snapshot_mark_; }

  // --- What others set, read and hand over to.
  /// What becomes of keys.
  KeyEvents events;

  ExpiredKeys expired_keys = ExpiredKeys::kGo;
  /// CLIENT PAUSE: nothing is to change, so keys are hidden that would go.
  bool expiry_paused = false;
  /// Whether keys are removed that nobody asks for.
  bool active_expiry = true;
  /// Who hears of keys that the server removes; may be null.
  RemovalListener* removal_listener = nullptr;

  /// Changes to the data since the last save.
  uint64_t changes = 0;
  /// What streams that are made from now on remember of messages.
  IdempotenceLimits new_stream_limits;
  /// Who forgets such messages in time.
  IidExpiry iid_expiry;
  /// Where removed streams go.
  LazyFree lazy_free;

 private:
  friend class Database;

  bool removes_expired() const { return expired_keys == ExpiredKeys::kGo && !expiry_paused; }
  void note_use(KeyEntry& entry) {
    if (access_notes_ == AccessNotes::kFrequency) [[unlikely]]
      return note_frequency(entry);
    entry.access_mark = access_time_s_;
  }
  void note_frequency(KeyEntry& entry);
  uint32_t new_mark() const;

  LookupCounts lookups_;
  KeyspaceSnapshot* snapshot_ = nullptr;
  bool snapshot_mark_ = false;
  int64_t now_ms_ = 0;
  uint32_t access_time_s_ = 0;
  bool access_noted_ = true;
  AccessNotes access_notes_ = AccessNotes::kTime;
  FrequencyScale frequency_scale_;
  std::minstd_rand random_{static_cast<uint32_t>(random_bits())};
  std::vector<Database> databases_;
};

void Database::before_change(KeyEntry& entry) const {
  if (keyspace_->snapshot_ != nullptr) [[unlikely]]
    tell_snapshot(entry);
}

/// For its life, keys whose time is over are there: until somebody says that they went.
class ExpiredAreSeen {
 public:
  explicit ExpiredAreSeen(Keyspace& keyspace)
      : keyspace_(keyspace), was_(std::exchange(keyspace.expired_keys, ExpiredKeys::kAreSeen)) {}
  ExpiredAreSeen(const ExpiredAreSeen&) = delete;
  ExpiredAreSeen& operator=(const ExpiredAreSeen&) = delete;
  ~ExpiredAreSeen() { keyspace_.expired_keys = was_; }

 private:
  Keyspace& keyspace_;
  const ExpiredKeys was_;
};

}  // namespace weir
