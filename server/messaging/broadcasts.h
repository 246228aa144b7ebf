// Clients that are told of every changed key with a prefix, and the changes they are still to hear
// of.
//
//   prefix "app:"  clients 4 7   changed since the last time: app:1 (by 7), app:9 (by several)
//   prefix ""      client  5     …
//
// What changes again and again is told once, when send() is called, prefix by prefix in their
// order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class Broadcasts {
 public:
  /// Key → ID of the client that changed it; 0: the server, or more than one.
  using Changes = std::map<std::string, uint64_t, std::less<>>;
  using Send = std::function<void(uint64_t client_id, const Changes& changes)>;

  void add(std::string_view prefix, uint64_t client_id);
  void remove(std::string_view prefix, uint64_t client_id);
  /// Cost: a lookup for each length that a prefix has.
  void changed(std::string_view key, uint64_t author);
  bool has_changes() const { return !changed_.empty(); }
  /// Hands the changes of each prefix to each of its clients, and forgets them.
  void send(const Send& send);

  size_t prefix_count() const { return prefixes_.size(); }

 private:
  struct Prefix {
    std::set<uint64_t> clients;
    Changes changes;
  };

  using Prefixes = std::map<std::string, Prefix, std::less<>>;

  Prefixes prefixes_;
  std::map<size_t, size_t> by_length_;       // how many prefixes have that length
  std::vector<Prefixes::iterator> changed_;  // those with changes
};

}  // namespace weir
