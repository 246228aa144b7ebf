// Every write of the server, once, as bytes: what the log and the replicas are made of.
//
//   handler ─┬─ call.changed(n)                    the words of the command become its form …
//            ├─ call.propagate_as(words)           … unless the handler names others (an ID for
//            "*", │                                     one XCLAIM for a run of entries) └─ a key
//            expired ─► tell()
//                   │
//                   ▼  encoded at once, as a command on the wire
//   ┌─────────┬──────┬─────────────────────────────┬──────┐
//   │ SELECT 0│ XADD │ MULTI  XCLAIM  XGROUP  EXEC │ XDEL │ ◄─ this turn's bytes, addressed by
//   offset └─────────┴──────┴─────────────────────────────┴──────┘
//                   └─► at the end of the turn: the log, the replicas
//
// A unit is what one command, or one EXEC, told; when that is more than one form they stand between
// MULTI and EXEC.  SELECT stands before a form for another database than the one before it, in
// front of MULTI where the unit begins with it.  A published message changes no data and is for
// replicas all the same: its bytes are marked, and the log leaves them out.
//
// Always: with no listener nothing is built, and is_heard() is all that a command costs.  Replaying
// the bytes in order into an empty keyspace gives the same state.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resp/buffer.h"

namespace weir {

/// A word of a command that is told with another text.
struct WordEdit {
  size_t word = 0;
  std::string text;
};

/// What one call has told so far.
struct Told {
  uint64_t changes = 0;
  bool is_verbatim = true;  // no other form was named
  bool is_relayed = false;  // its words go to the replicas, though it changed nothing
};

class Propagation {
 public:
  enum class Listener : uint8_t { kLog = 1, kReplicas = 2 };
  /// Places in pending().
  struct Part {
    size_t begin = 0;
    size_t end = 0;
  };

  void set_listener(Listener listener, bool is_there);
  bool is_heard() const { return listeners_ != 0; }

  // --- Commands
  /// Before a command: what comes until finish() is told together.
  void begin() { in_call_ = true; }
  /// After it.  Whether the call told anything that changes data.
  bool finish(uint32_t db, std::span<const std::string_view> argv, const Told& told) {
    return is_heard() && pass_on(db, argv, told);
  }
  /// Around the commands of a transaction: they are told together.
  void begin_transaction() { in_transaction_ = true; }
  void end_transaction() { in_transaction_ = false; }

  // --- Forms
  /// One form; nothing if nobody listens.
  void add(uint32_t db, std::span<const std::string_view> words);
  /// `words`, some of them with another text.  edits: in the order of the words.
  void add_edited(uint32_t db, std::span<const std::string_view> words,
                  std::span<const WordEdit> edits);
  /// A form written word by word: `count` of them follow.
  void begin_form(uint32_t db, size_t count);
  void add_word(std::string_view word);
  /// A change that may be no command's: of a key that expired.
  void tell(uint32_t db, std::initializer_list<std::string_view> words);

  // --- The bytes
  /// Of this turn; whole units, in a command too.
  std::string_view pending() const {
    return unit_forms_ == 0 ? bytes_.view() : bytes_.view().substr(0, unit_begin_);
  }
  /// Those among them that only replicas are to have.
  std::span<const Part> relays() const { return relays_; }
  /// They have been passed on; the offset behind them.
  uint64_t take();
  /// EXEC runs commands.
  bool is_in_transaction() const { return in_transaction_; }
  /// Bytes told since the server began, those of this turn included.
  uint64_t offset() const { return taken_bytes_ + bytes_.size(); }
  /// The next form is preceded by SELECT: somebody begins to read here.
  void forget_database() { selected_ = kNone; }

 private:
  static constexpr int64_t kNone = -1;

  bool pass_on(uint32_t db, std::span<const std::string_view> argv, const Told& told);
  void select(uint32_t db);
  void add_words(std::span<const std::string_view> words);
  void end_unit();

  resp::Buffer bytes_;
  std::vector<Part> relays_;
  uint64_t taken_bytes_ = 0;
  int64_t selected_ = kNone;  // database of the last form
  size_t unit_begin_ = 0;     // where MULTI would stand
  size_t unit_forms_ = 0;
  uint8_t listeners_ = 0;
  bool in_call_ = false;
  bool in_transaction_ = false;
};

}  // namespace weir
