// WATCH: which connections want to know whether a key changed since they asked.
//
//   (database, key) ─► client IDs          client ID ─► what it watches · whether any of it changed
//
// On the list of those who hear of keys only while something is watched.  Connections are known by
// their IDs: this room knows no connections.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/data/key_events.h"

namespace weir {

class Keyspace;

class Watches : public KeyListener {
 public:
  explicit Watches(Keyspace& keyspace) : keyspace_(keyspace) {}
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// Watching a key twice is watching it once.
  void watch(uint64_t client_id, uint32_t db, std::string_view key);
  /// Forgets all keys of a client, and that they changed.  Cost: O(keys watched · their watchers).
  void unwatch(uint64_t client_id);
  /// Whether a key that the client watches changed, or has expired since.
  bool has_changed(uint64_t client_id);
  /// The same, of what was noticed so far.
  bool was_touched(uint64_t client_id) const;

  size_t key_count(uint64_t client_id) const;
  /// Over all clients, each key once.
  size_t key_count() const { return watchers_.size(); }
  size_t client_count() const { return clients_.size(); }

  // --- KeyListener
  void happened(uint32_t db, const KeyEvent& event, std::string_view key) override;
  void flushing(uint32_t db) override;
  void swapping(uint32_t first_db, uint32_t second_db) override;

 private:
  struct Watched {
    uint32_t db = 0;
    std::string key;
  };
  struct Watcher {
    std::vector<Watched> keys;
    bool changed = false;
  };

  static std::string key_id(uint32_t db, std::string_view key);
  bool exists(uint32_t db, std::string_view key) const;
  void mark_changed(uint32_t db, std::string_view key);
  template <class Goes>
  void mark_where(Goes goes);

  Keyspace& keyspace_;
  std::unordered_map<std::string, std::vector<uint64_t>> watchers_;
  std::unordered_map<uint64_t, Watcher> clients_;
};

}  // namespace weir
