#include "server/data/key_events.h"

#include <algorithm>

namespace weir {

void KeyEvents::add(KeyListener& listener) {
  const auto at = std::find(listeners_.begin(), listeners_.end(), &listener);
  if (at == listeners_.end()) listeners_.push_back(&listener);
}

void KeyEvents::remove(const KeyListener& listener) {
  const auto at = std::find(listeners_.begin(), listeners_.end(), &listener);
  if (at != listeners_.end()) listeners_.erase(at);
}

void KeyEvents::tell(uint32_t db, const KeyEvent& event, std::string_view key) {
  for (KeyListener* const listener : listeners_)
    listener->happened(db, event, key);
}

void KeyEvents::notify_flushing(uint32_t db) {
  for (KeyListener* const listener : listeners_)
    listener->flushing(db);
}

void KeyEvents::notify_swapping(uint32_t first_db, uint32_t second_db) {
  for (KeyListener* const listener : listeners_)
    listener->swapping(first_db, second_db);
}

}  // namespace weir
