// Who is asked again, in what order, and whose time is over.
#include "server/data/waiters.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

using Clients = std::vector<uint64_t>;

Waiter reader(uint64_t client_id, std::vector<std::string> keys) {
  Waiter waiter;
  waiter.client_id = client_id;
  waiter.keys = std::move(keys);
  return waiter;
}

Waiter reader_until(uint64_t client_id, int64_t deadline_ms) {
  Waiter waiter = reader(client_id, {"k"});
  waiter.deadline_ms = deadline_ms;
  return waiter;
}

Waiter consumer(uint64_t client_id, const std::string& group, std::vector<std::string> keys) {
  Waiter waiter = reader(client_id, std::move(keys));
  waiter.group = group;
  return waiter;
}

/// One that also takes over idle entries, the next of which is due at a time.
Waiter taker(uint64_t client_id, const std::string& group, int64_t look_again_ms) {
  Waiter waiter = consumer(client_id, group, {"k"});
  waiter.look_again_ms = look_again_ms;
  return waiter;
}

/// Serves all signals: those in `answered` are answered, the others find nothing.  Who was asked.
Clients serve(Waiters& waiters, const std::set<uint64_t>& answered = {}) {
  Clients asked;
  waiters.serve([&](uint64_t client) {
    asked.push_back(client);
    if (!answered.contains(client)) return false;
    waiters.remove(client);
    return true;
  });
  return asked;
}

/// Who is asked when this key gets an entry.
Clients asked_for(Waiters& waiters, const std::string& key,
                  const std::set<uint64_t>& answered = {}) {
  waiters.signal(0, key);
  return serve(waiters, answered);
}

Clients asked_when_gone(Waiters& waiters, const std::string& key) {
  waiters.signal_gone(0, key);
  return serve(waiters);
}

}  // namespace

// --- Readers ------------------------------------------------------------------------------------

TEST_CASE("The readers of a key are asked oldest first, each once", "[waiters]") {
  Waiters waiters;
  for (const uint64_t client : {7, 3, 5})
    waiters.add(reader(client, {"k"}));
  CHECK(asked_for(waiters, "k") == Clients{7, 3, 5});
  waiters.remove(3);
  CHECK(asked_for(waiters, "k") == Clients{7, 5});
  waiters.add(reader(3, {"k"}));
  CHECK(asked_for(waiters, "k", {7, 5, 3}) == Clients{7, 5, 3});
  CHECK(waiters.is_empty());
}

TEST_CASE("A reader of several keys is asked for each of them", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"a", "b"}));
  waiters.add(reader(2, {"b", "c"}));
  CHECK(waiters.size() == 2);
  CHECK(waiters.key_count() == 3);
  CHECK(asked_for(waiters, "b") == Clients{1, 2});
  CHECK(asked_for(waiters, "a") == Clients{1});
  CHECK(asked_for(waiters, "c") == Clients{2});
}

TEST_CASE("A reader that found nothing goes behind all others, for all its keys", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"a", "b"}));
  waiters.add(reader(2, {"b"}));
  CHECK(asked_for(waiters, "a") == Clients{1});
  CHECK(asked_for(waiters, "b") == Clients{2, 1});
}

TEST_CASE("A waiter that is removed is in no queue any more", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"a", "b"}));
  waiters.add(reader(2, {"b"}));
  const std::unique_ptr<Waiter> removed = waiters.remove(1);
  REQUIRE(removed);
  CHECK(removed->keys == std::vector<std::string>{"a", "b"});
  CHECK(waiters.find(1) == nullptr);
  CHECK(waiters.key_count() == 1);
  CHECK(asked_for(waiters, "a").empty());
  CHECK(asked_for(waiters, "b") == Clients{2});
  CHECK(waiters.remove(1) == nullptr);
}

TEST_CASE("One that is removed while others are asked is not asked", "[waiters]") {
  Waiters waiters;
  for (const uint64_t client : {1, 2, 3})
    waiters.add(reader(client, {"k"}));
  waiters.signal(0, "k");
  Clients asked;
  waiters.serve([&](uint64_t client) {
    asked.push_back(client);
    waiters.remove(2);
    return false;
  });
  CHECK(asked == Clients{1, 3});
}

TEST_CASE("The last waiter leaves nothing behind", "[waiters]") {
  Waiters waiters;
  waiters.add(reader_until(1, 100));
  waiters.add(taker(2, "g", 50));
  CHECK_FALSE(waiters.is_empty());
  waiters.remove(1);
  waiters.remove(2);
  CHECK(waiters.is_empty());
  CHECK(waiters.key_count() == 0);
  CHECK(waiters.deadline_count() == 0);
  CHECK_FALSE(waiters.next_deadline_ms());
}

