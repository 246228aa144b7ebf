// Telling the world what a command changed, once, in its deterministic form.
//
//   handler ── call.changed(n)            counted; the words of the command are its form …
//           ── call.propagate_as(words)   … unless the handler names others (an ID for "*", one
//                                         XCLAIM for a run of entries); several become one unit
//                   │
//                   └─► WriteListener: the log, the replicas
//
// What changes no data and concerns replicas all the same, a published message, is relayed: the log
// does not listen to that.
//
// What becomes of keys is told elsewhere: data/key_events.h.  With no listener nothing is built: a
// handler asks call.is_told() before it makes a long form. Replaying the forms in order into an
// empty keyspace gives the same state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// A command as words.
using WriteForm = std::vector<std::string>;

class WriteListener {
 public:
  virtual ~WriteListener() = default;
  /// The forms of one command, to be applied together.
  virtual void written(uint32_t db, std::span<const WriteForm> forms) = 0;
  /// What is written between these two is to be applied together: the commands of EXEC.
  virtual void unit_begins() {}
  virtual void unit_ends() {}
  /// A command that leaves the data as they are, and that replicas are to run, too.
  virtual void relayed(uint32_t /*db*/, const WriteForm& /*form*/) {}
};

/// What one call has told so far.
struct Told {
  uint64_t changes = 0;
  bool is_verbatim = true;  // no other form was named
  bool is_relayed = false;  // its words go to the replicas, though it changed nothing
  std::vector<WriteForm> forms;
};

class Propagation {
 public:
  void add(WriteListener& listener) { listeners_.push_back(&listener); }
  bool is_heard() const { return !listeners_.empty(); }

  /// A change that is no command's: of a key that expired.
  void tell(uint32_t db, const WriteForm& form);
  /// After a command: passes on its forms, if it changed anything, and what it relays.
  void finish(uint32_t db, std::span<const std::string_view> argv, Told& told) {
    if (is_heard()) pass_on(db, argv, told);
  }

  /// Around the commands of a transaction.
  void begin_unit();
  void end_unit();

 private:
  void pass_on(uint32_t db, std::span<const std::string_view> argv, Told& told);
  void relay(uint32_t db, std::span<const std::string_view> argv);

  std::vector<WriteListener*> listeners_;
};

}  // namespace weir
