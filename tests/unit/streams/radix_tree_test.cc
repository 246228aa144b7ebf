// What the radix tree promises, one fact at a time.  Everything at once: tests/model.
#include "streams/radix_tree.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "streams/radix_cursor.h"

namespace weir {
namespace {

/// A leaf with a text and a count of how many exist.
struct TextLeaf : RadixLeaf {
  std::string text;

  static inline int alive = 0;

  static TextLeaf* make(const StreamId& key, uint32_t weight = 1) {
    auto* leaf = new TextLeaf;
    leaf->key = key;
    leaf->weight = weight;
    ++alive;
    return leaf;
  }
  static TextLeaf* clone(const TextLeaf& leaf) {
    ++alive;
    return new TextLeaf(leaf);
  }
  static void destroy(TextLeaf* leaf) {
    --alive;
    delete leaf;
  }
};

using Tree = RadixTree<TextLeaf>;

/// A tree of leaves with weight 1, whose keys have these ms.
Tree tree_of(const std::vector<uint64_t>& keys) {
  Tree tree;
  for (const uint64_t ms : keys)
    tree.insert(TextLeaf::make({ms, 0}));
  return tree;
}

/// The same with ms = 0 … count - 1.
Tree tree_up_to(uint64_t count) {
  Tree tree;
  for (uint64_t ms = 0; ms < count; ++ms)
    tree.insert(TextLeaf::make({ms, 0}));
  return tree;
}

/// The weight of what was before `id`, which goes.
uint64_t cut_before(Tree& tree, const StreamId& id) {
  RadixCuttings<TextLeaf> cuttings;
  return tree.cut_before(id, cuttings);
}

/// The keys' ms in order, "1 2 3".
template <class Source>
std::string show(const Source& source) {
  std::string text;
  for (Cursor<TextLeaf> cursor(source, kMinStreamId); cursor; cursor.next())
    text += (text.empty() ? "" : " ") + std::to_string(cursor->key.ms);
  return text;
}

std::string show(const TextLeaf* leaf) {
  return leaf == nullptr ? "nothing" : to_string(leaf->key);
}

std::string text_of(const RadixView& view, const StreamId& id) {
  const RadixLeaf* leaf = view.find(id);
  return leaf == nullptr ? "nothing" : static_cast<const TextLeaf*>(leaf)->text;
}

// --- Looking up ---------------------------------------------------------------------------------

TEST_CASE("A radix tree takes 16 bytes, and a leaf's header has 7 to spare", "[radix]") {
  struct SmallLeaf : RadixLeaf {
    uint8_t more[7];
  };
  CHECK(sizeof(Tree) == 16);
  CHECK(sizeof(SmallLeaf) == 32);
}

TEST_CASE("An empty tree has nothing to find", "[radix]") {
  const Tree tree;
  CHECK(tree.is_empty());
  CHECK(show(tree.find({1, 0})) == "nothing");
  CHECK(show(tree.floor(kMaxStreamId)) == "nothing");
  CHECK(show(tree.ceiling(kMinStreamId)) == "nothing");
  CHECK(tree.total_weight() == 0);
  CHECK(tree.select(0).leaf == nullptr);
  CHECK(show(tree).empty());
}

TEST_CASE("A tree of one leaf is the leaf, without an inner node", "[radix]") {
  const Tree tree = tree_of({5});
  CHECK(tree.view().root().is_leaf());
  CHECK(tree.first() == tree.last());
  CHECK(tree.first() == tree.find({5, 0}));
}

TEST_CASE("floor and ceiling find the key itself or its neighbour", "[radix]") {
  const Tree tree = tree_of({10, 20, 0x10000});
  CHECK(show(tree.floor({20, 0})) == "20-0");
  CHECK(show(tree.ceiling({20, 0})) == "20-0");
  CHECK(show(tree.floor({20, 1})) == "20-0");
  CHECK(show(tree.ceiling({20, 1})) == "65536-0");
  CHECK(show(tree.floor({9, UINT64_MAX})) == "nothing");
  CHECK(show(tree.ceiling({0x10000, 1})) == "nothing");
}

TEST_CASE("A lookup is not deceived by keys that differ only in skipped bytes", "[radix]") {
  const Tree tree = tree_of({0x0101, 0x0102});
  CHECK(show(tree.find({0x0201, 0})) == "nothing");
  CHECK(show(tree.floor({0x0201, 0})) == "258-0");
  CHECK(show(tree.ceiling({0x0002, 0})) == "257-0");
}

TEST_CASE("The least and the greatest ID are keys like any other", "[radix]") {
  Tree tree;
  tree.insert(TextLeaf::make(kMaxStreamId));
  tree.insert(TextLeaf::make(kMinStreamId));
  CHECK(tree.first()->key == kMinStreamId);
  CHECK(tree.last()->key == kMaxStreamId);
  CHECK(cut_before(tree, kMaxStreamId) == 1);
  CHECK(tree.leaf_count() == 1);
}

// --- Shape --------------------------------------------------------------------------------------

TEST_CASE("An inner node grows through its shapes and shrinks when clearly too big", "[radix]") {
  Tree tree = tree_up_to(4);
  const auto capacity = [&] { return kRadixShapes[tree.view().root().node()->shape].capacity; };
  size_t shape = 0;
  for (uint64_t count = 4; count < 256;) {
    if (count > kRadixShapes[shape].capacity) ++shape;
    CHECK(capacity() == kRadixShapes[shape].capacity);
    tree.insert(TextLeaf::make({count++, 0}));
  }
  CHECK(capacity() == 256);

  cut_before(tree, {256 - 40, 0});
  CHECK(capacity() == 69);  // 40 would fit into 53, but soon no longer
  cut_before(tree, {256 - 39, 0});
  CHECK(capacity() == 53);
  cut_before(tree, {256 - 3, 0});
  CHECK(capacity() == 4);
  cut_before(tree, {255, 0});
  CHECK(tree.view().root().is_leaf());
  tree.assert_consistent();
}

TEST_CASE("A node whose other children went leaves its last child in its place", "[radix]") {
  Tree tree = tree_of({0x0101, 0x0102, 0x0201});
  tree.erase({0x0102, 0});
  tree.erase({0x0201, 0});
  CHECK(tree.view().root().is_leaf());
  CHECK(show(tree) == "257");
}

// --- Weights ------------------------------------------------------------------------------------

TEST_CASE("weight_before sums the leaves before an ID, which need not be a key", "[radix]") {
  Tree tree;
  tree.insert(TextLeaf::make({10, 0}, 3));
  tree.insert(TextLeaf::make({20, 0}, 4));
  CHECK(tree.weight_before({10, 0}) == 0);
  CHECK(tree.weight_before({10, 1}) == 3);
  CHECK(tree.weight_before({20, 0}) == 3);
  CHECK(tree.weight_before(kMaxStreamId) == 7);
  CHECK(tree.total_weight() == 7);
}

TEST_CASE("select tells which leaf has the n-th unit, passing over leaves of weight 0", "[radix]") {
  Tree tree;
  tree.insert(TextLeaf::make({10, 0}, 3));
  tree.insert(TextLeaf::make({15, 0}, 0));
  tree.insert(TextLeaf::make({20, 0}, 4));
  CHECK(show(tree.select(2).leaf) == "10-0");
  CHECK(tree.select(2).offset == 2);
  CHECK(show(tree.select(3).leaf) == "20-0");
  CHECK(tree.select(3).offset == 0);
  CHECK(tree.select(7).leaf == nullptr);
}

TEST_CASE("add_weight changes the leaf and every sum above it", "[radix]") {
  Tree tree = tree_up_to(300);
  CHECK(tree.add_weight({7, 0}, 9)->weight == 10);
  CHECK(tree.total_weight() == 309);
  tree.add_weight({7, 0}, -10);
  CHECK(tree.weight_before({8, 0}) == 7);
  tree.assert_consistent();
}

// --- Removing and replacing ---------------------------------------------------------------------

TEST_CASE("cut_before removes what is less and tells its weight", "[radix]") {
  Tree tree = tree_up_to(1000);
  CHECK(cut_before(tree, {990, 0}) == 990);
  CHECK(show(tree) == "990 991 992 993 994 995 996 997 998 999");
  CHECK(cut_before(tree, {990, 0}) == 0);
}

TEST_CASE("Every leaf that a tree took is destroyed once", "[radix]") {
  const int alive = TextLeaf::alive;
  {
    Tree tree = tree_up_to(1000);
    tree.erase({500, 0});
    cut_before(tree, {300, 0});
    Tree other = tree_up_to(10);
    other = std::move(tree);
    CHECK(TextLeaf::alive == alive + 699);
  }
  CHECK(TextLeaf::alive == alive);
}

TEST_CASE("replace hangs up a leaf's new allocation and leaves the old one alone", "[radix]") {
  Tree tree = tree_of({1, 2, 3});
  TextLeaf* old_leaf = tree.writable({2, 0});
  TextLeaf* new_leaf = TextLeaf::clone(*old_leaf);
  tree.replace(old_leaf, new_leaf);
  TextLeaf::destroy(old_leaf);
  CHECK(tree.find({2, 0}) == new_leaf);
}

// --- Cursors ------------------------------------------------------------------------------------

TEST_CASE("A cursor turns round anywhere", "[radix]") {
  const Tree tree = tree_of({1, 2, 300, 70000});
  Cursor<TextLeaf> cursor(tree);
  CHECK(cursor.seek_floor({299, 0}));
  CHECK(cursor->key.ms == 2);
  CHECK(cursor.next());
  CHECK(cursor.next());
  CHECK(cursor->key.ms == 70000);
  CHECK(cursor.prev());
  CHECK(cursor->key.ms == 300);
}

TEST_CASE("A cursor that leaves the tree is on no leaf, and can seek again", "[radix]") {
  const Tree tree = tree_of({1, 2});
  Cursor<TextLeaf> cursor(tree, {2, 0});
  CHECK_FALSE(cursor.next());
  CHECK_FALSE(cursor);
  CHECK_FALSE(cursor.seek_ceiling({3, 0}));
  CHECK(cursor.seek_floor({3, 0}));
  CHECK(cursor->key.ms == 2);
}

// --- Freezing -----------------------------------------------------------------------------------

TEST_CASE("A frozen view keeps showing what was there", "[radix][freeze]") {
  Tree tree = tree_of({1, 2, 3, 400});
  FrozenTree frozen = tree.freeze();
  tree.erase({2, 0});
  tree.insert(TextLeaf::make({5, 0}));
  cut_before(tree, {2, 0});
  CHECK(show(frozen) == "1 2 3 400");
  CHECK(show(tree) == "3 5 400");
  CHECK(frozen.view().total_weight() == 4);
  frozen.end();
  CHECK(show(tree) == "3 5 400");
}

TEST_CASE("While frozen, a leaf is cloned once before its content changes", "[radix][freeze]") {
  Tree tree = tree_of({1, 2});
  FrozenTree frozen = tree.freeze();
  const TextLeaf* before = tree.find({1, 0});
  CHECK_FALSE(tree.is_writable(*before));

  TextLeaf* leaf = tree.writable(before);
  leaf->text = "new";
  CHECK(leaf != before);
  CHECK(tree.writable(leaf) == leaf);
  CHECK(text_of(frozen.view(), {1, 0}).empty());
  CHECK(text_of(tree.view(), {1, 0}) == "new");
  frozen.end();
}

TEST_CASE("After the thaw every leaf is writable where it is", "[radix][freeze]") {
  Tree tree = tree_of({1, 2});
  tree.freeze().end();
  const TextLeaf* leaf = tree.find({1, 0});
  CHECK(tree.is_writable(*leaf));
  CHECK(tree.writable({1, 0}) == leaf);
}

TEST_CASE("Freezing copies nothing, and a change copies only its path", "[radix][freeze]") {
  const int alive = TextLeaf::alive;
  Tree tree = tree_up_to(1000);
  FrozenTree frozen = tree.freeze();
  CHECK(TextLeaf::alive == alive + 1000);
  tree.add_weight({7, 0}, 1);
  CHECK(TextLeaf::alive == alive + 1001);
  CHECK(tree.find({8, 0}) == frozen.view().find({8, 0}));
  frozen.end();
  CHECK(TextLeaf::alive == alive + 1000);
}

TEST_CASE("What is erased while frozen lives until the thaw, what is new does not",
          "[radix][freeze]") {
  const int alive = TextLeaf::alive;
  Tree tree = tree_up_to(1000);
  FrozenTree frozen = tree.freeze();
  tree.insert(TextLeaf::make({5000, 0}));
  tree.clear();
  CHECK(TextLeaf::alive == alive + 1000);
  frozen.end();
  CHECK(TextLeaf::alive == alive);
}

TEST_CASE("A frozen view outlives its tree and is then discarded", "[radix][freeze]") {
  const int alive = TextLeaf::alive;
  FrozenTree frozen;
  {
    Tree tree = tree_of({1, 2, 3});
    frozen = tree.freeze();
    tree.writable({2, 0})->text = "new";
  }
  CHECK(show(frozen) == "1 2 3");
  frozen.end();
  CHECK(TextLeaf::alive == alive);
}

TEST_CASE("An empty tree can be frozen, and its view stays empty", "[radix][freeze]") {
  Tree tree;
  FrozenTree frozen = tree.freeze();
  tree.insert(TextLeaf::make({1, 0}));
  CHECK(show(frozen).empty());
  frozen.end();
  CHECK(show(tree) == "1");
}

TEST_CASE("A trim that finds nothing to remove copies nothing", "[radix][freeze]") {
  Tree tree = tree_of({1, 2, 3});
  FrozenTree frozen = tree.freeze();
  cut_before(tree, {1, 0});
  CHECK(tree.view().root() == frozen.view().root());
  frozen.end();
}

TEST_CASE("Another thread reads the frozen view while the tree changes", "[radix][freeze]") {
  Tree tree = tree_up_to(2000);
  FrozenTree frozen = tree.freeze();
  std::atomic<bool> is_reading = false;
  uint64_t sum = 0;
  std::thread reader([&sum, &is_reading, view = frozen.view()] {
    for (int round = 0; round < 20; ++round) {
      is_reading = true;
      for (Cursor<TextLeaf> cursor(view, kMinStreamId); cursor; cursor.next())
        sum += cursor->key.ms + cursor->weight + cursor->text.size();
    }
  });
  while (!is_reading)
    std::this_thread::yield();
  for (uint64_t ms = 0; ms < 2000; ++ms) {
    tree.writable({ms, 0})->text = "changed";
    tree.add_weight({ms, 0}, 5);
    tree.insert(TextLeaf::make({ms, 1}));
    if (ms % 3 == 0) tree.erase({ms, 0});
    if (ms % 500 == 499) cut_before(tree, {ms - 100, 0});
  }
  tree.assert_consistent();
  reader.join();
  CHECK(sum == 20 * uint64_t{1999 * 1000 + 2000});
  frozen.end();
  tree.assert_consistent();
}

}  // namespace
}  // namespace weir
