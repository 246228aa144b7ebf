// The PEL: who has what pending, in the order of IDs and of age.
#include "streams/pending_list.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr uint64_t kNowMs = 1'700'000'000'000;

Nack owned(uint64_t ms, const Consumer& consumer, uint64_t delivered_ms = kNowMs) {
  return {
      .id = {ms, 0}, .consumer = consumer.number(), .delivered_ms = delivered_ms, .deliveries = 1};
}

/// Puts from-0 … to-0.
void put_run(PendingList& list, const Consumer& consumer, uint64_t from, uint64_t to) {
  PendingList::Edit edit(list);
  for (uint64_t ms = from; ms <= to; ++ms)
    edit.put(owned(ms, consumer));
}

void release(PendingList& list, uint64_t ms) {
  PendingList::Edit(list).put({.id = {ms, 0}, .release = list.next_release()});
}

std::string show(const std::vector<Nack>& nacks) {
  std::string text;
  for (const Nack& nack : nacks)
    text += (text.empty() ? "" : " ") + std::to_string(nack.id.ms);
  return text;
}

std::string oldest_first(PendingList& list, uint64_t youngest = UINT64_MAX) {
  std::vector<Nack> nacks;
  OldestFirst walk(list, youngest);
  while (const std::optional<Nack> nack = walk.next())
    nacks.push_back(*nack);
  return show(nacks);
}

/// " 5 4 3"
std::string descending(uint64_t from, uint64_t to) {
  std::string text;
  for (uint64_t ms = from; ms >= to; --ms)
    text += " " + std::to_string(ms);
  return text;
}

}  // namespace

TEST_CASE("An empty PEL has nothing to find, walk or remove", "[pending_list]") {
  PendingList list;
  CHECK(list.size() == 0);
  CHECK_FALSE(list.find({1, 0}));
  CHECK_FALSE(list.first_id());
  CHECK_FALSE(list.last_id());
  CHECK_FALSE(PendingList::Edit(list).erase({1, 0}));
  CHECK(list.select({}).empty());
  CHECK(oldest_first(list).empty());
  CHECK_FALSE(PendingCursor(list, kMinStreamId).is_valid());
}

TEST_CASE("Entries are counted for the group and for their consumer", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  const Consumer& b = list.add_consumer("b");
  put_run(list, a, 1, 300);
  put_run(list, b, 301, 310);
  CHECK(list.size() == 310);
  CHECK(a.pending_count() == 300);
  CHECK(b.pending_count() == 10);
  CHECK(list.first_id() == StreamId{1, 0});
  CHECK(list.last_id() == StreamId{310, 0});
  list.assert_consistent();
}

TEST_CASE("A row of deliveries may be broken by anything", "[pending_list]") {
  PendingList list;
  const Consumer& alice = list.add_consumer("alice");
  const Consumer& bob = list.add_consumer("bob");
  {
    PendingList::Edit edit(list);
    for (uint64_t ms = 1; ms <= 300; ++ms)
      edit.put(owned(ms, alice));
    edit.put(owned(301, bob));
    edit.put(owned(302, alice));
    edit.put(owned(303, alice));
    CHECK(edit.erase({303, 0}));
    edit.put(owned(304, alice));
    CHECK(edit.find({2, 0}));
    edit.put(owned(305, alice, kNowMs - 7));
    edit.put(owned(306, alice, kNowMs - 7));
    edit.put({.id = {307, 0}, .release = list.next_release()});
    edit.put(owned(308, bob));
    edit.put(owned(309, bob));
  }
  list.assert_consistent();
  CHECK(list.size() == 308);
  CHECK(alice.pending_count() == 304);
  CHECK(bob.pending_count() == 3);
  CHECK(list.find({306, 0}) == owned(306, alice, kNowMs - 7));
  CHECK(list.find({309, 0}) == owned(309, bob));
}

TEST_CASE("An entry that changes its consumer is counted for the new one", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  const Consumer& b = list.add_consumer("b");
  put_run(list, a, 1, 10);
  put_run(list, b, 4, 5);
  CHECK(list.size() == 10);
  CHECK(a.pending_count() == 8);
  CHECK(b.pending_count() == 2);
  CHECK(list.find({4, 0})->consumer == b.number());
}

TEST_CASE("A released entry belongs to nobody and is the first to be taken", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 5);
  release(list, 4);
  release(list, 2);
  CHECK(list.released_count() == 2);
  CHECK(a.pending_count() == 3);
  CHECK(oldest_first(list) == "4 2 1 3 5");
  release(list, 4);
  CHECK(list.released_count() == 2);
  CHECK(oldest_first(list) == "2 4 1 3 5");
}

