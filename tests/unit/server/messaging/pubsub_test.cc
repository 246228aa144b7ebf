// Who gets which message, and that nobody who left is remembered.
#include "server/messaging/pubsub.h"

#include <catch2/catch.hpp>

#include "tests/support/quiet_clients.h"

namespace weir::testing {
namespace {

constexpr TopicKind kChannel = TopicKind::kChannel;
constexpr TopicKind kPattern = TopicKind::kPattern;
constexpr TopicKind kShard = TopicKind::kShardChannel;

struct Stage {
  Stage() {
    clients.on_disconnect = [this](Client& client) { pubsub.forget(client); };
  }

  QuietClients clients;
  PubSub pubsub;
};

}  // namespace

TEST_CASE("A message goes to the subscribers of its channel, in each one's protocol", "[pubsub]") {
  Stage stage;
  Client& old = stage.clients.add(2);
  Client& modern = stage.clients.add(3);
  Client& other = stage.clients.add(2);
  stage.pubsub.subscribe(old, kChannel, "c");
  stage.pubsub.subscribe(modern, kChannel, "c");
  stage.pubsub.subscribe(other, kChannel, "d");

  CHECK(stage.pubsub.publish("c", "x") == 2);
  CHECK(QuietClients::take(old) == R"(*["message", "c", "x"])");
  CHECK(QuietClients::take(modern) == R"(>["message", "c", "x"])");
  CHECK(QuietClients::take(other).empty());
}

TEST_CASE("A channel, a pattern and a shard channel of one name are three things", "[pubsub]") {
  Stage stage;
  Client& client = stage.clients.add();
  stage.pubsub.subscribe(client, kChannel, "c");
  stage.pubsub.subscribe(client, kPattern, "c");
  stage.pubsub.subscribe(client, kShard, "c");

  CHECK(stage.pubsub.publish("c", "x") == 2);
  CHECK(QuietClients::take(client) == R"(*["message", "c", "x"] *["pmessage", "c", "c", "x"])");
  CHECK(stage.pubsub.publish_to_shard("c", "y") == 1);
  CHECK(QuietClients::take(client) == R"(*["smessage", "c", "y"])");
}

TEST_CASE("Subscribing twice is being subscribed once", "[pubsub]") {
  Stage stage;
  Client& client = stage.clients.add();
  CHECK(stage.pubsub.subscribe(client, kChannel, "c"));
  CHECK_FALSE(stage.pubsub.subscribe(client, kChannel, "c"));
  CHECK(stage.pubsub.publish("c", "x") == 1);
  CHECK(stage.pubsub.unsubscribe(client, kChannel, "c"));
  CHECK_FALSE(stage.pubsub.unsubscribe(client, kChannel, "c"));
  CHECK(stage.pubsub.publish("c", "x") == 0);
}

TEST_CASE("With its last subscription a client leaves nothing behind", "[pubsub]") {
  Stage stage;
  Client& client = stage.clients.add();
  stage.pubsub.subscribe(client, kChannel, "a");
  stage.pubsub.subscribe(client, kPattern, "b*");
  CHECK(stage.pubsub.client_count() == 1);
  stage.pubsub.unsubscribe(client, kChannel, "a");
  CHECK(stage.pubsub.topic_count(kChannel) == 0);
  CHECK(client.subscriptions != nullptr);
  stage.pubsub.unsubscribe(client, kPattern, "b*");
  CHECK(client.subscriptions == nullptr);
  CHECK(stage.pubsub.client_count() == 0);
  CHECK_FALSE(stage.pubsub.has_listeners());
}

TEST_CASE("A client that is forgotten takes its place out of every topic", "[pubsub]") {
  Stage stage;
  Client& gone = stage.clients.add();
  Client& stays = stage.clients.add();
  for (Client* const client : {&gone, &stays}) {
    stage.pubsub.subscribe(*client, kChannel, "c");
    stage.pubsub.subscribe(*client, kShard, "s");
  }
  stage.pubsub.subscribe(gone, kPattern, "*");
  stage.pubsub.forget(gone);
  CHECK(stage.pubsub.subscriber_count(kChannel, "c") == 1);
  CHECK(stage.pubsub.subscriber_count(kShard, "s") == 1);
  CHECK(stage.pubsub.topic_count(kPattern) == 0);
  CHECK(stage.pubsub.publish("c", "x") == 1);
  CHECK(QuietClients::take(stays) == R"(*["message", "c", "x"])");
}

TEST_CASE("A receiver over its limit is closed, and the others get the message", "[pubsub]") {
  Stage stage;
  stage.clients.output_limit = 100'000;
  Client& slow = stage.clients.add();
  Client& quick = stage.clients.add();
  stage.pubsub.subscribe(slow, kChannel, "c");
  stage.pubsub.subscribe(slow, kPattern, "*");
  stage.pubsub.subscribe(quick, kChannel, "c");

  const std::string large(60'000, 'x');
  CHECK(stage.pubsub.publish("c", large) == 3);
  CHECK(slow.closed);
  CHECK_FALSE(quick.closed);
  CHECK(stage.pubsub.publish("c", "y") == 1);
  CHECK(QuietClients::take(quick).ends_with(R"(*["message", "c", "y"])"));
}

TEST_CASE("A message to the client whose command runs waits behind its reply", "[pubsub]") {
  Stage stage;
  Client& client = stage.clients.add(3);
  stage.pubsub.subscribe(client, kChannel, "c");
  client.replying = true;
  stage.pubsub.publish("c", "x");
  CHECK(client.output.empty());
  REQUIRE(client.late_pushes != nullptr);
  CHECK(client.late_pushes->view().starts_with(">3"));
}

}  // namespace weir::testing
