#include "server/data/waiters.h"

#include <cassert>

namespace weir {

// One string for database and key: a key may hold any bytes, the number before it has four.
std::string Waiters::queue_id(uint32_t db, std::string_view key) {
  std::string id;
  id.reserve(4 + key.size());
  for (int shift = 0; shift < 32; shift += 8)
    id += static_cast<char>(db >> shift);
  id += key;
  return id;
}

void Waiters::add(Waiter waiter) {
  const uint64_t client_id = waiter.client_id;
  assert(!waiters_.contains(client_id));
  Entry entry;
  for (const std::string& key : waiter.keys) {
    const Queues::iterator queue = queues_.try_emplace(queue_id(waiter.db, key)).first;
    std::list<uint64_t>& clients = queue->second.clients;
    if (!clients.empty() && clients.back() == client_id) continue;  // a key listed twice
    entry.places.push_back({queue, clients.insert(clients.end(), client_id)});
  }
  if (waiter.deadline_ms) deadlines_.emplace(*waiter.deadline_ms, client_id);
  entry.waiter = std::make_unique<Waiter>(std::move(waiter));
  waiters_.emplace(client_id, std::move(entry));
}

std::unique_ptr<Waiter> Waiters::remove(uint64_t client_id) {
  const auto at = waiters_.find(client_id);
  if (at == waiters_.end()) return nullptr;
  for (const Place& place : at->second.places) {
    std::list<uint64_t>& clients = place.queue->second.clients;
    clients.erase(place.at);
    if (clients.empty()) queues_.erase(place.queue);
  }
  std::unique_ptr<Waiter> waiter = std::move(at->second.waiter);
  if (waiter->deadline_ms) deadlines_.erase({*waiter->deadline_ms, client_id});
  waiters_.erase(at);
  return waiter;
}

const Waiter* Waiters::find(uint64_t client_id) const {
  const auto at = waiters_.find(client_id);
  return at == waiters_.end() ? nullptr : at->second.waiter.get();
}

void Waiters::move_to_end(uint64_t client_id) {
  const auto at = waiters_.find(client_id);
  assert(at != waiters_.end());
  for (const Place& place : at->second.places) {
    std::list<uint64_t>& clients = place.queue->second.clients;
    clients.splice(clients.end(), clients, place.at);
  }
}

void Waiters::signal_waiters(uint32_t db, std::string_view key) {
  const Queues::iterator queue = queues_.find(queue_id(db, key));
  if (queue == queues_.end() || queue->second.signalled) return;
  queue->second.signalled = true;
  signalled_.push_back(queue->first);
}

std::vector<uint64_t> Waiters::take_signalled() {
  const std::string id = std::move(signalled_.front());
  signalled_.pop_front();
  const Queues::iterator queue = queues_.find(id);
  if (queue == queues_.end()) return {};
  queue->second.signalled = false;
  return {queue->second.clients.begin(), queue->second.clients.end()};
}

std::optional<int64_t> Waiters::next_deadline_ms() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

std::optional<uint64_t> Waiters::expired(int64_t now_ms) const {
  if (deadlines_.empty() || deadlines_.begin()->first > now_ms) return std::nullopt;
  return deadlines_.begin()->second;
}

}  // namespace weir
