// Telling the world what a command changed, once, in its deterministic form.
//
//   handler ── call.changed(n)            counted; the words of the command are its form …
//           ── call.propagate_as(words)   … unless the handler names others (an ID for "*", one
//                                         XCLAIM for a run of entries); several become one unit
//           ── call.notify(event, key)    a keyspace event
//                   │                     │
//                   │                     └─► KeyListener: WATCH, tracking, published events
//                   └─► WriteListener: the log, the replicas
//
// With no listener nothing is built: a handler asks call.is_told() before it makes a long form.
// Replaying the forms in order into an empty keyspace gives the same state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// A command as words.
using WriteForm = std::vector<std::string>;

/// The class of an event, which notify-keyspace-events selects by.
enum class EventClass : char { kGeneric = 'g', kStream = 't', kNewKey = 'n' };

struct KeyEvent {
  EventClass event_class;
  std::string_view name;  // "xadd"
  // Whether WATCH and tracking take it for a change of the key; as in Redis, what only changes a
  // group is none.
  bool is_change = true;
};

class WriteListener {
 public:
  virtual ~WriteListener() = default;
  /// The forms of one command, to be applied together.
  virtual void written(uint32_t db, std::span<const WriteForm> forms) = 0;
};

/// Who hears what becomes of keys.  One that has nothing to listen for takes itself off the list,
/// so that nobody listening costs a command nothing.
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

/// What one call has told so far.
struct Told {
  uint64_t changes = 0;
  bool is_verbatim = true;  // no other form was named
  std::vector<WriteForm> forms;
};

class Propagation {
 public:
  void add(WriteListener& listener) { listeners_.push_back(&listener); }
  bool is_heard() const { return !listeners_.empty(); }

  /// After a command: passes on its forms, if it changed anything.
  void finish(uint32_t db, std::span<const std::string_view> argv, Told& told);

  void add(KeyListener& listener);
  void remove(const KeyListener& listener);
  void notify(uint32_t db, const KeyEvent& event, std::string_view key) {
    if (!key_listeners_.empty()) tell(db, event, key);
  }
  void notify_flushing(uint32_t db);
  void notify_swapping(uint32_t first_db, uint32_t second_db);

  /// ID of the client whose command makes the changes; 0: the server itself, as by expiry.
  uint64_t author = 0;

 private:
  void tell(uint32_t db, const KeyEvent& event, std::string_view key);

  std::vector<WriteListener*> listeners_;
  std::vector<KeyListener*> key_listeners_;
};

}  // namespace weir
