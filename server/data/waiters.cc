#include "server/data/waiters.h"

#include <algorithm>
#include <cassert>

namespace weir {
namespace {

constexpr size_t kDbBytes = 4;

}  // namespace

size_t Waiters::group_key_count() const {
  const auto has_group = [](const Keys::value_type& key) {
    return key.second.queues.rbegin()->first.has_value();  // the one without a name is the first
  };
  return static_cast<size_t>(std::count_if(keys_.begin(), keys_.end(), has_group));
}

// One string for database and key: a key may hold any bytes, the number before it has four.
std::string Waiters::key_id(uint32_t db, std::string_view key) {
  std::string id;
  id.reserve(kDbBytes + key.size());
  for (size_t i = 0; i < kDbBytes; ++i)
    id += static_cast<char>(db >> (8 * i));
  id += key;
  return id;
}

void Waiters::add(Waiter waiter) {
  const uint64_t client_id = waiter.client_id;
  assert(!waiters_.contains(client_id));
  Entry entry;
  for (const std::string& name : waiter.keys) {
    const Keys::iterator key = keys_.try_emplace(key_id(waiter.db, name)).first;
    const auto queue = key->second.queues.try_emplace(waiter.group).first;
    std::list<uint64_t>& clients = queue->second.clients;
    if (!clients.empty() && clients.back() == client_id) continue;  // a key listed twice
    entry.places.push_back({key, queue, clients.insert(clients.end(), client_id)});
    queue->second.takers += waiter.look_again_ms ? 1 : 0;
  }
  if (waiter.deadline_ms) deadlines_.emplace(*waiter.deadline_ms, client_id);
  if (waiter.look_again_ms) look_again_.emplace(*waiter.look_again_ms, client_id);
  entry.waiter = std::make_unique<Waiter>(std::move(waiter));
  waiters_.emplace(client_id, std::move(entry));
}

std::unique_ptr<Waiter> Waiters::remove(uint64_t client_id) {
  const auto at = waiters_.find(client_id);
  if (at == waiters_.end()) return nullptr;
  set_look_again(client_id, std::nullopt);
  for (const Place& place : at->second.places) {
    std::list<uint64_t>& clients = place.queue->second.clients;
    clients.erase(place.at);
    if (clients.empty()) place.key->second.queues.erase(place.queue);
    if (place.key->second.queues.empty()) keys_.erase(place.key);
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

// --- Signals -------------------------------------------------------------------------------------

void Waiters::signal_key(uint32_t db, std::string_view key, Signal signal) {
  const Keys::iterator at = keys_.find(key_id(db, key));
  if (at != keys_.end()) signal_key(at, signal);
}

void Waiters::signal_key(Keys::iterator key, Signal signal) {
  if (key->second.signal == Signal::kNone) signalled_.push_back(key->first);
  key->second.signal = std::max(key->second.signal, signal);
}

void Waiters::signal_all(uint32_t db, Signal signal) {
  const std::string first = key_id(db, {});
  for (auto key = keys_.lower_bound(first); key != keys_.end(); ++key) {
    if (!key->first.starts_with(first)) break;
    signal_key(key, signal);
  }
}

/// The queues of the key signalled first that have to be served; forgets the signal.
std::vector<Waiters::QueueRef> Waiters::take_signalled() {
  const std::string id = std::move(signalled_.front());
  signalled_.pop_front();
  std::vector<QueueRef> queues;
  const Keys::iterator key = keys_.find(id);
  if (key == keys_.end()) return queues;
  const Signal signal = std::exchange(key->second.signal, Signal::kNone);
  for (const auto& [name, queue] : key->second.queues) {
    if (signal == Signal::kNew || name) queues.push_back({id, name});
  }
  return queues;
}

Waiters::Queue* Waiters::find_queue(const QueueRef& ref) {
  const Keys::iterator key = keys_.find(ref.key);
  if (key == keys_.end()) return nullptr;
  const auto queue = key->second.queues.find(ref.name);
  return queue != key->second.queues.end() ? &queue->second : nullptr;
}

// --- Times ---------------------------------------------------------------------------------------

void Waiters::set_look_again(uint64_t client_id, std::optional<int64_t> time_ms) {
  Entry& entry = waiters_.at(client_id);
  std::optional<int64_t>& present = entry.waiter->look_again_ms;
  if (present == time_ms) return;
  if (present) look_again_.erase({*present, client_id});
  if (time_ms) look_again_.emplace(*time_ms, client_id);
  for (const Place& place : entry.places) {
    size_t& takers = place.queue->second.takers;
    takers = takers + (time_ms ? 1 : 0) - (present ? 1 : 0);
  }
  present = time_ms;
}

void Waiters::signal_due(int64_t now_ms) {
  for (auto at = look_again_.begin(); at != look_again_.end() && at->first <= now_ms; ++at) {
    const Waiter& waiter = *find(at->second);
    for (const std::string& key : waiter.keys)
      signal_key(waiter.db, key, Signal::kNew);
  }
}

std::optional<int64_t> Waiters::next_deadline_ms() const {
  std::optional<int64_t> next;
  if (!deadlines_.empty()) next = deadlines_.begin()->first;
  if (!look_again_.empty()) next = std::min(next.value_or(INT64_MAX), look_again_.begin()->first);
  return next;
}

std::optional<uint64_t> Waiters::expired(int64_t now_ms) const {
  if (deadlines_.empty() || deadlines_.begin()->first > now_ms) return std::nullopt;
  return deadlines_.begin()->second;
}

}  // namespace weir
