// Random subscribing, leaving and sending, and a plain list of who listens to what.
#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "server/messaging/pubsub.h"
#include "server/text.h"
#include "tests/support/quiet_clients.h"
#include "tests/support/seed.h"

namespace weir::testing {
namespace {

constexpr std::array<const char*, 7> kNames = {"a", "b", "ab", "*", "a*", "?", "[ab]"};
constexpr uint64_t kClients = 12;

class PubSubModel {
 public:
  explicit PubSubModel(uint64_t seed) : random_(seed) {
    for (uint64_t i = 0; i < kClients; ++i)
      clients_.push_back(&quiet_.add(i % 2 == 0 ? 2 : 3));
  }

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      one_operation();
      check_counts();
    }
  }

 private:
  using Listening = std::tuple<uint64_t, TopicKind, std::string>;  // client by number

  uint64_t draw(uint64_t n) { return random_() % n; }
  std::string any_name() { return kNames[draw(kNames.size())]; }

  void one_operation() {
    const uint64_t client = draw(kClients);
    const auto kind = static_cast<TopicKind>(draw(kTopicKinds));
    const std::string name = any_name();
    switch (draw(10)) {
      case 0:
        pubsub_.forget(*clients_[client]);
        return forget(client);
      case 1:
      case 2:
      case 3:
        return expect(pubsub_.subscribe(*clients_[client], kind, name) ==
                          listening_.insert({client, kind, name}).second,
                      "subscribe");
      case 4:
      case 5:
        return expect(pubsub_.unsubscribe(*clients_[client], kind, name) ==
                          (listening_.erase({client, kind, name}) > 0),
                      "unsubscribe");
      default:
        kind == TopicKind::kShardChannel ? publish_to_shard(name) : publish(name);
    }
  }

  void forget(uint64_t client) {
    std::erase_if(listening_, [&](const Listening& one) { return std::get<0>(one) == client; });
  }

  void publish(const std::string& channel) {
    std::vector<size_t> due(kClients);
    for (const auto& [client, kind, name] : listening_) {
      const bool is_due = kind == TopicKind::kPattern
                              ? glob_matches(name, channel)
                              : kind == TopicKind::kChannel && name == channel;
      due[client] += is_due ? 1 : 0;
    }
    check_sent(due, pubsub_.publish(channel, "x"));
  }

  void publish_to_shard(const std::string& channel) {
    std::vector<size_t> due(kClients);
    for (const auto& [client, kind, name] : listening_)
      due[client] += kind == TopicKind::kShardChannel && name == channel ? 1 : 0;
    check_sent(due, pubsub_.publish_to_shard(channel, "x"));
  }

  void check_sent(const std::vector<size_t>& due, size_t receivers) {
    size_t sum = 0;
    for (uint64_t i = 0; i < kClients; ++i) {
      const std::string got = QuietClients::take(*clients_[i]);
      size_t messages = 0;
      for (size_t at = got.find(R"("x"])"); at != std::string::npos;
           at = got.find(R"("x"])", at + 1))
        ++messages;
      expect(messages == due[i], "messages of a client");
      sum += messages;
    }
    expect(sum == receivers, "receivers");
  }

  void check_counts() {
    std::set<uint64_t> clients;
    std::set<std::pair<TopicKind, std::string>> topics;
    for (const auto& [client, kind, name] : listening_) {
      clients.insert(client);
      topics.insert({kind, name});
    }
    expect(pubsub_.client_count() == clients.size(), "clients");
    size_t names = 0;
    for (size_t kind = 0; kind < kTopicKinds; ++kind)
      names += pubsub_.topic_count(static_cast<TopicKind>(kind));
    expect(names == topics.size(), "topics");
  }

  static void expect(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("not as the model has it: ") + what);
  }

  std::mt19937_64 random_;
  QuietClients quiet_;
  PubSub pubsub_;
  std::vector<Client*> clients_;
  std::set<Listening> listening_;
};

}  // namespace

TEST_CASE("Messages reach those who listen, whatever happened before", "[pubsub][model]") {
  const uint64_t seed = first_seed();
  CAPTURE(seed);
  for (uint64_t life = 0; life < 20; ++life) {
    CAPTURE(life);
    REQUIRE_NOTHROW(PubSubModel(seed + life).run(3000));
  }
}

}  // namespace weir::testing
