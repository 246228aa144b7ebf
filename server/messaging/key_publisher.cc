#include "server/messaging/key_publisher.h"

#include <string>

#include "server/messaging/pubsub.h"

namespace weir {
namespace {

std::string channel(std::string_view kind, uint32_t db, std::string_view name) {
  std::string text("__");
  text.append(kind).append("@").append(std::to_string(db)).append("__:").append(name);
  return text;
}

}  // namespace

void KeyPublisher::configure(const NotifyFlags& flags) {
  flags_ = flags;
  if (flags_.selects_anything()) {
    events_.add(*this);
  } else {
    events_.remove(*this);
  }
}

void KeyPublisher::happened(uint32_t db, const KeyEvent& event, std::string_view key) {
  if (!flags_.selects(event.event_class) || !pubsub_.has_listeners()) return;
  if (flags_.by_key()) pubsub_.publish(channel("keyspace", db, key), event.name);
  if (flags_.by_event()) pubsub_.publish(channel("keyevent", db, event.name), key);
}

}  // namespace weir
