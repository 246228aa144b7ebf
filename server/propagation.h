// Every write of the server, once, as bytes: what the log and the replicas are made of.
//
//   handler ─┬─ call.changed(n)         the words of the command become its form …
//            ├─ call.propagate_as(…)   … unless the handler names others: an ID for "*", one
//            │                           XCLAIM for a run of entries
//   expired ─┴─ tell()
//                 │
//                 ▼  encoded at once, as a command on the wire
//          ┌─────────┬──────┬─────────────────────────────┬──────┐
//          │ SELECT 0│ XADD │ MULTI  XCLAIM  XGROUP  EXEC │ XDEL │ ◄─ this turn's bytes,
//          └─────────┴──────┴─────────────────────────────┴──────┘    addressed by offset
//                 └─► at the end of the turn: the log, the replicas
//
// A unit is what one command, or one EXEC, told; when that is more than one form they stand between
// MULTI and EXEC.  SELECT stands before a form for another database than the one before it, in
// front of MULTI where the unit begins with it.  A published message changes no data and is for
// replicas all the same: its bytes are marked, and the log leaves them out.
//
// What a primary has sent is told as it is (pass_through): its bytes are the stream, SELECT
// included. The log, whose files begin anew, gets a SELECT of its own where it needs one.
//
// Always: with no listener nothing is built, and is_heard() is all that a command costs.  Replaying
// the bytes in order into an empty keyspace gives the same state.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resp/buffer.h"

namespace weir {

/// A word of a command that is told with another text, or not at all.
struct WordEdit {
  size_t word = 0;
  std::string text = {};
  bool is_left_out = false;
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
  /// Places in pending(), for one listener alone.
  struct Part {
    size_t begin = 0;
    size_t end = 0;
    Listener listener = Listener::kReplicas;
  };

  void set_listener(Listener listener, bool is_there);
  bool is_heard() const { return listeners_ != 0; }
  bool has_listener(Listener listener) const {
    return (present_ & static_cast<uint8_t>(listener)) != 0;
  }
  /// From now on nothing is told but what is passed through: the data are a primary's.
  void set_deaf(bool is_deaf);
  /// Gets what replicas are to have, when it is taken.
  std::function<void(std::string_view)> to_replicas;

  // --- Commands
  /// Before a command: what comes until finish() is told together.
  void begin() { in_call_ = is_heard(); }
  /// What a call has told: nothing, a message, or something that changes data.  A change that needs
  /// no form is one, too: a message of a producer that was there before is as safe as its entry.
  enum class News : uint8_t { kNone, kMessage, kChange };
  /// After it.
  News finish(uint32_t db, std::span<const std::string_view> argv, const Told& told) {
    return is_heard() ? pass_on(db, argv, told) : News::kNone;
  }
  /// What an unfinished EXEC has told so far stands for itself: the role of the server changes.
  void cut_unit() { end_unit(); }
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

  /// Commands for the replicas alone, encoded, which change no data; between commands.
  void relay(std::string_view bytes);
  /// Whole commands from a primary, encoded, for the replicas as they are; between commands.  db:
  /// what they change, the log gets as well: they are for this database.
  void pass_through(std::string_view bytes, std::optional<uint32_t> db);

  // --- The bytes
  /// Of this turn; whole units, in a command too.
  std::string_view pending() const {
    return unit_forms_ == 0 ? bytes_.view() : bytes_.view().substr(0, unit_begin_);
  }
  /// Those among them that are not for all.
  std::span<const Part> parts() const { return parts_; }
  /// Calls each(bytes) with what `listener` is to have of pending(), in order.
  template <typename Each>
  void for_each_part(Listener listener, Each each) const {
    const std::string_view bytes = pending();
    size_t at = 0;
    for (const Part& part : parts_) {
      if (part.end > bytes.size()) break;
      if (part.listener == listener) continue;
      if (part.begin > at) each(bytes.substr(at, part.begin - at));
      at = part.end;
    }
    if (at < bytes.size()) each(bytes.substr(at));
  }
  /// They have been passed on; the offset behind them.
  uint64_t take();
  /// EXEC runs commands.
  bool is_in_transaction() const { return in_transaction_; }
  /// Bytes told since the server began, those of this turn included.
  uint64_t offset() const { return taken_bytes_ + bytes_.size(); }
  /// The next form is preceded by SELECT: somebody begins to read here.
  void forget_database() { selected_ = kNone; }
  /// That of the last form; -1: the next one is preceded by SELECT.
  int64_t selected_database() const { return selected_; }

 private:
  static constexpr int64_t kNone = -1;

  News pass_on(uint32_t db, std::span<const std::string_view> argv, const Told& told);
  void select(uint32_t db);
  void add_select(uint32_t db);
  void add_part(size_t begin, Listener listener);
  void add_words(std::span<const std::string_view> words);
  void end_unit();

  resp::Buffer bytes_;
  std::vector<Part> parts_;
  uint64_t taken_bytes_ = 0;
  int64_t selected_ = kNone;  // database of the last form
  size_t unit_begin_ = 0;     // where MULTI would stand
  size_t unit_forms_ = 0;
  size_t unit_messages_ = 0;  // of these forms
  uint8_t listeners_ = 0;     // who hears of commands: those that are present, or nobody
  uint8_t present_ = 0;
  bool is_deaf_ = false;
  bool has_unit_changed_ = false;
  bool in_call_ = false;
  bool in_transaction_ = false;
};

}  // namespace weir