TEST_CASE("The oldest come first, and none too young", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  {
    PendingList::Edit edit(list);
    edit.put(owned(1, a, kNowMs + 2));
    edit.put(owned(2, a, kNowMs));
    edit.put(owned(3, a, kNowMs + 1));
    edit.put(owned(4, a, kNowMs));
  }
  CHECK(oldest_first(list) == "2 4 3 1");
  CHECK(oldest_first(list, Nack::oldest_owned(kNowMs + 1)) == "2 4 3");
  CHECK(oldest_first(list, Nack::oldest_owned(kNowMs - 1)).empty());
}

TEST_CASE("What was delivered within a millisecond comes in the order of delivery",
          "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  const Consumer& b = list.add_consumer("b");
  put_run(list, a, 1, 6);
  CHECK(oldest_first(list) == "1 2 3 4 5 6");
  PendingList::Edit(list).put(owned(2, b, kNowMs));
  CHECK(oldest_first(list) == "1 3 4 5 6 2");
  put_run(list, b, 4, 5);
  CHECK(oldest_first(list) == "1 3 6 2 4 5");
  put_run(list, a, 7, 8);
  CHECK(oldest_first(list) == "1 3 6 2 4 5 7 8");
  PendingList::Edit(list).put(owned(1, a, kNowMs + 1));
  CHECK(oldest_first(list) == "3 6 2 4 5 7 8 1");
  PendingList::Edit(list).put(owned(8, a, kNowMs - 5));
  PendingList::Edit(list).put(owned(7, a, kNowMs - 5));
  PendingList::Edit(list).put(owned(6, a, kNowMs - 5));
  CHECK(oldest_first(list) == "8 7 6 3 2 4 5 1");
  PendingList copy;
  copy.copy_from(list);
  CHECK(oldest_first(copy) == "8 7 6 3 2 4 5 1");
}

TEST_CASE("Of very many deliveries out of order in a millisecond the order is not kept for ever",
          "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 5000);
  const size_t before = list.memory_bytes();
  put_run(list, a, 1, 5000);
  CHECK(list.memory_bytes() < before + 100 * DeliveryOrder::kMostLate);
  const std::string order = oldest_first(list);
  CHECK(order.starts_with("1 2 3 "));
  CHECK(order.ends_with(" 4999 5000"));
  {
    PendingList::Edit edit(list);
    for (uint64_t ms = 5000; ms > 4500; --ms)
      edit.put(owned(ms, a));
  }
  CHECK(oldest_first(list).ends_with(descending(5000, 4501)));
  {
    PendingList::Edit edit(list);
    for (uint64_t ms = 1; ms <= 5000; ++ms)
      edit.erase({ms, 0});
  }
  CHECK(list.memory_bytes() < before / 10);
}

TEST_CASE("A selection minds its bounds, its age, its consumer and its count", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  const Consumer& b = list.add_consumer("b");
  for (uint64_t ms = 1; ms <= 400; ++ms)
    PendingList::Edit(list).put(owned(ms, ms % 2 == 0 ? a : b, kNowMs + ms));
  release(list, 200);
  PendingList::Query query;
  query.from = {198, 1};
  query.to = {203, 0};
  CHECK(show(list.select(query)) == "199 200 201 202 203");
  query.youngest = Nack::oldest_owned(kNowMs + 201);
  CHECK(show(list.select(query)) == "199 200 201");
  query.consumer = &b;
  CHECK(show(list.select(query)) == "199 201");
  query.count = 1;
  CHECK(show(list.select(query)) == "199");
  query.consumer = &a;
  CHECK(list.select(query).empty());
  query.count = 0;
  CHECK(list.select(query).empty());
}

TEST_CASE("The idle entries of one consumer are found wherever their times have come from",
          "[pending_list]") {
  PendingList list;
  const Consumer& alice = list.add_consumer("alice");
  const Consumer& bob = list.add_consumer("bob");
  put_run(list, alice, 1, 1000);
  put_run(list, bob, 1001, 2000);
  const auto idle_of = [&](const Consumer& consumer) {
    list.assert_consistent();
    return show(list.select({.youngest = Nack::oldest_owned(kNowMs - 1), .consumer = &consumer}));
  };
  CHECK(idle_of(alice).empty());

  PendingList::Edit(list).put(owned(500, alice, kNowMs - 9));   // older than it was
  PendingList::Edit(list).put(owned(1500, alice, kNowMs - 1));  // another's
  PendingList::Edit(list).put(owned(700, alice, 0));            // as old as can be
  CHECK(idle_of(alice) == "500 700 1500");
  CHECK(idle_of(bob).empty());

  PendingList::Edit(list).put(owned(500, bob, kNowMs - 9));
  PendingList::Edit(list).put(owned(700, alice));
  CHECK(idle_of(alice) == "1500");
  CHECK(idle_of(bob) == "500");
}

