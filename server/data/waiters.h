// Blocked readers: who waits for which key, in what order, until when.
//
//   key ─┬─► readers, oldest first:            waiter ─► waiter ─► waiter     (each gets a copy)
//        ├─► readers of group A, oldest first: waiter ─► waiter               (they share entries)
//        └─► readers of group B …
//   deadlines, look-again times: ordered sets of (time, client)
//
// A key that gets an entry is signalled; after the command the server takes the signalled keys in
// the order of their first signal and runs each key's waiters again, oldest first, each once; who
// goes on waiting stands behind all others then, for all its keys (of a crowd it stays in front).
// When one of a group finds nothing, the others of the group would not either, so of a crowd they
// are left alone: a thousand consumers waiting in one group cost nothing until it is their turn.  A
// few are all run, for what that does beside reading (it makes their consumers again, say).  Only
// readers that take over idle entries (XREADGROUP CLAIM) may find what others do not; a group with
// such a waiter is asked one by one.
//
// A key that goes concerns the groups only: a plain reader keeps waiting for it.
//
// Waiters are known by the ID of their client: this room knows no connections.
//
// Always: a client waits for at most one command; it is in one queue of each of its keys.
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
#include <utility>
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
  std::optional<int64_t> deadline_ms;    // monotonic
  std::optional<std::string> group;      // none: a plain reader
  std::optional<int64_t> look_again_ms;  // monotonic; set for one that takes over idle entries
  bool asks_at_timeout = false;          // its end by timeout is told by the command itself
  uint64_t spent_ns = 0;                 // what its runs have taken, waiting apart
};

class Waiters {
 public:
  /// Readers of one group that are not a crowd yet.
  static constexpr size_t kFew = 4;

  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  bool is_empty() const { return waiters_.empty(); }
  size_t size() const { return waiters_.size(); }
  size_t key_count() const { return keys_.size(); }
  /// How many keys concern somebody even when they go.  Cost: O(keys waited for).
  size_t group_key_count() const;

  void add(Waiter waiter);
  /// Forgets the command of a client; null if it does not wait.
  std::unique_ptr<Waiter> remove(uint64_t client_id);
  const Waiter* find(uint64_t client_id) const;

  /// Something waited for may be there.  Cost: O(1), nothing when nobody waits.
  void signal(uint32_t db, std::string_view key) {
    if (!waiters_.empty()) signal_key(db, key, Signal::kNew);
  }
  /// The same in each of so many databases: what is waited for belongs to none.
  void signal_in_all(size_t databases, std::string_view key) {
    for (uint32_t db = 0; db < databases; ++db)
      signal(db, key);
  }
  /// The key went, or holds something else.
  void signal_gone(uint32_t db, std::string_view key) {
    if (!waiters_.empty()) signal_key(db, key, Signal::kGone);
  }
  /// All keys of a database went.  Cost: O(keys waited for).
  void signal_all_gone(uint32_t db) { signal_all(db, Signal::kGone); }
  /// Any key of a database may hold something else now.  The same cost.
  void signal_all(uint32_t db) { signal_all(db, Signal::kNew); }
  bool has_signals() const { return !signalled_.empty(); }

  /// Runs the waiters of the signalled keys again, until no key is signalled.  run(client ID)
  /// answers the client and removes it, or returns false: then it goes on waiting.
  template <class Run>
  void serve(Run&& run) {
    while (!signalled_.empty()) {
      for (const QueueRef& queue : take_signalled())
        serve_queue(queue, run);
    }
  }

  /// A run of a client's command took so long; nothing if it does not wait.
  void add_spent(uint64_t client_id, uint64_t ns) {
    if (const auto at = waiters_.find(client_id); at != waiters_.end())
      at->second.waiter->spent_ns += ns;
  }

  /// When a waiter of a group is to look again; nothing: when it is signalled.
  void set_look_again(uint64_t client_id, std::optional<int64_t> time_ms);
  /// Signals the keys of the waiters that are to look again by now.
  void signal_due(int64_t now_ms);

  /// When the next waiter's time is over, or one is to look again.
  std::optional<int64_t> next_deadline_ms() const;
  /// A client whose time is over at `now_ms`, if any.
  std::optional<uint64_t> expired(int64_t now_ms) const;
  /// How many wait with a deadline.
  size_t deadline_count() const { return deadlines_.size(); }

 private:
  enum class Signal : uint8_t { kNone, kGone, kNew };

  struct Queue {
    std::list<uint64_t> clients;  // oldest first
    size_t takers = 0;            // of them, those that take over idle entries
  };
  /// The plain readers' queue has no name; a group's may have any.
  using QueueName = std::optional<std::string>;
  struct Key {
    std::map<QueueName, Queue> queues;
    Signal signal = Signal::kNone;
  };
  using Keys = std::map<std::string, Key>;  // its iterators stay good
  struct Place {
    Keys::iterator key;
    std::map<QueueName, Queue>::iterator queue;
    std::list<uint64_t>::iterator at;
  };
  struct Entry {
    std::unique_ptr<Waiter> waiter;
    std::vector<Place> places;
  };
  using Times = std::set<std::pair<int64_t, uint64_t>>;
  /// A queue by name: it may go while others are served.
  struct QueueRef {
    std::string key;
    QueueName name;
  };

  static std::string key_id(uint32_t db, std::string_view key);
  void signal_key(uint32_t db, std::string_view key, Signal signal);
  void signal_key(Keys::iterator key, Signal signal);
  void signal_all(uint32_t db, Signal signal);
  std::vector<QueueRef> take_signalled();
  Queue* find_queue(const QueueRef& ref);
  void move_to_end(uint64_t client_id);

  template <class Run>
  void serve_queue(const QueueRef& ref, Run& run) {
    const Queue* queue = find_queue(ref);
    if (queue == nullptr) return;
    const bool is_crowd = ref.name && queue->takers == 0 && queue->clients.size() > kFew;
    if (!is_crowd) {
      // Each once, however the queue changes meanwhile.
      const std::vector<uint64_t> clients(queue->clients.begin(), queue->clients.end());
      for (const uint64_t client : clients) {
        if (find(client) != nullptr && !run(client)) move_to_end(client);
      }
      return;
    }
    for (size_t left = queue->clients.size(); left > 0 && queue != nullptr; --left) {
      if (!run(queue->clients.front())) return;
      queue = find_queue(ref);
    }
  }

  std::unordered_map<uint64_t, Entry> waiters_;
  Keys keys_;
  Times deadlines_;
  Times look_again_;
  std::deque<std::string> signalled_;  // in order, each once
};

}  // namespace weir
