// What XTRIM and the trimming of XADD remove: to a length or below an ID, exactly or by nodes.

#include <catch2/catch.hpp>

#include "streams/stream.h"
#include "tests/support/sample_stream.h"

namespace weir::testing {
namespace {

TEST_CASE("Trimming to a length keeps exactly the newest entries", "[stream][trim]") {
  Stream stream = stream_of(300);
  CHECK(stream.trim(max_length(300)) == 0);
  CHECK(stream.trim(max_length(299)) == 1);
  CHECK(stream.trim(max_length(150)) == 149);
  CHECK(stream.first_id() == StreamId{151, 0});
  CHECK(stream.node_count() == 2);
  CHECK(stream.length() == 150);
  CHECK(stream.trim(max_length(3)) == 147);
  CHECK(show(stream) == "298-0 299-0 300-0");
  stream.assert_consistent();
}

TEST_CASE("Trimming to nothing leaves the last ID and not a node", "[stream][trim]") {
  Stream stream = stream_of(250);
  CHECK(stream.trim(max_length(0)) == 250);
  CHECK(stream.node_count() == 0);
  CHECK(stream.last_id() == StreamId{250, 0});
  CHECK(stream.max_deleted_id().is_zero());
  CHECK(stream.trim(max_length(0)) == 0);
  stream.append({251, 0}, small_fields(), {});
  CHECK(show(stream) == "251-0");
}

TEST_CASE("Trimming by ID removes the entries below it", "[stream][trim]") {
  Stream stream = stream_of(300);
  CHECK(stream.trim(min_id({1, 0})) == 0);
  CHECK(stream.trim(min_id({101, 0})) == 100);
  CHECK(stream.node_count() == 2);
  CHECK(stream.trim(min_id({150, 1})) == 50);
  CHECK(stream.first_id() == StreamId{151, 0});
  CHECK(stream.trim(min_id(kMaxStreamId)) == 150);
  CHECK(stream.node_count() == 0);
}

TEST_CASE("Trimming never moves the greatest deleted ID", "[stream][trim]") {
  Stream stream = stream_of(10);
  CHECK(stream.erase({2, 0}));
  CHECK(stream.trim(max_length(1)) == 8);
  CHECK(stream.max_deleted_id() == StreamId{2, 0});
}

TEST_CASE("Trimming about a length removes whole nodes only", "[stream][trim]") {
  Stream stream = stream_of(1000);
  CHECK(stream.trim(about(max_length(950))) == 0);
  CHECK(stream.trim(about(max_length(850))) == 100);
  CHECK(stream.length() == 900);
  CHECK(stream.node_count() == 9);
}

TEST_CASE("LIMIT counts whole nodes", "[stream][trim]") {
  Stream stream = stream_of(1000);
  CHECK(stream.trim(about(max_length(0), 99)) == 0);
  CHECK(stream.trim(about(max_length(0), 350)) == 300);
  CHECK(stream.trim(about(min_id(kMaxStreamId), 99)) == 0);
  CHECK(stream.trim(about(min_id(kMaxStreamId), 200)) == 200);
  CHECK(stream.first_id() == StreamId{501, 0});
  CHECK(stream.trim(about(max_length(0))) == 500);
}

TEST_CASE("Exact trimming knows no LIMIT", "[stream][trim]") {
  Stream stream = stream_of(300);
  Trim trim = max_length(10);
  trim.limit = 5;
  CHECK(stream.trim(trim) == 290);
}

TEST_CASE("Adding a thousand entries with MAXLEN ~ 555 leaves 600", "[stream][trim]") {
  Stream stream;
  for (uint64_t ms = 1; ms <= 1000; ++ms) {
    stream.append({ms, 0}, small_fields(), {});
    stream.trim(about(max_length(555)));
  }
  CHECK(stream.length() == 600);
}

TEST_CASE("Trimming counts live entries only", "[stream][trim]") {
  Stream stream = stream_of(300);
  erase_all(stream, 1, 3);
  CHECK(stream.trim(about(max_length(200))) == 97);
  CHECK(stream.length() == 200);
}

TEST_CASE("Trimming about an ID removes nodes that end below it", "[stream][trim]") {
  Stream stream = stream_of(300);
  CHECK(stream.trim(about(min_id({100, 0}))) == 0);
  CHECK(stream.trim(about(min_id({100, 1}))) == 100);
  CHECK(stream.trim(about(min_id({250, 0}))) == 100);
  CHECK(stream.length() == 100);
}

TEST_CASE("A tombstone at a node's end holds the node against MINID ~, compacted or not",
          "[stream][trim]") {
  Stream stream = stream_of(300);
  erase_all(stream, 90, 100);
  CHECK(stream.trim(about(min_id({95, 0}))) == 0);
  erase_all(stream, 3, 89);
  CHECK(stream.first_node()->entries() < 50);
  CHECK(stream.trim(about(min_id({95, 0}))) == 0);
  CHECK(stream.trim(about(min_id({100, 0}))) == 0);
  CHECK(stream.trim(about(min_id({100, 1}))) == 2);
  CHECK(stream.length() == 200);
}

TEST_CASE("A node goes with its last live entry even if tombstones behind it are not below MINID",
          "[stream][trim]") {
  Stream stream = stream_of(300);
  erase_all(stream, 90, 100);
  CHECK(stream.trim(min_id({95, 0})) == 89);
  CHECK(stream.node_count() == 2);
  CHECK(stream.first_id() == StreamId{101, 0});
  stream.assert_consistent();
}

TEST_CASE("Compaction does not change what trimming about a length removes", "[stream][trim]") {
  Stream stream = stream_of(300);
  erase_all(stream, 101, 195);
  CHECK(stream.node_count() == 3);
  CHECK(stream.trim(about(max_length(106))) == 0);
  CHECK(stream.trim(about(max_length(105))) == 100);
  CHECK(stream.trim(about(max_length(101))) == 0);
  CHECK(stream.trim(about(max_length(100))) == 5);
  stream.assert_consistent();
}

TEST_CASE("The last node is trimmed like any other and can be appended to after",
          "[stream][trim]") {
  Stream stream = stream_of(150);
  CHECK(stream.trim(max_length(20)) == 130);
  CHECK(stream.node_count() == 1);
  stream.append({151, 0}, small_fields(), {});
  CHECK(stream.node_count() == 1);
  CHECK(stream.length() == 21);
  stream.assert_consistent();
}

TEST_CASE("Whole nodes that trimming removes may be freed later", "[stream][trim]") {
  for (const uint64_t left : {0, 30, 150, 9999}) {
    RadixCuttings<StreamNode> cuttings;
    Stream stream = stream_of(10'000);
    CHECK(stream.trim_and_tell(max_length(left), &cuttings).entries == 10'000 - left);
    CHECK(cuttings.size() + stream.node_count() == 100);
    CHECK(stream.length() == left);
    stream.append({10'001, 0}, small_fields(), {});
    stream.assert_consistent();
  }
}

TEST_CASE("Trimmed nodes of a frozen tree stay with the frozen view", "[stream][trim]") {
  RadixTree<StreamNode> tree;
  for (uint64_t ms = 1; ms <= 300; ++ms)
    tree.insert(StreamNode::create({ms, 0}, small_fields(), 0));
  FrozenTree frozen = tree.freeze();
  RadixCuttings<StreamNode> cuttings;
  tree.cut_before({200, 0}, cuttings);
  tree.cut_all(cuttings);
  CHECK(cuttings.size() == 0);
  CHECK(tree.is_empty());
  CHECK(frozen.view().find({1, 0}) != nullptr);
  frozen.end();
}

}  // namespace
}  // namespace weir::testing
