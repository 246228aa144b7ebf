// What a stream promises, one fact at a time.  Everything at once: tests/model.
#include "streams/stream.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "streams/listpack.h"
#include "tests/support/sample_stream.h"

namespace weir::testing {
namespace {

// --- Counters -----------------------------------------------------------------------------------

TEST_CASE("An empty stream has no IDs and no nodes", "[stream]") {
  const Stream stream;
  CHECK(stream.length() == 0);
  CHECK(stream.entries_added() == 0);
  CHECK(stream.node_count() == 0);
  CHECK(stream.memory_bytes() == 0);
  for (const StreamId& id :
       {stream.last_id(), stream.first_id(), stream.top_id(), stream.max_deleted_id()})
    CHECK(id.is_zero());
  CHECK(show(stream).empty());
  CHECK(show(stream, Direction::kDown).empty());
}

TEST_CASE("Appending moves the last ID and counts", "[stream]") {
  const Stream stream = stream_of(3);
  CHECK(stream.length() == 3);
  CHECK(stream.entries_added() == 3);
  CHECK(stream.first_id() == StreamId{1, 0});
  CHECK(stream.top_id() == StreamId{3, 0});
  CHECK(stream.last_id() == StreamId{3, 0});
}

TEST_CASE("Erasing moves the first, the top and the greatest deleted ID, not the last",
          "[stream]") {
  Stream stream = stream_of(5);
  CHECK(stream.erase({5, 0}));
  CHECK(stream.erase({1, 0}));
  CHECK(stream.first_id() == StreamId{2, 0});
  CHECK(stream.top_id() == StreamId{4, 0});
  CHECK(stream.max_deleted_id() == StreamId{5, 0});
  CHECK(stream.last_id() == StreamId{5, 0});
  CHECK(stream.length() == 3);
  CHECK(stream.entries_added() == 5);
}

TEST_CASE("Only what is there can be erased, and only once", "[stream]") {
  Stream stream = stream_of(150);
  CHECK_FALSE(stream.erase({0, 1}));
  CHECK_FALSE(stream.erase({50, 1}));
  CHECK_FALSE(stream.erase({151, 0}));
  CHECK(stream.erase({50, 0}));
  CHECK_FALSE(stream.erase({50, 0}));
  CHECK(stream.length() == 149);
  CHECK(stream.max_deleted_id() == StreamId{50, 0});
}

TEST_CASE("The next ID is the time's, or the last one's successor", "[stream]") {
  Stream stream;
  CHECK(stream.next_id(5) == StreamId{5, 0});
  CHECK(stream.next_id(0) == StreamId{0, 1});
  stream.append({5, 7}, small_fields(), {});
  CHECK(stream.next_id(6) == StreamId{6, 0});
  CHECK(stream.next_id(5) == StreamId{5, 8});
  CHECK(stream.next_id(4) == StreamId{5, 8});
  stream.set_id({5, UINT64_MAX}, std::nullopt, std::nullopt);
  CHECK(stream.next_id(4) == StreamId{6, 0});
  stream.set_id(kMaxStreamId, std::nullopt, std::nullopt);
  CHECK_FALSE(stream.next_id(4));
}

TEST_CASE("Setting the ID replaces what is given and nothing else", "[stream]") {
  Stream stream = stream_of(3);
  stream.set_id({9, 0}, std::nullopt, std::nullopt);
  CHECK(stream.last_id() == StreamId{9, 0});
  CHECK(stream.entries_added() == 3);
  CHECK(stream.max_deleted_id().is_zero());
  stream.set_id({9, 0}, 77, StreamId{8, 0});
  CHECK(stream.entries_added() == 77);
  CHECK(stream.max_deleted_id() == StreamId{8, 0});
  CHECK(stream.length() == 3);
}

TEST_CASE("An entry may follow at the ID of a tombstone when the last ID was lowered", "[stream]") {
  Stream stream = stream_of(5);
  erase_all(stream, 3, 5);
  stream.set_id({2, 0}, std::nullopt, StreamId{1, 0});
  stream.assert_consistent();
  stream.append({3, 0}, small_fields(), {});
  stream.append({4, 0}, small_fields(), {});
  CHECK(show(stream) == "1-0 2-0 3-0 4-0");
  CHECK(show(stream, Direction::kDown) == "4-0 3-0 2-0 1-0");
  CHECK(stream.erase({3, 0}));
  CHECK(stream.first_node()->uncompacted_entries() == 7);
  stream.assert_consistent();
}

TEST_CASE("A stream erased down to nothing goes on after its last ID", "[stream]") {
  Stream stream = stream_of(250);
  erase_all(stream, 1, 250);
  CHECK(stream.length() == 0);
  CHECK(stream.node_count() == 0);
  CHECK(stream.first_id().is_zero());
  CHECK(stream.top_id().is_zero());
  CHECK(stream.last_id() == StreamId{250, 0});
  CHECK(stream.next_id(1) == StreamId{250, 1});
  stream.append({250, 1}, small_fields(), {});
  CHECK(show(stream) == "250-1");
  CHECK(stream.entries_added() == 251);
  stream.assert_consistent();
}

// --- Nodes --------------------------------------------------------------------------------------

TEST_CASE("A node takes 100 entries, tombstones included", "[stream]") {
  CHECK(stream_of(100).node_count() == 1);
  CHECK(stream_of(101).node_count() == 2);
  CHECK(stream_of(300).node_count() == 3);
  Stream stream = stream_of(99);
  erase_all(stream, 2, 99);
  stream.append({100, 0}, small_fields(), {});
  CHECK(stream.node_count() == 1);
  stream.append({101, 0}, small_fields(), {});
  CHECK(stream.node_count() == 2);
}

TEST_CASE("Nodes split by bytes where those of Redis do", "[stream]") {
  const std::string v1000(1000, 'v');
  const std::string v50(50, 'v');
  const std::string v600(600, 'v');
  CHECK(stream_of(10, {"f", v1000}).node_count() == 3);
  CHECK(stream_of(300, {"a", v50, "b", v50, "c", v50}).node_count() == 13);
  Texts ten;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
    ten.insert(ten.end(), {name, v600});
  CHECK(stream_of(300, ten).node_count() == 300);

  Stream changing_names;
  for (uint64_t ms = 1; ms <= 300; ++ms) {
    const std::string name = "f" + std::to_string(ms % 7);
    changing_names.append({ms, 0}, Texts{name, v50}, {});
  }
  CHECK(changing_names.node_count() == 5);
}

TEST_CASE("A limit of 0 entries or bytes is none", "[stream]") {
  CHECK(stream_of(2000, small_fields(), {.max_bytes = 4096, .max_entries = 0}).node_count() == 6);
  CHECK(stream_of(2000, small_fields(), {.max_bytes = 0, .max_entries = 1000}).node_count() == 2);
  CHECK(stream_of(20'000, small_fields(), {.max_bytes = 0, .max_entries = 0}).node_count() == 1);
}

TEST_CASE("A node that has no limit ends at 1 GiB all the same", "[stream]") {
  const std::string value(kMaxNodeBytes / 4, 'v');
  const Stream stream = stream_of(4, {"f", value}, {.max_bytes = 0, .max_entries = 0});
  CHECK(stream.node_count() == 2);
  CHECK(stream.first_node()->entries() == 3);
}

TEST_CASE("The smallest limits give every entry a node", "[stream]") {
  CHECK(stream_of(5, small_fields(), {.max_bytes = 1, .max_entries = 0}).node_count() == 5);
  CHECK(stream_of(5, small_fields(), {.max_bytes = 0, .max_entries = 1}).node_count() == 5);
}

TEST_CASE("A node is full when a payload would bring it to the byte limit", "[stream]") {
  Stream stream = stream_of(5);
  const uint64_t bytes = stream.last_node()->listpack_bytes();
  stream.append({6, 0}, small_fields(), {.max_bytes = bytes + 3, .max_entries = 0});
  CHECK(stream.node_count() == 1);
  const uint64_t more_bytes = stream.last_node()->listpack_bytes();
  stream.append({7, 0}, small_fields(), {.max_bytes = more_bytes + 2, .max_entries = 0});
  CHECK(stream.node_count() == 2);
}

TEST_CASE("The largest entry and a node that it joins stay below 4 GiB, room to grow included",
          "[stream]") {
  CHECK(is_storable(2, kMaxEntryBytes));
  CHECK_FALSE(is_storable(2, kMaxEntryBytes + 1));
  CHECK(is_storable(kMaxEntryTexts, 0));
  CHECK_FALSE(is_storable(kMaxEntryTexts + 2, 0));
  // What a text takes beside its bytes, at most: as a short one, and as a longer one's share.
  uint64_t short_overhead = 0;
  double long_share = 0;
  for (size_t bytes = 0; bytes < 5000; ++bytes) {
    const uint64_t overhead = listpack::text_bytes(std::string(bytes, 'x')) - bytes;
    if (bytes < 64) short_overhead = std::max(short_overhead, overhead);
    if (bytes >= 64)
      long_share = std::max(long_share, static_cast<double>(overhead) / static_cast<double>(bytes));
  }
  const double most = static_cast<double>(kMaxEntryBytes) * (1 + long_share) +
                      static_cast<double>(kMaxEntryTexts * short_overhead);
  constexpr double kGrowth = 1.5;  // see StreamNode::append
  CHECK((static_cast<double>(kMaxNodeBytes) + most) * kGrowth < UINT32_MAX);
}

TEST_CASE("A node goes with its last live entry", "[stream]") {
  Stream stream = stream_of(300);
  erase_all(stream, 101, 199);
  CHECK(stream.node_count() == 3);
  CHECK(stream.erase({200, 0}));
  CHECK(stream.node_count() == 2);
  stream.assert_consistent();
}

TEST_CASE("When the last node goes, appending continues the one before", "[stream]") {
  Stream stream = stream_of(50);
  stream.append({51, 0}, small_fields(), {.max_entries = 50});
  CHECK(stream.node_count() == 2);
  CHECK(stream.erase({51, 0}));
  stream.append({52, 0}, small_fields(), {});
  CHECK(stream.node_count() == 1);
  CHECK(stream.top_id() == StreamId{52, 0});
  stream.assert_consistent();
}

TEST_CASE("A tombstoned node takes as many entries as if it had never been compacted", "[stream]") {
  const NodeLimits larger{.max_bytes = 4096, .max_entries = 150};
  Stream stream = stream_of(101);
  erase_all(stream, 1, 95);  // compacted by now
  CHECK(stream.first_node()->entries() < 30);
  CHECK(stream.erase({101, 0}));
  CHECK(stream.node_count() == 1);
  for (uint64_t ms = 102; ms < 152; ++ms)
    stream.append({ms, 0}, small_fields(), larger);
  CHECK(stream.node_count() == 1);
  stream.append({152, 0}, small_fields(), larger);
  CHECK(stream.node_count() == 2);
  stream.assert_consistent();
}

TEST_CASE("A tombstoned node takes as many bytes as if it had never been compacted", "[stream]") {
  // 4096 bytes less what the first 100 entries took leave 35 more of the same size.
  const NodeLimits no_entry_limit{.max_bytes = 4096, .max_entries = 0};
  const std::string value(18, 'v');
  const Texts fields{"f", value};
  const auto appended_before_split = [&](bool with_erasing) {
    Stream stream = stream_of(101, fields);
    if (with_erasing) erase_all(stream, 1, 95);
    stream.erase({101, 0});
    uint64_t ms = 102;
    for (; stream.node_count() == 1; ++ms)
      stream.append({ms, 0}, fields, no_entry_limit);
    return ms - 102;
  };
  CHECK(appended_before_split(true) == appended_before_split(false));
  CHECK(appended_before_split(true) > 10);
}

TEST_CASE("Mostly deleted nodes give their memory back", "[stream]") {
  const std::string value(30, 'v');
  Stream stream = stream_of(10'000, {"f", value});
  const size_t before = stream.memory_bytes();
  for (uint64_t ms = 1; ms <= 10'000; ++ms) {
    if (ms % 10 != 0) stream.erase({ms, 0});
  }
  CHECK(stream.node_count() == 100);
  CHECK(stream.memory_bytes() < before / 3);
  stream.assert_consistent();
}

TEST_CASE("A stream of one small entry takes little more than that entry", "[stream]") {
  CHECK(stream_of(1).memory_bytes() < 128);
}

TEST_CASE("A huge entry does not make the node behind it huge", "[stream]") {
  const std::string huge(1'000'000, 'x');
  Stream stream;
  stream.append({1, 0}, Texts{"f", huge}, {});
  const size_t alone = stream.memory_bytes();
  stream.append({2, 0}, small_fields(), {});
  CHECK(stream.node_count() == 2);
  CHECK(stream.memory_bytes() < alone + 20'000);
}

// --- Walking ----------------------------------------------------------------------------------

TEST_CASE("Whether there are entries after an ID hangs on the live ones alone", "[stream]") {
  Stream stream = stream_of(150);
  CHECK(stream.has_entries_after({149, 9}));
  CHECK_FALSE(stream.has_entries_after({150, 0}));
  erase_all(stream, 148, 150);
  CHECK(stream.has_entries_after({146, 9}));
  CHECK_FALSE(stream.has_entries_after({147, 0}));
  CHECK_FALSE(stream.has_entries_after({149, 0}));
  stream.trim(max_length(0));
  CHECK_FALSE(stream.has_entries_after(kMinStreamId));
}

TEST_CASE("A walk goes through nodes in either direction and minds both bounds", "[stream]") {
  Stream stream = stream_of(250);
  CHECK(show(stream, Direction::kUp, {99, 0}, {102, 0}) == "99-0 100-0 101-0 102-0");
  CHECK(show(stream, Direction::kDown, {99, 0}, {102, 0}) == "102-0 101-0 100-0 99-0");
  CHECK(show(stream, Direction::kUp, {99, 1}, {101, 1}) == "100-0 101-0");
  CHECK(show(stream, Direction::kDown, {99, 1}, {101, 1}) == "101-0 100-0");
  CHECK(show(stream, Direction::kUp, {249, 0}, kMaxStreamId) == "249-0 250-0");
  CHECK(show(stream, Direction::kDown, kMinStreamId, {2, 0}) == "2-0 1-0");
  CHECK(show(stream, Direction::kUp, {3, 0}, {2, 0}).empty());
  CHECK(show(stream, Direction::kDown, {3, 0}, {2, 0}).empty());
  CHECK(show(stream, Direction::kUp, {251, 0}, kMaxStreamId).empty());
  CHECK(show(stream, Direction::kDown, kMinStreamId, {0, 9}).empty());
}

TEST_CASE("A walk passes over tombstones, also over whole stretches of them", "[stream]") {
  Stream stream = stream_of(300);
  erase_all(stream, 2, 100);
  erase_all(stream, 101, 299);
  CHECK(show(stream) == "1-0 300-0");
  CHECK(show(stream, Direction::kDown) == "300-0 1-0");
  CHECK(show(stream, Direction::kUp, {2, 0}, {299, 0}).empty());
  CHECK(show(stream, Direction::kDown, {2, 0}, {299, 0}).empty());
}

TEST_CASE("A stream can hold the smallest and the greatest ID", "[stream]") {
  Stream stream;
  stream.append({0, 1}, small_fields(), {});
  stream.append(kMaxStreamId, small_fields(), {.max_entries = 1});
  CHECK(show(stream, Direction::kDown) == "18446744073709551615-18446744073709551615 0-1");
  CHECK(stream.trim(about(min_id(kMaxStreamId))) == 1);
  CHECK(stream.erase(kMaxStreamId));
  CHECK(stream.length() == 0);
}

TEST_CASE("A stream that was moved goes on in its new place", "[stream]") {
  Stream stream = stream_of(150);
  Stream moved(std::move(stream));
  moved.append({151, 0}, small_fields(), {});
  CHECK(moved.length() == 151);
  CHECK(moved.top_id() == StreamId{151, 0});
  moved.assert_consistent();
}

}  // namespace
}  // namespace weir::testing
