// One consumer: names of any length, times of any size, and what it holds.
#include "streams/consumer.h"

#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "streams/pending_list.h"

namespace weir {
namespace {

/// The least and greatest of six bytes, those beside them, and those of eight.
const std::vector<int64_t> kTimes = {0,
                                     -1,
                                     1'795'254'619'144,
                                     (int64_t{1} << 47) - 1,
                                     int64_t{1} << 47,
                                     -(int64_t{1} << 47) + 1,
                                     -(int64_t{1} << 47),
                                     -(int64_t{1} << 47) - 1,
                                     (int64_t{1} << 48) - 1,
                                     int64_t{1} << 48,
                                     INT64_MAX,
                                     INT64_MIN};

void put(PendingList& list, const Consumer& consumer, uint64_t ms) {
  PendingList::Edit(list).put({.id = {ms, 0}, .consumer = consumer.number(), .delivered_ms = ms});
}

}  // namespace

TEST_CASE("A consumer has the name it was given, however long", "[consumer]") {
  for (const size_t bytes : {0, 1, 7, 8, 23, 24, 254, 255, 256, 65'535, 65'536, 70'000}) {
    std::string name(bytes, 'n');
    if (bytes > 0) name.back() = '\0';
    const Consumer::Ptr consumer = Consumer::create(name, 3);
    CHECK(consumer->name() == name);
    CHECK(consumer->number() == 3);
    CHECK(consumer->seen_ms() == 0);
    CHECK(consumer->active_ms() == -1);
  }
}

TEST_CASE("A name costs its bytes, a long one those of its length as well", "[consumer]") {
  constexpr size_t kHeader = 25;
  CHECK(Consumer::bytes_for(0) == 32);
  CHECK(Consumer::bytes_for(15) == kHeader + 15);
  CHECK(Consumer::bytes_for(254) == kHeader + 254);
  CHECK(Consumer::bytes_for(255) == kHeader + 8 + 255);
}

TEST_CASE("A consumer's times are what was last said, each for itself", "[consumer]") {
  const Consumer::Ptr consumer = Consumer::create("c", 0);
  for (const int64_t seen_ms : kTimes) {
    for (const int64_t active_ms : kTimes) {
      consumer->set_seen_ms(seen_ms);
      consumer->set_active_ms(active_ms);
      CHECK(consumer->seen_ms() == seen_ms);
      CHECK(consumer->active_ms() == active_ms);
      consumer->set_seen_ms(7);
      CHECK(consumer->active_ms() == active_ms);
    }
  }
  CHECK(consumer->name() == "c");
}

TEST_CASE("A consumer that is told a far time keeps what it owns, also while frozen",
          "[consumer]") {
  PendingList list;
  Consumer& consumer = list.add_consumer("c");
  put(list, consumer, 1);
  consumer.set_active_ms(INT64_MAX);
  CHECK(consumer.pending_count() == 1);

  std::vector<FrozenTree> frozen;
  list.freeze(frozen);
  consumer.set_seen_ms(INT64_MIN);
  put(list, consumer, 2);
  CHECK(consumer.pending_count() == 2);
  REQUIRE(frozen.size() == 2);
  CHECK(frozen[1].view().total_weight() == 1);
  frozen.clear();
  list.assert_consistent();
  CHECK(consumer.seen_ms() == INT64_MIN);
  CHECK(consumer.active_ms() == INT64_MAX);
}

TEST_CASE("Consumers that own nothing stay so when another gets an entry", "[consumer]") {
  PendingList list;
  const Consumer& idle = list.add_consumer("idle");
  const Consumer& busy = list.add_consumer("busy");
  const size_t before = list.memory_bytes();
  put(list, busy, 1);
  CHECK(idle.pending_count() == 0);
  CHECK(idle.blocks().is_empty());
  CHECK(idle.freeing_cost() == 1);
  CHECK(busy.pending_count() == 1);
  CHECK(busy.freeing_cost() == 3);
  // The tree of what is owned is counted, beside the block and its leaf.
  CHECK(list.memory_bytes() >= before + list.blocks().first()->memory_bytes() + 32 + 16);
}

TEST_CASE("A copied list has consumers of the same names and times", "[consumer]") {
  PendingList list;
  const std::string long_name(300, 'n');
  Consumer& far = list.add_consumer(long_name);
  far.set_seen_ms(INT64_MIN);
  far.set_active_ms(5);
  put(list, far, 1);
  list.add_consumer("idle").set_active_ms(INT64_MAX);

  PendingList copied;
  copied.copy_from(list);
  copied.assert_consistent();
  CHECK(copied.consumer(0)->name() == long_name);
  CHECK(copied.consumer(0)->seen_ms() == INT64_MIN);
  CHECK(copied.consumer(0)->active_ms() == 5);
  CHECK(copied.consumer(0)->pending_count() == 1);
  CHECK(copied.consumer(1)->active_ms() == INT64_MAX);
  CHECK(copied.consumer(1)->pending_count() == 0);
}

}  // namespace weir
