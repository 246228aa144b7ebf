// Which clients are told that a key changed, and how.
#include "server/messaging/tracking.h"

#include <catch2/catch.hpp>

#include "server/command.h"
#include "server/messaging/pubsub.h"
#include "tests/support/quiet_clients.h"

namespace weir::testing {
namespace {

struct Stage {
  void change(std::string_view key, uint64_t author = 0) {
    events.author = author;
    events.notify(0, events::kXadd, key);
    events.author = 0;
  }
  Client& add_tracking(TrackingOptions options = {}, int version = 3) {
    Client& client = clients.add(version);
    tracking.start(client, std::move(options));
    return client;
  }
  std::string news_of(Client& client) {
    tracking.send_news();
    return QuietClients::take(client);
  }

  QuietClients clients;
  KeyEvents events;
  Settings settings;
  Tracking tracking{clients.table, events, settings};
};

}  // namespace

TEST_CASE("A change is told once to those who read the key", "[tracking]") {
  Stage stage;
  Client& reader = stage.add_tracking();
  Client& other = stage.add_tracking();
  stage.tracking.remember(reader, "a");
  stage.change("b");
  stage.change("a");
  stage.change("a");
  CHECK(QuietClients::take(reader) == R"(>["invalidate", *["a"]])");
  CHECK(QuietClients::take(other).empty());
}

TEST_CASE("What changes only a group is no change of the key", "[tracking]") {
  Stage stage;
  Client& reader = stage.add_tracking();
  stage.tracking.remember(reader, "a");
  stage.events.notify(0, events::kXgroupCreate, "a");
  CHECK(QuietClients::take(reader).empty());
  stage.events.notify(0, events::kDel, "a");
  CHECK(QuietClients::take(reader) == R"(>["invalidate", *["a"]])");
}

TEST_CASE("A client that wants no loop is not told of its own changes", "[tracking]") {
  Stage stage;
  Client& quiet = stage.add_tracking({.no_loop = true});
  Client& eager = stage.add_tracking({.is_broadcast = true});
  Client& both = stage.add_tracking({.is_broadcast = true, .no_loop = true});
  stage.tracking.remember(quiet, "a");
  stage.change("a", quiet.id);
  CHECK(stage.news_of(quiet).empty());
  CHECK(stage.news_of(eager) == R"(>["invalidate", *["a"]])");
  CHECK(QuietClients::take(both) == R"(>["invalidate", *["a"]])");
  stage.change("b", both.id);
  stage.change("c", quiet.id);
  CHECK(stage.news_of(both) == R"(>["invalidate", *["c"]])");
}

TEST_CASE("A key that expires under a client's eyes is no change of its own", "[tracking]") {
  Stage stage;
  Client& reader = stage.add_tracking({.no_loop = true});
  stage.tracking.remember(reader, "a");
  stage.events.author = reader.id;
  stage.events.notify(0, events::kExpired, "a");
  CHECK(QuietClients::take(reader) == R"(>["invalidate", *["a"]])");
}

TEST_CASE("Prefixes are told in their order, whatever changed first", "[tracking]") {
  Stage stage;
  Client& reader = stage.add_tracking({.is_broadcast = true, .prefixes = {"y", "x"}});
  stage.change("y1");
  stage.change("x2");
  stage.change("x1");
  CHECK(stage.news_of(reader) == R"(>["invalidate", *["x1", "x2"]] >["invalidate", *["y1"]])");
}

TEST_CASE("When all keys go, everybody is told so once", "[tracking]") {
  Stage stage;
  Client& reader = stage.add_tracking();
  Client& prefixed = stage.add_tracking({.is_broadcast = true, .prefixes = {"x"}});
  stage.tracking.remember(reader, "a");
  for (uint32_t db = 0; db < 16; ++db)
    stage.events.notify_flushing(db);
  CHECK(stage.tracking.table().key_count() == 0);
  CHECK(stage.news_of(reader) == R"(>["invalidate", _])");
  CHECK(QuietClients::take(prefixed) == R"(>["invalidate", _])");
  CHECK_FALSE(stage.tracking.has_news());
  stage.events.notify_swapping(0, 1);
  CHECK(stage.news_of(reader) == R"(>["invalidate", _])");
}

TEST_CASE("Another connection is told as a message, if it listens", "[tracking]") {
  Stage stage;
  PubSub pubsub;
  Client& listener = stage.clients.add(2);
  Client& reader = stage.add_tracking({.redirect = listener.id}, 2);
  stage.tracking.remember(reader, "a");
  stage.change("a");
  CHECK(QuietClients::take(listener).empty());  // RESP2 has no other way

  pubsub.subscribe(listener, TopicKind::kChannel, "__redis__:invalidate");
  stage.tracking.remember(reader, "a");
  stage.change("a");
  CHECK(QuietClients::take(listener) == R"(*["message", "__redis__:invalidate", *["a"]])");
  stage.events.notify_flushing(0);
  stage.tracking.send_news();
  CHECK(QuietClients::take(listener) == R"(*["message", "__redis__:invalidate", $-1])");
  CHECK(QuietClients::take(reader).empty());
}

TEST_CASE("Who redirects to a connection that went is told that", "[tracking]") {
  Stage stage;
  Client& gone = stage.clients.add(3);
  Client& reader = stage.add_tracking({.redirect = gone.id});
  stage.tracking.remember(reader, "a");
  gone.closed = true;
  stage.change("a");
  CHECK(QuietClients::take(reader) ==
        R"(>["tracking-redir-broken", :)" + std::to_string(gone.id) + "]");
  CHECK(reader.tracking->is_redirect_broken);
}

TEST_CASE("Too many keys make clients forget the oldest", "[tracking]") {
  Stage stage;
  stage.settings.tracking_table_max_keys = 2;
  Client& reader = stage.add_tracking();
  for (const char* const key : {"a", "b", "c"})
    stage.tracking.remember(reader, key);
  CHECK(QuietClients::take(reader) == R"(>["invalidate", *["a"]])");
  CHECK(stage.tracking.table().key_count() == 2);
}

TEST_CASE("When nobody tracks any more, nothing is kept and nothing is heard", "[tracking]") {
  Stage stage;
  Client& one = stage.add_tracking();
  Client& two = stage.add_tracking({.is_broadcast = true, .prefixes = {"x", "y"}});
  stage.tracking.remember(one, "a");
  CHECK(stage.tracking.broadcasts().prefix_count() == 2);
  stage.tracking.stop(two);
  CHECK(stage.tracking.broadcasts().prefix_count() == 0);
  stage.tracking.stop(one);
  CHECK(stage.tracking.client_count() == 0);
  CHECK(stage.tracking.table().key_count() == 0);
  stage.change("a");
  CHECK(QuietClients::take(one).empty());
}

TEST_CASE("What is remembered depends on the mode and its exception", "[tracking]") {
  using Reads = TrackingOptions::Reads;
  const auto wants = [](TrackingOptions options) { return Tracking::wants_reads(options); };
  CHECK(wants({}));
  CHECK_FALSE(wants({.is_broadcast = true}));
  CHECK_FALSE(wants({.reads = Reads::kOptIn}));
  CHECK(wants({.reads = Reads::kOptIn, .caching = true}));
  CHECK(wants({.reads = Reads::kOptOut}));
  CHECK_FALSE(wants({.reads = Reads::kOptOut, .caching = true}));
}

}  // namespace weir::testing
