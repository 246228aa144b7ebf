#include "server/data/watches.h"

#include <algorithm>

#include "server/data/keyspace.h"

namespace weir {

std::string Watches::key_id(uint32_t db, std::string_view key) {
  std::string id = std::to_string(db);
  id += ' ';
  id += key;
  return id;
}

bool Watches::exists(uint32_t db, std::string_view key) const {
  return keyspace_.database(db).entry(key) != nullptr;
}

// A key whose time is over already goes first: that is no change.
void Watches::watch(uint64_t client_id, uint32_t db, std::string_view key) {
  static_cast<void>(keyspace_.database(db).locate(key));
  std::vector<uint64_t>& watchers = watchers_[key_id(db, key)];
  if (std::find(watchers.begin(), watchers.end(), client_id) != watchers.end()) return;
  watchers.push_back(client_id);
  clients_[client_id].keys.push_back({db, std::string(key)});
  keyspace_.events.add(*this);
}

void Watches::unwatch(uint64_t client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  for (const Watched& watched : client->second.keys) {
    const auto at = watchers_.find(key_id(watched.db, watched.key));
    std::erase(at->second, client_id);
    if (at->second.empty()) watchers_.erase(at);
  }
  clients_.erase(client);
  if (clients_.empty()) keyspace_.events.remove(*this);
}

// Looking a key up lets it expire, which is an event like others.
bool Watches::has_changed(uint64_t client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return false;
  for (const Watched& watched : client->second.keys)
    static_cast<void>(keyspace_.database(watched.db).locate(watched.key));
  return client->second.changed;
}

bool Watches::was_touched(uint64_t client_id) const {
  const auto client = clients_.find(client_id);
  return client != clients_.end() && client->second.changed;
}

size_t Watches::key_count(uint64_t client_id) const {
  const auto client = clients_.find(client_id);
  return client == clients_.end() ? 0 : client->second.keys.size();
}

void Watches::mark_changed(uint32_t db, std::string_view key) {
  const auto at = watchers_.find(key_id(db, key));
  if (at == watchers_.end()) return;
  for (const uint64_t client : at->second)
    clients_[client].changed = true;
}

template <class Goes>
void Watches::mark_where(Goes goes) {
  for (auto& [id, client] : clients_) {
    client.changed |= std::any_of(client.keys.begin(), client.keys.end(), goes);
  }
}

void Watches::happened(uint32_t db, const KeyEvent& event, std::string_view key) {
  if (event.is_change) mark_changed(db, key);
}

void Watches::flushing(uint32_t db) {
  mark_where([&](const Watched& watched) { return watched.db == db && exists(db, watched.key); });
}

void Watches::swapping(uint32_t first_db, uint32_t second_db) {
  mark_where([&](const Watched& watched) {
    const bool is_swapped = watched.db == first_db || watched.db == second_db;
    return is_swapped && (exists(first_db, watched.key) || exists(second_db, watched.key));
  });
}

}  // namespace weir
