// Watches: who is told that a key changed.
#include "server/data/watches.h"

#include <catch2/catch.hpp>

#include "server/data/keyspace.h"

namespace weir {
namespace {

constexpr uint64_t kAnn = 1;
constexpr uint64_t kBob = 2;
constexpr KeyEvent kChange{EventClass::kStream, "xadd"};
constexpr KeyEvent kNoChange{EventClass::kStream, "xgroup-create", false};

struct Stage {
  Keyspace keyspace{2};
  Watches watches{keyspace};
};

}  // namespace

TEST_CASE("A change is told to those who watch the key in that database", "[watch]") {
  Stage stage;
  stage.watches.watch(kAnn, 0, "s");
  stage.watches.watch(kBob, 1, "s");
  stage.keyspace.events.notify(0, kChange, "s");
  CHECK(stage.watches.has_changed(kAnn));
  CHECK_FALSE(stage.watches.has_changed(kBob));
}

TEST_CASE("What only changes a group is no change of a watched key", "[watch]") {
  Stage stage;
  stage.watches.watch(kAnn, 0, "s");
  stage.keyspace.events.notify(0, kNoChange, "s");
  CHECK_FALSE(stage.watches.has_changed(kAnn));
}

TEST_CASE("After unwatch nothing is remembered", "[watch]") {
  Stage stage;
  stage.watches.watch(kAnn, 0, "s");
  stage.watches.watch(kAnn, 0, "s");
  CHECK(stage.watches.key_count(kAnn) == 1);
  stage.keyspace.events.notify(0, kChange, "s");
  stage.watches.unwatch(kAnn);
  CHECK_FALSE(stage.watches.has_changed(kAnn));
  CHECK(stage.watches.key_count() == 0);
  CHECK(stage.watches.client_count() == 0);
  stage.watches.watch(kAnn, 0, "s");
  CHECK_FALSE(stage.watches.has_changed(kAnn));
}

TEST_CASE("A key of two watchers stays watched when one of them leaves", "[watch]") {
  Stage stage;
  stage.watches.watch(kAnn, 0, "s");
  stage.watches.watch(kBob, 0, "s");
  stage.watches.unwatch(kAnn);
  stage.keyspace.events.notify(0, kChange, "s");
  CHECK(stage.watches.has_changed(kBob));
}

TEST_CASE("A flush changes the watched keys that exist in that database", "[watch]") {
  Stage stage;
  stage.keyspace.database(0).find_or_create("there");
  stage.watches.watch(kAnn, 0, "there");
  stage.watches.watch(kBob, 0, "missing");
  stage.keyspace.events.notify_flushing(1);
  CHECK_FALSE(stage.watches.has_changed(kAnn));
  stage.keyspace.events.notify_flushing(0);
  CHECK(stage.watches.has_changed(kAnn));
  CHECK_FALSE(stage.watches.has_changed(kBob));
}

TEST_CASE("Swapping databases changes the watched keys that exist in one of them", "[watch]") {
  Stage stage;
  stage.keyspace.database(1).find_or_create("s");
  stage.watches.watch(kAnn, 0, "s");
  stage.watches.watch(kBob, 0, "missing");
  stage.keyspace.events.notify_swapping(0, 1);
  CHECK(stage.watches.has_changed(kAnn));
  CHECK_FALSE(stage.watches.has_changed(kBob));
}

}  // namespace weir
