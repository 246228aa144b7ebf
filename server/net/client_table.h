// All connections, by their IDs: in the order in which they came.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "server/net/client.h"

namespace weir {

class ClientTable {
 public:
  using Map = std::map<uint64_t, std::unique_ptr<Client>>;

  /// IDs ascend and are never used again.
  Client& add(int fd, bool is_unix_socket, int64_t now_ms) {
    const uint64_t id = next_id_++;
    return *clients_
                .emplace_hint(clients_.end(), id,
                              std::make_unique<Client>(id, fd, is_unix_socket, now_ms))
                ->second;
  }

  void remove(const Client& client) { clients_.erase(client.id); }

  /// Null if there is none.
  Client* find(uint64_t id) const {
    const auto at = clients_.find(id);
    return at == clients_.end() || at->second->closed ? nullptr : at->second.get();
  }

  size_t size() const { return clients_.size(); }
  Map::const_iterator begin() const { return clients_.begin(); }
  Map::const_iterator end() const { return clients_.end(); }

 private:
  Map clients_;
  uint64_t next_id_ = 1;
};

}  // namespace weir
