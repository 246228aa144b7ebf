#include "server/net/client_memory.h"

namespace weir {

void ClientMemory::look_at(const Client& client) {
  if (client.closed || client.no_evict || client.shared) return forget(client.id);
  const size_t bytes = client.memory_bytes();
  const auto [known, is_new] = bytes_.try_emplace(client.id, bytes);
  total_ += bytes - (is_new ? 0 : known->second);
  if (is_new) {
    classes_[class_of(bytes)].insert(client.id);
  } else if (class_of(bytes) != class_of(known->second)) {
    classes_[class_of(known->second)].erase(client.id);
    classes_[class_of(bytes)].insert(client.id);
  }
  known->second = bytes;
}

void ClientMemory::forget(uint64_t client_id) {
  const auto known = bytes_.find(client_id);
  if (known == bytes_.end()) return;
  total_ -= known->second;
  classes_[class_of(known->second)].erase(client_id);
  bytes_.erase(known);
}

std::optional<uint64_t> ClientMemory::greatest() const {
  for (size_t i = kClasses; i-- > 0;) {
    if (!classes_[i].empty()) return *classes_[i].begin();
  }
  return std::nullopt;
}

}  // namespace weir
