#include "server/messaging/tracking_table.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace weir {

void TrackingTable::remember(std::string_view key, uint64_t client_id) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    entries_.push_back({std::string(key), {client_id}});
    by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
    ++items_;
    return;
  }
  Entry& entry = *found->second;
  if (std::binary_search(entry.clients.begin(), entry.clients.end(), client_id)) return;
  if (entry.clients.size() == entry.clients.capacity()) make_room(entry);
  entry.clients.insert(std::lower_bound(entry.clients.begin(), entry.clients.end(), client_id),
                       client_id);
  ++items_;
}

void TrackingTable::make_room(Entry& entry) {
  items_ -= std::erase_if(entry.clients, [this](uint64_t id) { return !is_there_(id); });
}

std::vector<uint64_t> TrackingTable::take(std::string_view key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::vector<uint64_t>() : take(found->second).clients;
}

TrackingTable::Entry TrackingTable::take_oldest() {
  assert(!entries_.empty());
  return take(entries_.begin());
}

TrackingTable::Entry TrackingTable::take(std::list<Entry>::iterator at) {
  by_key_.erase(at->key);
  items_ -= at->clients.size();
  Entry entry = std::move(*at);
  entries_.erase(at);
  return entry;
}

void TrackingTable::clear() {
  by_key_.clear();
  entries_.clear();
  items_ = 0;
}

}  // namespace weir
