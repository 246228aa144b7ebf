// A stream out of nodes from a file: what Redis 7.0 leaves behind deleted entries, and what nobody
// does.
#include "streams/stream_builder.h"

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

using Fault = StreamBuilder::Fault;

struct Entry {
  uint64_t ms;
  bool is_deleted = false;
};
constexpr bool kDeleted = true;

/// The listpack of a node with these entries in this order, whatever their IDs are.
std::vector<uint8_t> listpack_of(uint64_t key_ms, const std::vector<Entry>& entries) {
  const std::vector<std::string_view> fields = {"f", "v"};
  std::unique_ptr<StreamNode, void (*)(StreamNode*)> node(
      StreamNode::create({key_ms, 0}, fields, 0), StreamNode::destroy);
  for (const Entry& entry : entries) {
    StreamNode* const moved = node->append({entry.ms, 0}, fields);
    if (moved != node.get()) node.reset(moved);
    const EntryRef added = node->entry_at(node->previous_entry(node->end()));
    if (entry.is_deleted) node->erase(added);
  }
  const auto bytes = node->listpack_view();
  return {bytes.begin(), bytes.end()};
}

Fault add(StreamBuilder& builder, const std::vector<Entry>& entries) {
  return builder.add_node({entries[0].ms, 0}, listpack_of(entries[0].ms, entries));
}

Fault end(StreamBuilder& builder, uint64_t length, uint64_t last_ms) {
  StreamBuilder::Counters counters;
  counters.length = length;
  counters.last_id = {last_ms, 0};
  counters.max_deleted_id = {9, 0};
  counters.entries_added = 100;
  return builder.set_counters(counters);
}

std::string ids_of(const Stream& stream) {
  std::string ids;
  for (const StreamNode* node = stream.first_node(); node != nullptr;
       node = node == stream.last_node() ? nullptr : stream.tree().ceiling(*successor(node->key))) {
    for (const uint8_t* at = node->first_entry(); at != node->end();) {
      const EntryRef entry = node->entry_at(at);
      ids += (entry.deleted ? "-" : "") + std::to_string(entry.id.ms) + " ";
      at = node->next_entry(entry);
    }
    ids += "| ";
  }
  return ids;
}

}  // namespace

TEST_CASE("A live entry may stand behind a greater deleted one of its node", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{1}, {3, kDeleted}, {9, kDeleted}, {6}, {8, kDeleted}}) == Fault::kNone);
  REQUIRE(end(builder, 2, 8) == Fault::kNone);
  Stream stream = builder.take();
  stream.assert_consistent();
  CHECK(ids_of(stream) == "1 6 -8 | ");
  // A node is as full as where it comes from.
  CHECK(stream.last_node()->uncompacted_entries() == 5);
  const std::vector<std::string_view> fields = {"f", "v"};
  stream.append({9, 0}, fields, {});
  stream.assert_consistent();
  CHECK(ids_of(stream) == "1 6 -8 9 | ");
}

TEST_CASE("An entry may have the ID of a deleted one before it", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{1, kDeleted}, {9, kDeleted}, {6}, {7, kDeleted}, {7, kDeleted}, {9}}) ==
          Fault::kNone);
  REQUIRE(end(builder, 2, 9) == Fault::kNone);
  builder.stream().assert_consistent();
  CHECK(ids_of(builder.stream()) == "6 9 | ");
}

TEST_CASE("A node may begin below deleted entries of the one before it", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{1}, {2, kDeleted}, {9, kDeleted}}) == Fault::kNone);
  REQUIRE(add(builder, {{6}, {7}, {8, kDeleted}}) == Fault::kNone);
  REQUIRE(add(builder, {{9}}) == Fault::kNone);
  REQUIRE(end(builder, 4, 9) == Fault::kNone);
  builder.stream().assert_consistent();
  CHECK(ids_of(builder.stream()) == "1 | 6 7 -8 | 9 | ");
}

TEST_CASE("A last ID below deleted entries at the end is kept", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{1}, {9, kDeleted}, {6}, {8, kDeleted}}) == Fault::kNone);
  REQUIRE(end(builder, 2, 7) == Fault::kNone);
  builder.stream().assert_consistent();
  CHECK(builder.stream().last_id() == StreamId{7, 0});
}

TEST_CASE("Live entries that do not ascend are no node", "[stream_builder]") {
  const std::vector<Entry> entries =
      GENERATE(as<std::vector<Entry>>(), std::vector<Entry>{{2}, {2}},
               std::vector<Entry>{{2}, {5}, {9, kDeleted}, {4}},
               std::vector<Entry>{{2, kDeleted}, {1}, {3}}, std::vector<Entry>{{2}, {1, kDeleted}});
  StreamBuilder builder;
  CHECK(add(builder, entries) == Fault::kUnordered);
}

TEST_CASE("A node must begin above the live entries before it", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{1}, {5}, {9, kDeleted}}) == Fault::kNone);
  const uint64_t ms = GENERATE(as<uint64_t>(), 0, 3, 5);
  CHECK(add(builder, {{ms}}) == Fault::kOverlapping);
}

TEST_CASE("A node without live entries has its place by its key", "[stream_builder]") {
  StreamBuilder builder;
  REQUIRE(add(builder, {{5, kDeleted}, {9, kDeleted}}) == Fault::kNone);
  CHECK(add(builder, {{5}}) == Fault::kSameKey);
  CHECK(add(builder, {{4}}) == Fault::kOverlapping);
  REQUIRE(add(builder, {{6}}) == Fault::kNone);
  REQUIRE(end(builder, 1, 6) == Fault::kNone);
  builder.stream().assert_consistent();
}

}  // namespace weir
