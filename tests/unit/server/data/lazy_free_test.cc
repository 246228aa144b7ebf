#include "server/data/lazy_free.h"

#include <csignal>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/data/keyspace.h"
#include "streams/node_memory.h"
#include "tests/support/forbidden_calls.h"
#include "tests/support/patience.h"

namespace weir {
namespace {

using testing::wait_until;

/// A stream of nodes of some KiB, with consumers that have much pending.
void fill(Stream& stream, uint64_t entries) {
  const std::string value(200, 'v');
  for (uint64_t i = 1; i <= entries; ++i)
    stream.append({i, 0}, std::vector<std::string_view>{"field", value}, NodeLimits());
  ConsumerGroup& group = stream.groups().add("group", {}, 0);
  const ConsumerNumber number = group.add_consumer("consumer", 1).number();
  PendingList::Edit edit(group.pending());
  for (uint64_t i = 1; i <= entries; ++i)
    edit.put({.id = {i, 0}, .consumer = number, .delivered_ms = 1, .deliveries = 1});
}

/// Of node memory, with nothing on its way back.
size_t drained_reserve() {
  while (take_back_node_memory(100)) {
  }
  return node_memory_reserve();
}

void wait_until_freed(const LazyFree& lazy_free) {
  REQUIRE(wait_until([&] { return lazy_free.pending() == 0; }));
}

TEST_CASE("A small stream is freed at once, a great one by the helper", "[lazy_free]") {
  Keyspace keyspace(1);
  Database& db = keyspace.database(0);
  fill(db.find_or_create("small"), 10);
  fill(db.find_or_create("great"), 10'000);
  db.erase("small");
  CHECK(keyspace.lazy_free.freed() + keyspace.lazy_free.pending() == 0);
  db.erase("great");
  wait_until_freed(keyspace.lazy_free);
  CHECK(keyspace.lazy_free.freed() == 1);
}

TEST_CASE("Keys come and go while the helper frees others", "[lazy_free]") {
  const size_t before = drained_reserve();
  {
    Keyspace keyspace(1);
    Database& db = keyspace.database(0);
    for (int round = 0; round < 60; ++round) {
      const std::string key = std::to_string(round % 3);
      db.erase(key);
      fill(db.find_or_create(key), 1000);
      take_back_node_memory(5);
      if (round % 7 == 6) db.clear();
    }
  }
  CHECK(drained_reserve() == before);
}

TEST_CASE("What a stream remembered of messages is not looked at once it is being freed",
          "[lazy_free]") {
  Keyspace keyspace(2);
  for (const uint32_t db : {0U, 1U}) {
    Stream& stream = keyspace.database(db).find_or_create("s");
    fill(stream, 5000);
    Idempotence& messages = stream.use_idempotence();
    messages.record("producer", "message", {1, 0});
    keyspace.iid_expiry.watch(messages);
  }
  keyspace.database(0).clear();
  keyspace.database(1).erase("s");
  CHECK_FALSE(keyspace.iid_expiry.run(1'000'000'000));
  CHECK(keyspace.iid_expiry.is_empty());
  wait_until_freed(keyspace.lazy_free);
}

TEST_CASE("A group with much pending is freed by the helper", "[lazy_free]") {
  LazyFree lazy_free;
  Stream stream;
  fill(stream, 20'000);
  lazy_free.take(stream.groups().take("group"));
  CHECK(stream.find_group("group") == nullptr);
  wait_until_freed(lazy_free);
  CHECK(lazy_free.freed() == 1);
}

TEST_CASE("Where the system refuses a thread, what is great is freed at once", "[lazy_free]") {
  Keyspace keyspace(1);
  Database& db = keyspace.database(0);
  const size_t before = drained_reserve();
  const bool was_refused = testing::run_without({testing::kThreadCall}, [&] {
    fill(db.find_or_create("great"), 10'000);
    db.erase("great");
    CHECK(keyspace.lazy_free.pending() == 0);
    CHECK(keyspace.lazy_free.freed() == 1);
    CHECK(drained_reserve() == before);
  });
  fill(db.find_or_create("great"), 10'000);
  db.erase("great");
  wait_until_freed(keyspace.lazy_free);
  CHECK(keyspace.lazy_free.freed() == (was_refused ? 2 : 1));
}

TEST_CASE("The helper takes no signal from the main thread", "[lazy_free]") {
  static volatile pthread_t taker;
  Keyspace keyspace(1);
  fill(keyspace.database(0).find_or_create("s"), 10'000);
  keyspace.database(0).erase("s");
  wait_until_freed(keyspace.lazy_free);
  const auto before = std::signal(SIGUSR1, [](int) { taker = pthread_self(); });
  kill(getpid(), SIGUSR1);
  CHECK(wait_until([] { return taker == pthread_self(); }));
  std::signal(SIGUSR1, before);
}

}  // namespace
}  // namespace weir
