// A stream and its groups: how far they lag, what they refer to, and what trimming does about it.
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "streams/stream.h"
#include "tests/support/sample_stream.h"

namespace weir::testing {
namespace {

/// Hands the group its next `count` entries, as XREADGROUP does.
void read(Stream& stream, ConsumerGroup& group, uint64_t count) {
  if (group.find_consumer("c") == nullptr) group.add_consumer("c", 1);
  const ConsumerNumber consumer = group.find_consumer("c")->number();
  PendingList::Edit pending(group.pending());
  StreamCursor at(stream, *successor(group.last_id), kMaxStreamId, Direction::kUp);
  for (; count > 0 && at.is_valid(); --count, at.next()) {
    stream.note_delivery(group, at.entry().id);
    pending.put({.id = at.entry().id, .consumer = consumer, .delivered_ms = 1, .deliveries = 1});
  }
}

void acknowledge(ConsumerGroup& group, std::initializer_list<uint64_t> entries) {
  PendingList::Edit pending(group.pending());
  for (const uint64_t ms : entries)
    REQUIRE(pending.erase({ms, 0}));
}

/// "entries-read/lag", each a dash when it is not known.
std::string progress(const Stream& stream, const ConsumerGroup& group) {
  const std::optional<uint64_t> lag = stream.lag(group);
  return (group.entries_read < 0 ? "-" : std::to_string(group.entries_read)) + "/" +
         (lag ? std::to_string(*lag) : "-");
}

Trim with(References references, Trim trim) {
  trim.references = references;
  return trim;
}

std::string pending(const ConsumerGroup& group) {
  std::string text;
  for (PendingCursor at(*group.pending_or_null(), kMinStreamId); at.is_valid(); at.next())
    text += (text.empty() ? "" : " ") + to_string(at.nack().id);
  return text;
}

// --- Lag -----------------------------------------------------------------------------------------

TEST_CASE("Lag of groups from anywhere, while they read and entries go", "[stream][lag]") {
  struct Vector {
    StreamId start;
    int64_t entries_read;
    std::string created, after_one, after_delete, after_trim;
  };
  const Vector vectors[] = {
      {{0, 0}, -1, "-/5", "1/4", "1/-", "1/2"},
      {{5, 0}, -1, "-/0", "-/0", "-/0", "-/0"},
      {{3, 0}, -1, "-/-", "-/-", "-/-", "-/1"},
      {{1, 0}, -1, "-/4", "-/-", "-/-", "-/2"},
      {{99, 0}, -1, "-/-", "-/-", "-/-", "-/-"},
      {{3, 0}, 3, "3/2", "4/1", "4/1", "4/1"},
      {{0, 5}, -1, "-/5", "1/4", "1/-", "1/2"},
      // Read more than can be: the lag would be negative, and is none.
      {{3, 0}, 5, "5/0", "6/0", "6/0", "6/0"},
  };
  for (const Vector& vector : vectors) {
    CAPTURE(to_string(vector.start), vector.entries_read);
    Stream stream = stream_of(5);
    ConsumerGroup& group = stream.groups().add("g", vector.start, vector.entries_read);
    CHECK(progress(stream, group) == vector.created);
    read(stream, group, 1);
    CHECK(progress(stream, group) == vector.after_one);
    REQUIRE(stream.erase({2, 0}));
    CHECK(progress(stream, group) == vector.after_delete);
    stream.trim(max_length(2));
    CHECK(progress(stream, group) == vector.after_trim);
  }
}

TEST_CASE("Lag while an entry ahead was deleted", "[stream][lag]") {
  Stream stream = stream_of(5);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 2);
  CHECK(progress(stream, group) == "2/3");
  REQUIRE(stream.erase({4, 0}));
  CHECK(progress(stream, group) == "2/-");
  read(stream, group, 1);
  CHECK(progress(stream, group) == "-/-");
  read(stream, group, 1);
  CHECK(progress(stream, group) == "5/0");
  stream.append({6, 0}, small_fields(), {});
  CHECK(progress(stream, group) == "5/1");
  read(stream, group, 1);
  CHECK(progress(stream, group) == "6/0");
}

TEST_CASE("Lag after the last entry was deleted", "[stream][lag]") {
  Stream stream = stream_of(3);
  REQUIRE(stream.erase({3, 0}));
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  CHECK(progress(stream, group) == "-/-");
  read(stream, group, 2);
  CHECK(progress(stream, group) == "-/-");
  stream.append({9, 0}, small_fields(), {});
  CHECK(progress(stream, group) == "-/-");
  read(stream, group, 1);
  CHECK(progress(stream, group) == "4/0");
}

TEST_CASE("Lag after trimming past the group", "[stream][lag]") {
  Stream stream = stream_of(6);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 1);
  CHECK(progress(stream, group) == "1/5");
  stream.trim(max_length(3));
  CHECK(progress(stream, group) == "1/3");
  read(stream, group, 1);
  CHECK(progress(stream, group) == "4/2");
}

TEST_CASE("A group of an empty stream lags by nothing", "[stream][lag]") {
  Stream stream;
  const ConsumerGroup& group = stream.groups().add("g", {}, -1);
  CHECK(progress(stream, group) == "-/0");
}

// --- References ----------------------------------------------------------------------------------

TEST_CASE("Without groups nothing is referenced", "[stream][references]") {
  Stream stream = stream_of(3);
  CHECK_FALSE(stream.is_referenced({2, 0}));
  CHECK_FALSE(stream.drop_references({2, 0}));
}

