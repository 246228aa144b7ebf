// Blocked readers: who waits for which key, in what order, until when.
//
//   key ─► queue, oldest first:  waiter ─► waiter ─► waiter
//   deadlines: an ordered set of (time, client)
//
// A key that gets an entry is signalled; after the command the server takes the signalled keys in
// the order of their first signal and runs each key's waiters again, oldest first, each once.  One
// that still finds nothing goes back to the end of its queues.
//
// Waiters are known by the ID of their client: this room knows no connections.
//
// Always: a client waits for at most one command; it is in the queue of each of its keys.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

struct CommandSpec;

/// One waiting command.
struct Waiter {
  uint64_t client_id = 0;
  uint32_t db = 0;
  const CommandSpec* command = nullptr;
  std::vector<std::string> argv;
  std::vector<std::string> keys;
  std::optional<int64_t> deadline_ms;  // monotonic
};

class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  bool is_empty() const { return waiters_.empty(); }
  size_t size() const { return waiters_.size(); }
  size_t key_count() const { return queues_.size(); }

  void add(Waiter waiter);
  /// Forgets the command of a client; null if it does not wait.
  std::unique_ptr<Waiter> remove(uint64_t client_id);
  const Waiter* find(uint64_t client_id) const;
  /// Puts a waiter behind all others in the queues of its keys.
  void move_to_end(uint64_t client_id);

  /// Something waited for may be there.  Cost: O(1), nothing when nobody waits.
  void signal(uint32_t db, std::string_view key) {
    if (!waiters_.empty()) signal_waiters(db, key);
  }
  bool has_signals() const { return !signalled_.empty(); }
  /// The clients waiting for the key signalled first, oldest first; forgets the signal.
  std::vector<uint64_t> take_signalled();

  std::optional<int64_t> next_deadline_ms() const;
  /// A client whose time is over at `now_ms`, if any.
  std::optional<uint64_t> expired(int64_t now_ms) const;
  /// How many wait with a deadline.
  size_t deadline_count() const { return deadlines_.size(); }

 private:
  struct Queue {
    std::list<uint64_t> clients;  // oldest first
    bool signalled = false;
  };
  using Queues = std::map<std::string, Queue>;  // its iterators stay good
  struct Place {
    Queues::iterator queue;
    std::list<uint64_t>::iterator at;
  };
  struct Entry {
    std::unique_ptr<Waiter> waiter;
    std::vector<Place> places;
  };

  static std::string queue_id(uint32_t db, std::string_view key);
  void signal_waiters(uint32_t db, std::string_view key);

  std::unordered_map<uint64_t, Entry> waiters_;
  Queues queues_;
  std::set<std::pair<int64_t, uint64_t>> deadlines_;
  std::deque<std::string> signalled_;  // in order, each once
};

}  // namespace weir
