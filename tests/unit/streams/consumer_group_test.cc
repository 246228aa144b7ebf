// Groups by their names, consumers by theirs.
#include "streams/consumer_group.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

std::string names(const ConsumerGroup& group) {
  std::string text;
  for (size_t i = 0; i < group.consumer_count(); ++i)
    text += (i == 0 ? "" : " ") + std::string(group.consumer_at(i).name());
  return text;
}

std::string names(const ConsumerGroups& groups) {
  std::string text;
  for (size_t i = 0; i < groups.size(); ++i)
    text += (i == 0 ? "" : " ") + std::string(groups.at(i).name());
  return text;
}

}  // namespace

TEST_CASE("A new group knows where it stands and has nobody and nothing", "[consumer_group]") {
  const ConsumerGroup group("g", {7, 1}, 5);
  CHECK(group.name() == "g");
  CHECK(group.last_id == StreamId{7, 1});
  CHECK(group.entries_read == 5);
  CHECK(group.consumer_count() == 0);
  CHECK(group.pending_count() == 0);
  CHECK(group.pending_or_null() == nullptr);
  CHECK(group.find_consumer("c") == nullptr);
  CHECK_FALSE(group.find_pending({1, 0}));
}

TEST_CASE("Consumers are listed in the order of their bytes", "[consumer_group]") {
  ConsumerGroup group("g", {}, 0);
  for (const char* name : {"b", "a", "ab", "B", "\xff"})
    group.add_consumer(name, 1);
  CHECK(names(group) == "B a ab b \xff");
  group.add_consumer("", 1);
  CHECK(names(group) == " B a ab b \xff");
  CHECK(group.find_consumer("ab")->name() == "ab");
  CHECK(group.find_consumer("c") == nullptr);
}

TEST_CASE("A consumer was seen when it came and has not been active", "[consumer_group]") {
  ConsumerGroup group("g", {}, 0);
  const Consumer& consumer = group.add_consumer("c", 1234);
  CHECK(consumer.seen_ms() == 1234);
  CHECK(consumer.active_ms() == -1);
  CHECK(consumer.pending_count() == 0);
}

TEST_CASE("A removed consumer takes its pending entries along", "[consumer_group]") {
  ConsumerGroup group("g", {}, 0);
  const ConsumerNumber a = group.add_consumer("a", 1).number();
  const ConsumerNumber b = group.add_consumer("b", 1).number();
  PendingList::Edit(group.pending()).put({.id = {1, 0}, .consumer = a, .delivered_ms = 1});
  PendingList::Edit(group.pending()).put({.id = {2, 0}, .consumer = b, .delivered_ms = 1});
  CHECK(group.remove_consumer("a") == uint64_t{1});
  CHECK_FALSE(group.remove_consumer("a"));
  CHECK(names(group) == "b");
  CHECK(group.pending_count() == 1);
  CHECK(group.find_pending({2, 0})->consumer == b);
}

TEST_CASE("Names keep their consumers when many come and go", "[consumer_group]") {
  ConsumerGroup group("g", {}, 0);
  for (int n = 0; n < 200; ++n)
    group.add_consumer("c" + std::to_string(n), n);
  for (int n = 0; n < 200; n += 2)
    group.remove_consumer("c" + std::to_string(n));
  for (int n = 1000; n < 1050; ++n)
    group.add_consumer("c" + std::to_string(n), n);
  CHECK(group.consumer_count() == 150);
  CHECK(group.find_consumer("c199")->seen_ms() == 199);
  CHECK(group.find_consumer("c1049")->seen_ms() == 1049);
  CHECK(group.find_consumer("c198") == nullptr);
}

TEST_CASE("Groups are found by their names and listed by their bytes", "[consumer_group]") {
  ConsumerGroups groups;
  for (const char* name : {"g", "G", "ga", "f"})
    groups.add(name, {}, -1);
  CHECK(names(groups) == "G f g ga");
  CHECK(groups.find("ga")->name() == "ga");
  CHECK(groups.find("h") == nullptr);
  CHECK(groups.erase("g"));
  CHECK_FALSE(groups.erase("g"));
  CHECK(names(groups) == "G f ga");
}

}  // namespace weir
