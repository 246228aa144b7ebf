// Forgetting messages of many streams, a bounded number at a time.
#include "server/data/iid_expiry.h"

#include <string>

#include <catch2/catch.hpp>

#include "server/data/keyspace.h"

namespace weir::testing {
namespace {

/// A database whose streams remember messages for a second.
struct Messages {
  Keyspace keyspace{2};
  Database& db = keyspace.database(0);

  Messages() { keyspace.new_stream_limits = {.duration_s = 1, .maxsize = 10'000}; }

  void record(const std::string& key, uint64_t ms, const std::string& iid = "i") {
    Idempotence& known = db.find_or_create(key).use_idempotence();
    known.record("p", iid, {ms, 0});
    keyspace.iid_expiry.watch(known);
  }
  size_t count(const std::string& key) {
    return db.find_or_create(key).use_idempotence().iid_count();
  }
  bool expire(uint64_t now_ms, size_t most = IidExpiry::kMostPerRun) {
    return keyspace.iid_expiry.run(now_ms, most);
  }
};

TEST_CASE("New streams have the limits of their moment", "[idmp][expiry]") {
  Keyspace keyspace(2);
  Database& db = keyspace.database(1);
  const IdempotenceLimits other{.duration_s = 5, .maxsize = 6};
  CHECK(db.find_or_create("a").idempotence_limits() == IdempotenceLimits{});
  keyspace.new_stream_limits = other;
  CHECK(db.find_or_create("a").idempotence_limits() == IdempotenceLimits{});
  CHECK(db.find_or_create("b").idempotence_limits() == other);
  db.erase("a");
  CHECK(db.find_or_create("a").idempotence_limits() == other);
}

TEST_CASE("The messages of all streams expire, each at its time", "[idmp][expiry]") {
  Messages messages;
  messages.record("a", 5000);
  messages.record("b", 6000);
  messages.record("b", 7000, "j");
  messages.expire(5999);
  CHECK(messages.count("a") == 1);
  messages.expire(6900);
  CHECK(messages.count("a") == 0);
  CHECK(messages.count("b") == 2);
  messages.expire(7900);
  CHECK(messages.count("b") == 1);
  messages.expire(8800);
  CHECK(messages.count("b") == 0);
}

TEST_CASE("A stream is looked at once in a second", "[idmp][expiry]") {
  Messages messages;
  messages.record("a", 5500);
  messages.expire(6100);
  messages.expire(6900);
  CHECK(messages.count("a") == 1);
  messages.expire(7000);
  CHECK(messages.count("a") == 0);
}

TEST_CASE("A stream that comes new is left alone for a second", "[idmp][expiry]") {
  Messages messages;
  messages.expire(9950);
  messages.record("a", 1);  // XIDMPRECORD of an old entry
  messages.expire(10'000);
  messages.expire(10'849);
  CHECK(messages.count("a") == 1);
  messages.expire(10'850);
  CHECK(messages.count("a") == 0);
}

TEST_CASE("Messages expire also when the clock was set back", "[idmp][expiry]") {
  Messages messages;
  messages.expire(9'000'000);
  messages.record("a", 1);
  messages.expire(5000);
  CHECK(messages.count("a") == 0);
}

TEST_CASE("A stream that was empty expires again when it is used again", "[idmp][expiry]") {
  Messages messages;
  messages.record("a", 5000);
  messages.expire(9000);
  messages.expire(10'000);
  messages.record("a", 9500);
  messages.expire(11'000);
  CHECK(messages.count("a") == 0);
}

TEST_CASE("A run does a bounded amount of work and the next one goes on", "[idmp][expiry]") {
  Messages messages;
  for (int i = 0; i < 100; ++i)
    messages.record("s" + std::to_string(i), 5000);
  const auto left = [&] {
    size_t count = 0;
    for (int i = 0; i < 100; ++i)
      count += messages.count("s" + std::to_string(i));
    return count;
  };
  CHECK(messages.expire(9000, 20));
  CHECK(left() == 90);  // a stream and its message are two
  CHECK_FALSE(messages.expire(9100, 1000));
  CHECK(left() == 0);
}

TEST_CASE("A stream with more messages than one run forgets is gone on with", "[idmp][expiry]") {
  Messages messages;
  for (uint64_t i = 0; i < 100; ++i)
    messages.record("a", 5000 + i, std::to_string(i));
  messages.record("b", 5000);
  messages.expire(9000, 30);
  CHECK(messages.count("a") == 70);
  messages.expire(9001, 30);
  CHECK(messages.count("a") == 40);
  messages.expire(9002, 100);
  CHECK(messages.count("a") == 0);
  CHECK(messages.count("b") == 0);
}

TEST_CASE("Streams with nothing to forget count as work too", "[idmp][expiry]") {
  Messages messages;
  messages.record("a", 50'000);
  messages.record("b", 50'000);
  messages.record("c", 5000);
  messages.expire(9000, 2);
  CHECK(messages.count("c") == 1);
  messages.expire(9100, 3);
  CHECK(messages.count("c") == 0);
}

TEST_CASE("Deleted, flushed and moved streams leave no trace in the round", "[idmp][expiry]") {
  Messages messages;
  for (const char* key : {"a", "b", "c", "d"})
    messages.record(key, 5000);
  messages.db.erase("b");
  Stream moved = std::move(messages.db.find_or_create("c"));
  messages.db.erase("c");
  messages.expire(5000);
  CHECK(moved.idempotence()->iid_count() == 1);
  messages.expire(6000);
  CHECK(moved.idempotence()->iid_count() == 0);
  CHECK(messages.count("d") == 0);
  messages.record("e", 5000);
  messages.db.clear();
  messages.expire(9000);
  CHECK(messages.db.size() == 0);
}

}  // namespace
}  // namespace weir::testing
