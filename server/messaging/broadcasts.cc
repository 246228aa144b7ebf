#include "server/messaging/broadcasts.h"

#include <algorithm>
#include <utility>

namespace weir {

void Broadcasts::add(std::string_view prefix, uint64_t client_id) {
  const auto [at, is_new] = prefixes_.try_emplace(std::string(prefix));
  if (is_new) ++by_length_[prefix.size()];
  at->second.clients.insert(client_id);
}

void Broadcasts::remove(std::string_view prefix, uint64_t client_id) {
  const auto at = prefixes_.find(prefix);
  if (at == prefixes_.end()) return;
  at->second.clients.erase(client_id);
  if (!at->second.clients.empty()) return;
  std::erase(changed_, at);
  const auto length = by_length_.find(prefix.size());
  if (--length->second == 0) by_length_.erase(length);
  prefixes_.erase(at);
}

void Broadcasts::changed(std::string_view key, uint64_t author) {
  for (const auto& [length, count] : by_length_) {
    if (length > key.size()) break;
    const auto at = prefixes_.find(key.substr(0, length));
    if (at == prefixes_.end()) continue;
    Changes& changes = at->second.changes;
    if (changes.empty()) changed_.push_back(at);
    const auto known = changes.find(key);
    if (known == changes.end()) {
      changes.emplace(key, author);
    } else if (known->second != author) {
      known->second = 0;
    }
  }
}

void Broadcasts::send(const Send& send) {
  std::sort(changed_.begin(), changed_.end(),
            [](const auto& a, const auto& b) { return a->first < b->first; });
  for (const Prefixes::iterator at : std::exchange(changed_, {})) {
    const Changes changes = std::exchange(at->second.changes, {});
    for (const uint64_t id : at->second.clients)
      send(id, changes);
  }
}

}  // namespace weir
