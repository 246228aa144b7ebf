#include "server/command.h"

#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"

namespace weir {

void Call::signal(std::string_view key) {
  context.waiters.signal(db.index(), key);
}

void Call::signal_gone(std::string_view key) {
  context.waiters.signal_gone(db.index(), key);
}

void Call::changed(uint64_t changes) {
  context.keyspace.changes += changes;
  told.changes += changes;
}

bool Call::is_told() const {
  return context.propagation.is_heard();
}

void Call::propagate_as(std::initializer_list<std::string_view> words) {
  told.is_verbatim = false;
  context.propagation.add(db.index(), {words.begin(), words.size()});
}

void Call::propagate_edited(std::span<const WordEdit> edits) {
  told.is_verbatim = false;
  context.propagation.add_edited(db.index(), args, edits);
}

void Call::notify(const KeyEvent& event, std::string_view key) {
  context.keyspace.events.notify(db.index(), event, key);
}

}  // namespace weir
