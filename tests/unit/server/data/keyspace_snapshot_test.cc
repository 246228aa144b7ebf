// Which keys a snapshot has, and as what.  Everything at once: tests/model.
#include "server/data/keyspace_snapshot.h"

#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/describe_keyspace.h"
#include "tests/support/handler_stage.h"

namespace weir::testing {
namespace {

/// A stage with some keys of which s has a group and t a TTL, and a snapshot of that moment.
class SnapshotStage {
 public:
  SnapshotStage() {
    for (const char* words : {"XADD s 1-0 f v", "XADD s 2-0 f v", "XGROUP CREATE s g 0",
                              "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XADD t 1-0 f v",
                              "PEXPIREAT t 2000000", "XADD u 1-0 f v", "MOVE u 1"})
      stage(words);
    moment = describe(stage.keyspace);
    snapshot.emplace(stage.keyspace);
  }

  /// Hands out what is left and gives it back.
  KeyTexts rest() {
    KeyTexts texts;
    std::vector<SnapshotKey> keys;
    while (!snapshot->is_done())
      snapshot->take(keys, 1);
    for (SnapshotKey& key : keys) {
      add_description(key, texts);
      snapshot->give_back(std::move(key));
    }
    return texts;
  }

  HandlerStage stage;
  KeyTexts moment;
  std::optional<KeyspaceSnapshot> snapshot;
};

/// Whether the snapshot is still that of its beginning when these commands come before its walk.
bool survives(std::initializer_list<const char*> commands) {
  SnapshotStage it;
  for (const char* words : commands)
    it.stage(words);
  return it.rest() == it.moment;
}

TEST_CASE("A snapshot has all keys with their TTLs, and tells how many", "[snapshot]") {
  SnapshotStage it;
  CHECK(it.snapshot->key_count() == 3);
  REQUIRE(it.snapshot->counts().size() == 2);
  CHECK(it.snapshot->counts()[0].keys == 2);
  CHECK(it.snapshot->counts()[0].with_ttl == 1);
  CHECK(it.snapshot->counts()[1].db == 1);
  CHECK(it.rest() == it.moment);
  CHECK(it.snapshot->taken() == 3);
}

TEST_CASE("What becomes of keys before their turn is not in the snapshot", "[snapshot]") {
  CHECK(survives({"XADD s 3-0 f v", "XADD t 2-0 f v"}));
  CHECK(survives({"XACK s g 1-0", "XDEL s 1-0", "XTRIM s MAXLEN 0"}));
  CHECK(survives({"XREADGROUP GROUP g d STREAMS s >", "XGROUP DESTROY s g"}));
  CHECK(survives({"DEL s t", "XADD s 9-0 f v"}));
  CHECK(survives({"RENAME s t"}));
  CHECK(survives({"RENAME s x", "XADD s 1-0 f v", "RENAME x y"}));
  CHECK(survives({"MOVE s 1", "XADD s 5-0 f v"}));
  CHECK(survives({"COPY s t REPLACE", "COPY s z DB 1"}));
  CHECK(survives({"SWAPDB 0 1", "XADD u 2-0 f v", "XADD s 1-0 f v"}));
  CHECK(survives({"SWAPDB 0 1", "FLUSHDB", "SWAPDB 0 1", "FLUSHDB", "XADD s 1-0 f v"}));
  CHECK(survives({"FLUSHALL", "XADD s 1-0 f v", "XADD n 1-0 f v"}));
  CHECK(survives({"PERSIST t", "PEXPIREAT s 3000000"}));
  CHECK(survives({"XADD new 1-0 f v"}));
}

TEST_CASE("A key that expires before its turn is in the snapshot", "[snapshot]") {
  SnapshotStage it;
  it.stage.now_ms = 3'000'000;
  CHECK(it.stage("XLEN t") == ":0");
  CHECK(it.rest() == it.moment);
}

TEST_CASE("A key moved out of a database that is then emptied stays readable", "[snapshot]") {
  SnapshotStage it;
  std::vector<SnapshotKey> keys;
  it.snapshot->take(keys, 100);
  it.stage("FLUSHDB");
  it.stage("SWAPDB 0 1");
  it.stage("MOVE u 1");
  it.stage("SWAPDB 0 1");
  it.stage("FLUSHDB");  // takes u along
  KeyTexts texts;
  for (SnapshotKey& key : keys) {
    add_description(key, texts);
    it.snapshot->give_back(std::move(key));
  }
  texts.merge(it.rest());
  CHECK(texts == it.moment);
}

TEST_CASE("An abandoned snapshot leaves the next one whole", "[snapshot]") {
  SnapshotStage it;
  it.stage("XADD s 3-0 f v");
  it.snapshot->abandon();
  CHECK(it.rest().empty());
  it.snapshot.reset();
  it.moment = describe(it.stage.keyspace);
  it.snapshot.emplace(it.stage.keyspace);
  it.stage("XADD t 3-0 f v");
  CHECK(it.rest() == it.moment);
}

TEST_CASE("After a snapshot streams are changed in place again", "[snapshot]") {
  SnapshotStage it;
  it.rest();
  const Stream& stream = *it.stage.stream("s");
  CHECK(stream.tree().is_writable(*stream.first_node()));
}

}  // namespace
}  // namespace weir::testing
