#include "server/propagation.h"

#include <algorithm>

namespace weir {

void Propagation::finish(uint32_t db, std::span<const std::string_view> argv, Told& told) {
  if (!is_heard()) return;
  if (told.is_verbatim && told.changes > 0) told.forms.emplace_back(argv.begin(), argv.end());
  if (told.forms.empty()) return;
  for (WriteListener* const listener : listeners_)
    listener->written(db, told.forms);
}

void Propagation::add(KeyListener& listener) {
  const auto at = std::find(key_listeners_.begin(), key_listeners_.end(), &listener);
  if (at == key_listeners_.end()) key_listeners_.push_back(&listener);
}

void Propagation::remove(const KeyListener& listener) {
  const auto at = std::find(key_listeners_.begin(), key_listeners_.end(), &listener);
  if (at != key_listeners_.end()) key_listeners_.erase(at);
}

void Propagation::tell(uint32_t db, const KeyEvent& event, std::string_view key) {
  for (KeyListener* const listener : key_listeners_)
    listener->happened(db, event, key);
}

void Propagation::notify_flushing(uint32_t db) {
  for (KeyListener* const listener : key_listeners_)
    listener->flushing(db);
}

void Propagation::notify_swapping(uint32_t first_db, uint32_t second_db) {
  for (KeyListener* const listener : key_listeners_)
    listener->swapping(first_db, second_db);
}

}  // namespace weir
