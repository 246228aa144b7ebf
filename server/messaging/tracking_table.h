// Which clients were answered from which key, and hold a copy of that: key → their IDs.
//
//   oldest ─► key "a": 3 9 12 ─► key "b": 9 ─► …  newest
//
// A key is remembered until it is taken: when it changes, or when there are too many.  It is not
// said here whether an ID still is a client; those of clients that went are thrown out when a
// key's IDs would need more room, so that a key that is read for ever and never changes does not
// collect the IDs of all clients that ever were.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

class TrackingTable {
 public:
  /// Whether an ID is worth remembering.
  using IsThere = std::function<bool(uint64_t client_id)>;
  struct Entry {
    std::string key;
    std::vector<uint64_t> clients;  // ascending
  };

  explicit TrackingTable(IsThere is_there) : is_there_(std::move(is_there)) {}

  void remember(std::string_view key, uint64_t client_id);
  /// Forgets a key; the clients that it was remembered for.
  std::vector<uint64_t> take(std::string_view key);
  /// Forgets the key that has been remembered longest; there must be one.
  Entry take_oldest();
  void clear();

  size_t key_count() const { return by_key_.size(); }
  /// IDs, over all keys.
  size_t item_count() const { return items_; }

 private:
  Entry take(std::list<Entry>::iterator at);
  void make_room(Entry& entry);

  IsThere is_there_;
  std::list<Entry> entries_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // of entries_
  size_t items_ = 0;
};

}  // namespace weir
