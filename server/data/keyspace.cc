#include "server/data/keyspace.h"

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
