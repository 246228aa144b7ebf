// Keyspace notifications: what becomes of keys, published to whoever subscribed to it.
//
//   XADD s … ─► "xadd" of s ─► __keyspace@0__:s      "xadd"
//                          └─► __keyevent@0__:xadd   "s"
//
// It listens to keys only while notify-keyspace-events asks for something.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/data/key_events.h"
#include "server/messaging/notify_flags.h"

namespace weir {

class PubSub;

class KeyPublisher : public KeyListener {
 public:
  KeyPublisher(KeyEvents& events, PubSub& pubsub) : events_(events), pubsub_(pubsub) {}

  void configure(const NotifyFlags& flags);

  // --- KeyListener
  void happened(uint32_t db, const KeyEvent& event, std::string_view key) override;
  /// As in Redis, these are not published.
  void flushing(uint32_t) override {}
  void swapping(uint32_t, uint32_t) override {}

 private:
  KeyEvents& events_;
  PubSub& pubsub_;
  NotifyFlags flags_;
};

}  // namespace weir
