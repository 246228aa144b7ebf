// What connections listen to: names that messages are sent to, and the places of connections there.
//
//   Topic "news"  subscribers: client 3 ─ client 8 ─ client 5      in the order of subscription
//                                             ▲
//   client 8: Subscriptions  "news" ──────────┘                    by name; left without a search
//
// The data alone; who subscribes and sends is server/messaging/pubsub.h.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <string_view>

namespace weir {

class Client;

/// Names of different kinds have nothing to do with each other.
enum class TopicKind : uint8_t { kChannel, kPattern, kShardChannel };
inline constexpr size_t kTopicKinds = 3;

/// A name that somebody listens to.
struct Topic {
  std::string_view name;
  std::list<Client*> subscribers;
};

/// What one connection listens to.  It has one only while that is not nothing.
struct Subscriptions {
  struct Place {
    Topic* topic;
    std::list<Client*>::iterator at;
  };
  using ByName = std::map<std::string_view, Place>;

  std::array<ByName, kTopicKinds> by_kind;

  ByName& of(TopicKind kind) { return by_kind[static_cast<size_t>(kind)]; }
  const ByName& of(TopicKind kind) const { return by_kind[static_cast<size_t>(kind)]; }
  size_t count(TopicKind kind) const { return of(kind).size(); }
  bool empty() const { return by_kind[0].empty() && by_kind[1].empty() && by_kind[2].empty(); }

  /// Bytes of all this, roughly: a node in the map and one in the list for each name.
  size_t memory_bytes() const {
    constexpr size_t kBytesPerName = 112;
    return sizeof(*this) +
           kBytesPerName * (by_kind[0].size() + by_kind[1].size() + by_kind[2].size());
  }
};

}  // namespace weir
