// What becomes of keys, for those who want to hear of it: WATCH, tracking, published events.
//
//   handler ── call.notify(event, key) ─┐
//   expiry, eviction ───────────────────┴─► KeyEvents ─► KeyListener, KeyListener …
//
// A listener that has nothing to listen for takes itself off the list, so that nobody listening
// costs a command nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

/// The class of an event, which notify-keyspace-events selects by.
enum class EventClass : char {
  kGeneric = 'g',
  kStream = 't',
  kExpired = 'x',
  kEvicted = 'e',
  kNewKey = 'n',
  kOverwritten = 'o',
  kMissed = 'm',
};

struct KeyEvent {
  EventClass event_class;
  std::string_view name;  // "xadd"
  // Whether WATCH and tracking take it for a change of the key; as in Redis, what only changes a
  // group is none.
  bool is_change = true;
};

/// The events of the keyspace itself; those of commands are in command.h.
namespace events {
inline constexpr KeyEvent kExpired{EventClass::kExpired, "expired"};
inline constexpr KeyEvent kEvicted{EventClass::kEvicted, "evicted"};
inline constexpr KeyEvent kKeymiss{EventClass::kMissed, "keymiss", false};
}  // namespace events

class KeyListener {
 public:
  virtual ~KeyListener() = default;
  /// After the change.
  virtual void happened(uint32_t db, const KeyEvent& event, std::string_view key) = 0;
  /// Before all keys of a database go, each without an event of its own.
  virtual void flushing(uint32_t db) = 0;
  /// Before two databases change places.
  virtual void swapping(uint32_t first_db, uint32_t second_db) = 0;
};

class KeyEvents {
 public:
  KeyEvents() = default;
  KeyEvents(const KeyEvents&) = delete;
  KeyEvents& operator=(const KeyEvents&) = delete;

  /// Nothing happens if it is there, or is not.
  void add(KeyListener& listener);
  void remove(const KeyListener& listener);

  void notify(uint32_t db, const KeyEvent& event, std::string_view key) {
    if (!listeners_.empty()) tell(db, event, key);
  }
  void notify_flushing(uint32_t db);
  void notify_swapping(uint32_t first_db, uint32_t second_db);

  /// ID of the client whose command makes the changes; 0: the server itself, as by expiry.
  uint64_t author = 0;

 private:
  void tell(uint32_t db, const KeyEvent& event, std::string_view key);

  template <typename Tell>
  void tell_each(const Tell& tell_one);

  // One that is removed while they are told of something leaves a null behind until that is over.
  std::vector<KeyListener*> listeners_;
  int telling_ = 0;
};

}  // namespace weir
