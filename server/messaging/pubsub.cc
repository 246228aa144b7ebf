#include "server/messaging/pubsub.h"

#include <iterator>

#include "resp/reply_writer.h"
#include "server/net/client_io.h"
#include "server/net/push.h"
#include "server/text.h"

namespace weir {
namespace {

/// Receivers with more than this to send are looked at after each message.
constexpr size_t kCrowdedBytes = size_t{64} * 1024;

/// A message in the form of each protocol version, made when the first receiver needs it.
class EncodedMessage {
 public:
  EncodedMessage(std::initializer_list<std::string_view> words) : words_(words) {}

  std::string_view for_version(int version) {
    resp::Buffer& buffer = buffers_[version == 3 ? 1 : 0];
    if (buffer.empty()) {
      resp::ReplyWriter writer(buffer);
      writer.set_version(version);
      writer.push(words_.size());
      for (const std::string_view word : words_)
        writer.bulk(word);
    }
    return buffer.view();
  }

 private:
  std::initializer_list<std::string_view> words_;
  std::array<resp::Buffer, 2> buffers_;
};

}  // namespace

// --- Subscribing ---------------------------------------------------------------------------------

bool PubSub::subscribe(Client& client, TopicKind kind, std::string_view name) {
  if (client.subscriptions && client.subscriptions->of(kind).contains(name)) return false;
  if (!client.subscriptions) {
    client.subscriptions = std::make_unique<Subscriptions>();
    ++clients_;
  }
  auto at = topics(kind).find(name);
  if (at == topics(kind).end()) {
    at = topics(kind).emplace(name, Topic{}).first;
    at->second.name = at->first;
  }
  Topic& topic = at->second;
  topic.subscribers.push_back(&client);
  client.subscriptions->of(kind).emplace(
      topic.name, Subscriptions::Place{&topic, std::prev(topic.subscribers.end())});
  return true;
}

bool PubSub::unsubscribe(Client& client, TopicKind kind, std::string_view name) {
  if (!client.subscriptions) return false;
  Subscriptions::ByName& names = client.subscriptions->of(kind);
  const auto at = names.find(name);
  if (at == names.end()) return false;
  const Subscriptions::Place place = at->second;
  names.erase(at);  // its key is the topic's name, so it goes first
  leave(kind, place);
  if (client.subscriptions->empty()) {
    client.subscriptions.reset();
    --clients_;
  }
  return true;
}

void PubSub::leave(TopicKind kind, const Subscriptions::Place& place) {
  Topic& topic = *place.topic;
  topic.subscribers.erase(place.at);
  if (topic.subscribers.empty()) topics(kind).erase(topics(kind).find(topic.name));
}

void PubSub::forget(Client& client) {
  if (!client.subscriptions) return;
  for (const TopicKind kind :
       {TopicKind::kChannel, TopicKind::kPattern, TopicKind::kShardChannel}) {
    for (const auto& [name, place] : client.subscriptions->of(kind))
      leave(kind, place);
  }
  client.subscriptions.reset();
  --clients_;
}

// --- Sending -------------------------------------------------------------------------------------

size_t PubSub::publish(std::string_view channel, std::string_view message) {
  size_t receivers = send_to_channel(TopicKind::kChannel, "message", channel, message);
  for (const auto& [pattern, topic] : topics(TopicKind::kPattern)) {
    if (glob_matches(pattern, channel))
      receivers += send(topic, {"pmessage", pattern, channel, message});
  }
  check_crowded();
  return receivers;
}

size_t PubSub::publish_to_shard(std::string_view channel, std::string_view message) {
  const size_t receivers = send_to_channel(TopicKind::kShardChannel, "smessage", channel, message);
  check_crowded();
  return receivers;
}

size_t PubSub::send_to_channel(TopicKind kind, std::string_view type, std::string_view channel,
                               std::string_view message) {
  const auto at = topics(kind).find(channel);
  return at == topics(kind).end() ? 0 : send(at->second, {type, channel, message});
}

size_t PubSub::send(const Topic& topic, std::initializer_list<std::string_view> words) {
  EncodedMessage message(words);
  for (Client* const client : topic.subscribers) {
    Push(*client).encoded(message.for_version(client->reply.version()));
    if (!client->replying && client->output.size() > kCrowdedBytes) crowded_.push_back(client);
  }
  return topic.subscribers.size();
}

// Only now that nobody walks along the subscribers, for a client that is closed leaves them.
void PubSub::check_crowded() {
  for (Client* const client : crowded_) {
    if (!client->closed) client->io->check_output(*client);
  }
  crowded_.clear();
}

// --- Questions -----------------------------------------------------------------------------------

size_t PubSub::subscriber_count(TopicKind kind, std::string_view name) const {
  const auto at = topics(kind).find(name);
  return at == topics(kind).end() ? 0 : at->second.subscribers.size();
}

void PubSub::for_each_name(TopicKind kind,
                           const std::function<void(std::string_view)>& visit) const {
  for (const auto& [name, topic] : topics(kind))
    visit(name);
}

}  // namespace weir
