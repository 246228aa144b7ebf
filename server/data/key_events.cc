#include "server/data/key_events.h"

#include <algorithm>

namespace weir {

void KeyEvents::add(KeyListener& listener) {
  const auto at = std::find(listeners_.begin(), listeners_.end(), &listener);
  if (at == listeners_.end()) listeners_.push_back(&listener);
}

void KeyEvents::remove(const KeyListener& listener) {
  const auto at = std::find(listeners_.begin(), listeners_.end(), &listener);
  if (at == listeners_.end()) return;
  if (telling_ > 0) {
    *at = nullptr;
  } else {
    listeners_.erase(at);
  }
}

template <typename Tell>
void KeyEvents::tell_each(const Tell& tell_one) {
  ++telling_;
  // By number: a listener may bring another one.
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i] != nullptr) tell_one(*listeners_[i]);
  }
  if (--telling_ == 0) std::erase(listeners_, nullptr);
}

void KeyEvents::tell(uint32_t db, const KeyEvent& event, std::string_view key) {
  tell_each([&](KeyListener& listener) { listener.happened(db, event, key); });
}

void KeyEvents::notify_flushing(uint32_t db) {
  tell_each([&](KeyListener& listener) { listener.flushing(db); });
}

void KeyEvents::notify_swapping(uint32_t first_db, uint32_t second_db) {
  tell_each([&](KeyListener& listener) { listener.swapping(first_db, second_db); });
}

}  // namespace weir