TEST_CASE("A key that is listed twice is waited for once", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k", "other", "k"}));
  waiters.add(consumer(2, "g", {"k", "k"}));
  CHECK(asked_for(waiters, "k") == Clients{1, 2});
  CHECK(waiters.key_count() == 2);
  waiters.remove(1);
  waiters.remove(2);
  CHECK(waiters.key_count() == 0);
}

TEST_CASE("The same key in two databases is two keys", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  Waiter elsewhere = reader(2, {"k"});
  elsewhere.db = 256;
  waiters.add(std::move(elsewhere));
  CHECK(waiters.key_count() == 2);
  CHECK(asked_for(waiters, "k") == Clients{1});
  waiters.signal(256, "k");
  CHECK(serve(waiters) == Clients{2});
  waiters.signal(1, "k");
  CHECK_FALSE(waiters.has_signals());
}

// --- Signals ------------------------------------------------------------------------------------

TEST_CASE("Keys are served in the order of their first signal, each once", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"a"}));
  waiters.add(reader(2, {"b"}));
  for (const char* key : {"b", "a", "b", "b", "a"})
    waiters.signal(0, key);
  CHECK(serve(waiters) == Clients{2, 1});
  CHECK_FALSE(waiters.has_signals());
}

TEST_CASE("A key that is signalled while it is served is served again", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  waiters.signal(0, "k");
  int asked = 0;
  waiters.serve([&](uint64_t) {
    if (++asked < 3) waiters.signal(0, "k");
    return false;
  });
  CHECK(asked == 3);
}

TEST_CASE("A signal for what nobody waits for is none", "[waiters]") {
  Waiters waiters;
  waiters.signal(0, "k");
  waiters.signal_gone(0, "k");
  waiters.add(reader(1, {"other"}));
  waiters.signal(0, "k");
  waiters.signal_gone(0, "k");
  CHECK_FALSE(waiters.has_signals());
}

TEST_CASE("A signal whose waiters have gone asks nobody", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  waiters.signal(0, "k");
  waiters.remove(1);
  CHECK(serve(waiters).empty());
  CHECK_FALSE(waiters.has_signals());
}

// --- Groups -------------------------------------------------------------------------------------

TEST_CASE("When one of a crowd in a group finds nothing, the others are left alone", "[waiters]") {
  Waiters waiters;
  for (uint64_t client = 1; client <= Waiters::kFew + 3; ++client)
    waiters.add(consumer(client, "g", {"k"}));
  CHECK(asked_for(waiters, "k") == Clients{1});
  CHECK(asked_for(waiters, "k", {1, 2}) == Clients{1, 2, 3});
}

TEST_CASE("A few readers of a group are all asked, and stand behind the others then", "[waiters]") {
  Waiters waiters;
  waiters.add(consumer(1, "g", {"a", "b"}));
  waiters.add(consumer(2, "g", {"a"}));
  waiters.add(consumer(3, "g", {"b"}));
  CHECK(asked_for(waiters, "a") == Clients{1, 2});
  CHECK(asked_for(waiters, "b") == Clients{3, 1});
  CHECK(asked_for(waiters, "a", {2}) == Clients{2, 1});
}

TEST_CASE("Groups and plain readers of a key are asked apart from each other", "[waiters]") {
  Waiters waiters;
  waiters.add(consumer(1, "a", {"k"}));
  waiters.add(reader(2, {"k"}));
  waiters.add(consumer(3, "b", {"k"}));
  waiters.add(consumer(4, "a", {"k"}));
  waiters.add(reader(5, {"k"}));
  waiters.add(consumer(6, "", {"k"}));
  CHECK(asked_for(waiters, "k") == Clients{2, 5, 6, 1, 4, 3});
  CHECK(waiters.key_count() == 1);
}

TEST_CASE("A group in which one takes over idle entries is asked one by one", "[waiters]") {
  Waiters waiters;
  Clients all;
  for (uint64_t client = 1; client <= Waiters::kFew + 2; ++client) {
    waiters.add(client == 2 ? taker(2, "g", 100) : consumer(client, "g", {"k"}));
    all.push_back(client);
  }
  CHECK(asked_for(waiters, "k") == all);
  waiters.remove(2);
  CHECK(asked_for(waiters, "k") == Clients{1});
}

TEST_CASE("A key that goes concerns its groups, not its plain readers", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  waiters.add(consumer(2, "g", {"k"}));
  CHECK(asked_when_gone(waiters, "k") == Clients{2});
  waiters.remove(2);
  CHECK(asked_when_gone(waiters, "k").empty());
}

