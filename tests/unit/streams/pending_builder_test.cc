#include "streams/pending_builder.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {

using Verdict = PendingBuilder::Verdict;

/// The entries 1-0 … count-0.
void add_entries(PendingBuilder& builder, uint64_t count) {
  for (uint64_t ms = 1; ms <= count; ++ms)
    REQUIRE(builder.add({ms, 0}, 1000 + ms, ms % 5));
  builder.end_adding();
}

}  // namespace

TEST_CASE("Entries get their owners, in whatever order these come", "[pending_builder]") {
  PendingList list;
  PendingBuilder builder(list);
  add_entries(builder, 1000);
  Consumer& even = list.add_consumer("even");
  Consumer& odd = list.add_consumer("odd");
  for (uint64_t ms = 2; ms <= 1000; ms += 2)
    CHECK(builder.own(even, {ms, 0}) == Verdict::kDone);
  builder.end_consumer(even);
  for (uint64_t step = 0; step < 500; ++step)  // to and fro
    CHECK(builder.own(odd, {1 + 2 * (step * 77 % 500), 0}) == Verdict::kDone);
  builder.end_consumer(odd);
  CHECK(builder.unowned() == 0);
  list.assert_consistent();
  CHECK(even.pending_count() == 500);
  CHECK(odd.pending_count() == 500);
  CHECK(list.find({600, 0})->consumer == even.number());
  CHECK(list.find({601, 0}) ==
        Nack{.id = {601, 0}, .consumer = odd.number(), .delivered_ms = 1601, .deliveries = 1});
}

TEST_CASE("Entries are released in the order in which they are named", "[pending_builder]") {
  PendingList list;
  PendingBuilder builder(list);
  add_entries(builder, 300);
  for (const uint64_t ms : {uint64_t{250}, uint64_t{3}, uint64_t{128}})
    CHECK(builder.release({ms, 0}) == Verdict::kDone);
  Consumer& rest = list.add_consumer("rest");
  for (uint64_t ms = 1; ms <= 300; ++ms) {
    const Verdict expected = ms == 250 || ms == 3 || ms == 128 ? Verdict::kTaken : Verdict::kDone;
    CHECK(builder.own(rest, {ms, 0}) == expected);
  }
  builder.end_consumer(rest);
  list.assert_consistent();
  CHECK(list.released_count() == 3);
  OldestFirst oldest(list, UINT64_MAX);
  CHECK(oldest.next()->id == StreamId{250, 0});
  CHECK(oldest.next()->id == StreamId{3, 0});
  CHECK(oldest.next()->id == StreamId{128, 0});
  CHECK(oldest.next()->id == StreamId{1, 0});
}

TEST_CASE("What does not fit together is said", "[pending_builder]") {
  PendingList list;
  PendingBuilder builder(list);
  CHECK(builder.add({5, 0}, 1, 1));
  CHECK_FALSE(builder.add({5, 0}, 1, 1));
  CHECK_FALSE(builder.add({4, 9}, 1, 1));
  builder.end_adding();
  Consumer& consumer = list.add_consumer("c");
  CHECK(builder.own(consumer, {4, 0}) == Verdict::kUnknown);
  CHECK(builder.own(consumer, {6, 0}) == Verdict::kUnknown);
  CHECK(builder.unowned() == 1);
  CHECK(builder.own(consumer, {5, 0}) == Verdict::kDone);
  CHECK(builder.own(consumer, {5, 0}) == Verdict::kTaken);
  CHECK(builder.release({5, 0}) == Verdict::kTaken);
  PendingList empty;
  PendingBuilder nothing(empty);
  nothing.end_adding();
  CHECK(nothing.release({1, 0}) == Verdict::kUnknown);
}