TEST_CASE("An ID is referenced until every group has read and acknowledged it",
          "[stream][references]") {
  Stream stream = stream_of(3);
  ConsumerGroup& slow = stream.groups().add("slow", {}, -1);
  ConsumerGroup& done = stream.groups().add("done", {3, 0}, -1);
  CHECK_FALSE(done.find_pending({1, 0}));
  CHECK(stream.is_referenced({1, 0}));
  read(stream, slow, 2);
  CHECK(stream.is_referenced({1, 0}));
  acknowledge(slow, {1});
  CHECK_FALSE(stream.is_referenced({1, 0}));
  CHECK(stream.is_referenced({2, 0}));
  CHECK(stream.is_referenced({3, 0}));
  CHECK(stream.is_referenced({99, 0}));  // nobody has read that far, though nothing is there
  stream.erase({2, 0});
  CHECK(stream.is_referenced({2, 0}));
}

TEST_CASE("Dropping references takes an ID out of every PEL", "[stream][references]") {
  Stream stream = stream_of(3);
  ConsumerGroup& a = stream.groups().add("a", {}, -1);
  ConsumerGroup& b = stream.groups().add("b", {}, -1);
  read(stream, a, 3);
  read(stream, b, 2);
  CHECK(stream.drop_references({2, 0}));
  CHECK_FALSE(stream.drop_references({2, 0}));
  CHECK(pending(a) == "1-0 3-0");
  CHECK(pending(b) == "1-0");
  a.pending().assert_consistent();
}

// --- Trimming ------------------------------------------------------------------------------------

TEST_CASE("Trimming with KEEPREF leaves pending entries behind", "[stream][trim][references]") {
  Stream stream = stream_of(5);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 5);
  CHECK(stream.trim(max_length(2)) == 3);
  CHECK(pending(group) == "1-0 2-0 3-0 4-0 5-0");
}

TEST_CASE("Trimming with DELREF takes pending entries along", "[stream][trim][references]") {
  Stream stream = stream_of(5);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 5);
  CHECK(stream.trim(with(References::kDelete, min_id({3, 0}))) == 2);
  CHECK(pending(group) == "3-0 4-0 5-0");
  CHECK(stream.max_deleted_id().is_zero());
  CHECK(show(stream) == "3-0 4-0 5-0");
}

TEST_CASE("Trimming with DELREF about a length is exact", "[stream][trim][references]") {
  Stream stream = stream_of(300);
  CHECK(stream.trim(with(References::kDelete, about(max_length(250)))) == 50);
  CHECK(stream.length() == 250);
  stream.assert_consistent();
}

TEST_CASE("A group's counter stops at the greatest number that a reply can show", "[stream][lag]") {
  Stream stream = stream_of(2);
  ConsumerGroup& group = stream.groups().add("g", {2, 0}, INT64_MAX);
  stream.set_id({2, 0}, uint64_t{INT64_MAX}, std::nullopt);
  for (const uint64_t ms : {3, 4})
    stream.append({ms, 0}, small_fields(), {});
  read(stream, group, 1);
  CHECK(group.entries_read == INT64_MAX);
  group.entries_read = -1;
  read(stream, group, 1);  // the last one: its position is known, and greater
  CHECK(group.entries_read == INT64_MAX);
}

TEST_CASE("Trimming with ACKED leaves what a group still needs", "[stream][trim][references]") {
  Stream stream = stream_of(10);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 5);
  acknowledge(group, {2, 4});
  CHECK(stream.trim(with(References::kAcked, max_length(9))) == 1);
  CHECK(show(stream, Direction::kUp, kMinStreamId, {4, 0}) == "1-0 3-0 4-0");
  CHECK(stream.trim(with(References::kAcked, max_length(1))) == 1);
  CHECK(stream.length() == 8);
  stream.assert_consistent();
}

TEST_CASE("Trimming with ACKED goes on in the next node only while whole nodes should go",
          "[stream][trim][references]") {
  Stream stream = stream_of(30, small_fields(), {.max_entries = 10});
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 30);
  acknowledge(group, {5, 15, 25});
  CHECK(stream.trim(with(References::kAcked, max_length(20))) == 2);
  CHECK(show(stream, Direction::kUp, {24, 0}, {26, 0}) == "24-0 25-0 26-0");
  CHECK(stream.trim(with(References::kAcked, about(max_length(0), 9))) == 0);
  CHECK(stream.trim(with(References::kAcked, about(max_length(0), 10))) == 1);
}

TEST_CASE("A trim with ACKED gives the ID up to which entries went", "[stream][trim][references]") {
  Stream stream = stream_of(10);
  ConsumerGroup& group = stream.groups().add("g", {}, -1);
  read(stream, group, 10);
  CHECK(stream.trim_and_tell(with(References::kAcked, max_length(0))).below == kMinStreamId);
  acknowledge(group, {2, 6});
  CHECK(stream.trim_and_tell(with(References::kAcked, max_length(0))).below == StreamId{6, 1});
  stream.groups().erase("g");
  CHECK(stream.trim_and_tell(with(References::kAcked, max_length(3))).below == StreamId{8, 0});
  CHECK_FALSE(stream.trim_and_tell(with(References::kAcked, max_length(0))).below);
}

}  // namespace
}  // namespace weir::testing