TEST_CASE("A key that goes and gets an entry again concerns all", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  waiters.add(consumer(2, "g", {"k"}));
  waiters.signal_gone(0, "k");
  CHECK(asked_for(waiters, "k") == Clients{1, 2});
  waiters.signal(0, "k");
  CHECK(asked_when_gone(waiters, "k") == Clients{1, 2});
}

TEST_CASE("When a database is emptied the groups of its keys are asked, and no others",
          "[waiters]") {
  Waiters waiters;
  waiters.add(consumer(1, "g", {"a"}));
  waiters.add(consumer(2, "g", {"b"}));
  waiters.add(reader(3, {"a"}));
  Waiter elsewhere = consumer(4, "g", {"a"});
  elsewhere.db = 1;
  waiters.add(std::move(elsewhere));
  waiters.signal_all_gone(0);
  CHECK(serve(waiters) == Clients{1, 2});
  waiters.signal_all_gone(1);
  CHECK(serve(waiters) == Clients{4});
}

// --- Times --------------------------------------------------------------------------------------

TEST_CASE("Waiters expire at their deadline, earliest first, one by one", "[waiters]") {
  Waiters waiters;
  waiters.add(reader_until(1, 300));
  waiters.add(reader_until(2, 100));
  waiters.add(reader_until(3, 100));
  CHECK(waiters.next_deadline_ms() == 100);
  CHECK_FALSE(waiters.expired(99));
  CHECK(waiters.expired(100) == 2U);
  waiters.remove(2);
  CHECK(waiters.expired(1000) == 3U);
  waiters.remove(3);
  CHECK(waiters.next_deadline_ms() == 300);
  CHECK_FALSE(waiters.expired(299));
  CHECK(waiters.expired(300) == 1U);
}

TEST_CASE("Who waits without a deadline never expires", "[waiters]") {
  Waiters waiters;
  waiters.add(reader(1, {"k"}));
  CHECK_FALSE(waiters.next_deadline_ms());
  CHECK_FALSE(waiters.expired(INT64_MAX));
  waiters.add(reader_until(2, INT64_MAX));
  CHECK(waiters.deadline_count() == 1);
  CHECK(waiters.expired(INT64_MAX) == 2U);
}

TEST_CASE("Being asked in vain does not move the deadline", "[waiters]") {
  Waiters waiters;
  waiters.add(reader_until(1, 100));
  waiters.add(reader_until(2, 200));
  asked_for(waiters, "k");
  CHECK(waiters.expired(150) == 1U);
}

TEST_CASE("Who is to look again is asked when it is time, and not before", "[waiters]") {
  Waiters waiters;
  waiters.add(taker(1, "g", 100));
  waiters.add(reader_until(2, 200));
  CHECK(waiters.next_deadline_ms() == 100);
  waiters.signal_due(99);
  CHECK_FALSE(waiters.has_signals());
  waiters.signal_due(100);
  CHECK(serve(waiters) == Clients{2, 1});
  CHECK_FALSE(waiters.expired(100));
}

TEST_CASE("The time to look again can be moved, given up and set", "[waiters]") {
  Waiters waiters;
  waiters.add(taker(1, "g", 100));
  for (uint64_t client = 2; client <= Waiters::kFew + 1; ++client)
    waiters.add(consumer(client, "g", {"k"}));
  waiters.set_look_again(1, 500);
  waiters.signal_due(499);
  CHECK_FALSE(waiters.has_signals());
  CHECK(waiters.next_deadline_ms() == 500);
  waiters.set_look_again(1, std::nullopt);
  CHECK_FALSE(waiters.next_deadline_ms());
  CHECK(asked_for(waiters, "k") == Clients{1});  // nobody takes over any more
  waiters.set_look_again(2, 700);
  CHECK(asked_for(waiters, "k").size() == Waiters::kFew + 1);
  CHECK(waiters.find(2)->look_again_ms == 700);
}

TEST_CASE("A waiter keeps its command as it was given", "[waiters]") {
  Waiters waiters;
  Waiter waiter = reader_until(9, 100);
  waiter.db = 4;
  waiter.argv = {"XREAD", "BLOCK", "0", "STREAMS", "k", std::string("$\0", 2)};
  waiters.add(waiter);
  const Waiter* found = waiters.find(9);
  REQUIRE(found != nullptr);
  CHECK(found->db == 4);
  CHECK(found->argv == waiter.argv);
  CHECK(found->deadline_ms == 100);
}

}  // namespace weir
