#include "server/data/keyspace.h"

#include <array>
#include <cassert>

namespace weir {

KeyEntry* Database::touch(KeyEntry* entry) const {
  if (entry != nullptr && access_noted_) entry->accessed_s = access_time_s_;
  return entry;
}

KeyEntry* Database::counted(KeyEntry* entry) {
  ++(entry != nullptr ? lookups_->hits : lookups_->misses);
  return entry;
}

Stream* Database::find(std::string_view key) {
  KeyEntry* const entry = counted(touch(keys_.find(key, KeyTable::hash(key))));
  return entry != nullptr ? &entry->stream : nullptr;
}

KeyEntry* Database::locate(std::string_view key) {
  KeyEntry* const entry = keys_.find(key, KeyTable::hash(key));
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
  return touch(entry) != nullptr ? &entry->stream : nullptr;
}

Stream& Database::find_or_create(std::string_view key) {
  const uint64_t hash = KeyTable::hash(key);
  KeyEntry* entry = keys_.find(key, hash);
  if (entry == nullptr) {
    entry = KeyEntry::create(key);
    entry->accessed_s = access_time_s_;
    entry->stream.set_idempotence_limits(*new_stream_limits_);
    keys_.insert(entry, hash);
  }
  return touch(entry)->stream;
}

const KeyEntry* Database::peek(std::string_view key) {
  return counted(keys_.find(key, KeyTable::hash(key)));
}

bool Database::note_access(std::string_view key) {
  KeyEntry* const entry = counted(keys_.find(key, KeyTable::hash(key)));
  if (entry != nullptr) entry->accessed_s = access_time_s_;
  return entry != nullptr;
}

bool Database::erase(std::string_view key) {
  KeyEntry* const entry = keys_.remove(key, KeyTable::hash(key));
  if (entry == nullptr) return false;
  KeyEntry::destroy(entry);
  return true;
}

size_t Database::clear() {
  const size_t removed = keys_.size();
  keys_.clear();
  return removed;
}

}  // namespace weir
