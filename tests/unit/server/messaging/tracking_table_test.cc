// Which clients hold copies of which keys.
#include "server/messaging/tracking_table.h"

#include <catch2/catch.hpp>

#include "server/messaging/broadcasts.h"

namespace weir::testing {
namespace {

using Ids = std::vector<uint64_t>;

bool always(uint64_t) {
  return true;
}

/// "7: a (by 7), b (by 0)" for each client told.
std::string sent(Broadcasts& broadcasts) {
  std::string text;
  broadcasts.send([&](uint64_t id, const Broadcasts::Changes& changes) {
    text += (text.empty() ? "" : "; ") + std::to_string(id) + ":";
    for (const auto& [key, author] : changes)
      text += " " + key + " by " + std::to_string(author);
  });
  return text;
}

}  // namespace

TEST_CASE("A key is remembered once for each client, until it is taken", "[tracking]") {
  TrackingTable table(always);
  for (const uint64_t id : {9, 3, 9, 12})
    table.remember("a", id);
  table.remember("b", 3);
  CHECK(table.key_count() == 2);
  CHECK(table.item_count() == 4);
  CHECK(table.take("a") == Ids{3, 9, 12});
  CHECK(table.take("a").empty());
  CHECK(table.key_count() == 1);
  CHECK(table.item_count() == 1);
  table.clear();
  CHECK(table.item_count() == 0);
  CHECK(table.take("b").empty());
}

TEST_CASE("The oldest key is the one that was remembered first", "[tracking]") {
  TrackingTable table(always);
  for (const char* const key : {"a", "b", "c"})
    table.remember(key, 1);
  table.remember("a", 2);  // makes it no younger
  CHECK(table.take_oldest().key == "a");
  CHECK(table.take_oldest().key == "b");
  CHECK(table.key_count() == 1);
}

TEST_CASE("A key that is read for ever does not collect clients that went", "[tracking]") {
  uint64_t first_there = 0;
  TrackingTable table([&](uint64_t id) { return id >= first_there; });
  for (uint64_t id = 1; id <= 100'000; ++id) {
    first_there = id > 10 ? id - 10 : 0;
    table.remember("a", id);
  }
  CHECK(table.item_count() < 100);
  CHECK(table.take("a").back() == 100'000);
}

TEST_CASE("Clients are told of the changed keys with their prefix, once", "[tracking]") {
  Broadcasts broadcasts;
  broadcasts.add("app:", 7);
  broadcasts.add("app:", 8);
  broadcasts.add("", 9);
  broadcasts.add("application", 10);
  CHECK_FALSE(broadcasts.has_changes());
  broadcasts.changed("app:1", 7);
  broadcasts.changed("app:1", 7);
  broadcasts.changed("ap", 7);
  CHECK(broadcasts.has_changes());
  CHECK(sent(broadcasts) == "9: ap by 7 app:1 by 7; 7: app:1 by 7; 8: app:1 by 7");
  CHECK(sent(broadcasts).empty());
}

TEST_CASE("A key that several clients changed has no author", "[tracking]") {
  Broadcasts broadcasts;
  broadcasts.add("", 7);
  broadcasts.changed("a", 7);
  broadcasts.changed("a", 8);
  broadcasts.changed("a", 7);
  CHECK(sent(broadcasts) == "7: a by 0");
}

TEST_CASE("A prefix goes with its last client, and with it what it was to hear", "[tracking]") {
  Broadcasts broadcasts;
  broadcasts.add("a", 7);
  broadcasts.add("a", 8);
  broadcasts.changed("ab", 1);
  broadcasts.remove("a", 7);
  CHECK(broadcasts.prefix_count() == 1);
  broadcasts.remove("a", 8);
  broadcasts.remove("a", 8);
  CHECK(broadcasts.prefix_count() == 0);
  CHECK_FALSE(broadcasts.has_changes());
  broadcasts.changed("ab", 1);
  CHECK(sent(broadcasts).empty());
}

}  // namespace weir::testing
