// Publish and subscribe: who listens to which channel, pattern or shard channel, and the sending.
//
//   PUBLISH news x ─► channel "news" ─► its subscribers, in order    message, news, x
//                  └► each pattern that matches ─► its subscribers   pmessage, n*, news, x
//
// A message is encoded once for each protocol version that a receiver speaks, and the bytes are
// copied behind what each has to send.  A receiver that does not read is closed when its output
// passes client-output-buffer-limit; it is looked at after each message, so that one long
// transaction of messages cannot fill the memory.
//
// Always: a topic has a subscriber; a client with subscriptions is among its topics' subscribers,
// once for each name.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/net/subscriptions.h"

namespace weir {

class PubSub {
 public:
  PubSub() = default;
  PubSub(const PubSub&) = delete;
  PubSub& operator=(const PubSub&) = delete;

  /// False if it has subscribed to that already.
  bool subscribe(Client& client, TopicKind kind, std::string_view name);
  /// False if it had not subscribed.
  bool unsubscribe(Client& client, TopicKind kind, std::string_view name);
  /// Ends all subscriptions of a client, without telling it.
  void forget(Client& client);

  /// Sends a message to the subscribers of a channel and of the patterns that match it; returns how
  /// many were sent.  Cost: O(receivers + patterns).
  size_t publish(std::string_view channel, std::string_view message);
  size_t publish_to_shard(std::string_view channel, std::string_view message);
  /// Whether anything published would be looked at.
  bool has_listeners() const {
    return !topics(TopicKind::kChannel).empty() || !topics(TopicKind::kPattern).empty();
  }

  /// How many names somebody listens to, and how many listen to one.
  size_t topic_count(TopicKind kind) const { return topics(kind).size(); }
  size_t subscriber_count(TopicKind kind, std::string_view name) const;
  void for_each_name(TopicKind kind, const std::function<void(std::string_view)>& visit) const;
  /// Clients that listen to something.
  size_t client_count() const { return clients_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Topics = std::unordered_map<std::string, Topic, Hash, std::equal_to<>>;

  Topics& topics(TopicKind kind) { return topics_[static_cast<size_t>(kind)]; }
  const Topics& topics(TopicKind kind) const { return topics_[static_cast<size_t>(kind)]; }
  size_t send_to_channel(TopicKind kind, std::string_view type, std::string_view channel,
                         std::string_view message);
  size_t send(const Topic& topic, std::initializer_list<std::string_view> words);
  void leave(TopicKind kind, const Subscriptions::Place& place);
  void check_crowded();

  std::array<Topics, kTopicKinds> topics_;
  size_t clients_ = 0;
  std::vector<Client*> crowded_;  // receivers with much to send, while a message is sent
};

}  // namespace weir