TEST_CASE("Times beyond 48 bits are young, and no others are lost by them", "[pending_list]") {
  PendingList list;
  const Consumer& alice = list.add_consumer("alice");
  constexpr uint64_t kFarMs = uint64_t{1} << 50;
  PendingList::Edit(list).put(owned(1, alice, kFarMs));
  PendingList::Edit(list).put(owned(2, alice, kFarMs + 1));
  list.assert_consistent();
  const auto up_to = [&](uint64_t ms) {
    return show(list.select({.youngest = Nack::oldest_owned(ms), .consumer = &alice}));
  };
  CHECK(up_to(kNowMs).empty());
  CHECK(up_to(kFarMs) == "1");
  CHECK(up_to(kFarMs + 1) == "1 2");
}

TEST_CASE("A walk in portions visits what one selection gives, up to its count", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 1000);
  for (const uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{255}, uint64_t{256},
                               uint64_t{257}, uint64_t{512}, uint64_t{1000}, UINT64_MAX}) {
    CAPTURE(count);
    PendingList::Query query;
    query.count = count;
    std::vector<Nack> visited;
    const uint64_t visits =
        list.for_each(query, [&](const Nack& nack) { visited.push_back(nack); });
    CHECK(visits == visited.size());
    CHECK(visited == list.select(query));
  }
}

TEST_CASE("A walk in portions ends at the greatest ID", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 255);
  Nack last = owned(1, a);
  last.id = kMaxStreamId;
  PendingList::Edit(list).put(last);
  uint64_t visits = 0;
  CHECK(list.for_each({}, [&](const Nack&) { ++visits; }) == 256);
  CHECK(visits == 256);
}

TEST_CASE("Removing a consumer removes what it has pending and leaves the rest", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  const Consumer& b = list.add_consumer("b");
  put_run(list, a, 1, 500);
  put_run(list, b, 100, 110);
  release(list, 300);
  CHECK(list.remove_consumer(a.number()) == 488);
  CHECK(list.size() == 12);
  CHECK(b.pending_count() == 11);
  CHECK(list.released_count() == 1);
  list.assert_consistent();
  const Consumer& c = list.add_consumer("c");
  CHECK(c.pending_count() == 0);
  CHECK(c.number() == 0);  // the number is used again
}

TEST_CASE("A PEL that shrinks gives its memory back", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 12'800);
  const size_t before = list.memory_bytes();
  {
    PendingList::Edit edit(list);
    for (uint64_t ms = 1; ms <= 12'800; ++ms) {
      if (ms % 64 != 0) edit.erase({ms, 0});
    }
  }
  CHECK(list.size() == 200);
  CHECK(list.memory_bytes() < before / 10);
  list.assert_consistent();
}

TEST_CASE("A cursor begins at its ID or at the next", "[pending_list]") {
  PendingList list;
  const Consumer& a = list.add_consumer("a");
  put_run(list, a, 1, 200);
  PendingList::Edit(list).erase({129, 0});
  PendingCursor cursor(list, {129, 0});
  REQUIRE(cursor.is_valid());
  CHECK(cursor.nack().id == StreamId{130, 0});
  cursor.next();
  CHECK(cursor.nack().id == StreamId{131, 0});
  CHECK_FALSE(PendingCursor(list, {200, 1}).is_valid());
}

TEST_CASE("What does not matter is passed by, block by block and subtree by subtree",
          "[pending_list]") {
  constexpr uint64_t kNacks = 100'000;
  constexpr uint64_t kFirstAlive = kNacks - 9;
  PendingList list;
  put_run(list, list.add_consumer("a"), 1, kNacks);
  OldestFirst walk(list, UINT64_MAX);
  size_t questions = 0;
  walk.skip_unless([&questions](const StreamId& from, const StreamId& to) {
    ++questions;
    return to >= StreamId{kFirstAlive, 0} && from <= StreamId{kNacks, 0};
  });
  size_t dead = 0;
  std::vector<Nack> alive;
  while (const std::optional<Nack> nack = walk.next()) {
    if (nack->id.ms < kFirstAlive) {
      ++dead;
    } else {
      alive.push_back(*nack);
    }
  }
  CHECK(show(alive) == "99991 99992 99993 99994 99995 99996 99997 99998 99999 100000");
  CHECK(dead < 1000);
  CHECK(questions < 1000);
}

}  // namespace weir
