// Drives a radix tree and a std::map through the same operations and compares them.
//
// The operations are read from bytes, so that the model test (bytes from a random generator) and
// the fuzzer (bytes it invents) share it.  A disagreement is thrown as std::logic_error; a mistake
// inside the tree stops at its own assertion.
//
//   input    │ key distribution │ number of keys │ operation, operands │ operation, operands │ …
//
// Leaves are counted: when a model is gone, all leaves it made must be gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "streams/radix_cursor.h"
#include "streams/radix_tree.h"
#include "tests/support/model_input.h"

namespace weir {

/// A leaf with some content, and a count of how many exist.
struct CountedLeaf : RadixLeaf {
  uint64_t content = 0;

  static inline int64_t alive = 0;

  static CountedLeaf* make(const StreamId& key, uint32_t weight, uint64_t content = 0) {
    auto* leaf = new CountedLeaf;
    leaf->key = key;
    leaf->weight = weight;
    leaf->content = content;
    ++alive;
    return leaf;
  }
  static CountedLeaf* clone(const CountedLeaf& leaf) {
    ++alive;
    return new CountedLeaf(leaf);
  }
  static void destroy(CountedLeaf* leaf) {
    --alive;
    delete leaf;
  }
};

/// How the keys of one run are spread.
enum class KeySpread { kMilliseconds, kSequence, kRandom, kSparseBytes, kEdges };
inline constexpr int kKeySpreads = 5;

class RadixModel {
 public:
  explicit RadixModel(std::span<const uint8_t> input) : input_(input) {
    spread_ = static_cast<KeySpread>(draw(kKeySpreads));
    static constexpr uint64_t kKeyCounts[] = {5, 40, 300, 3000, 100'000};
    key_count_ = kKeyCounts[draw(5)];
  }
  ~RadixModel() { frozen_.end(); }

  /// Runs until the input is used up.
  void run() {
    for (int step = 1; !input_.is_used_up(); ++step) {
      one_operation();
      if (step % 64 == 0) check_all();
    }
    check_all();
    if (frozen_.is_held()) thaw();
    check_all();
  }

 private:
  struct Content {
    uint32_t weight = 0;
    uint64_t content = 0;
  };
  using Map = std::map<StreamId, Content>;
  using Tree = RadixTree<CountedLeaf>;

  // --- Choices

  uint64_t draw(uint64_t n) { return input_.draw(n); }

  static uint64_t scramble(uint64_t x) {
    x = (x + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
  }

  /// Eight bytes of only four values: long shared prefixes, splits at every depth.
  static uint64_t sparse(uint64_t x) {
    static constexpr uint8_t kValues[] = {0, 1, 0x80, 0xff};
    uint64_t result = 0;
    for (int i = 0; i < 8; ++i, x >>= 2)
      result = result << 8 | kValues[x & 3];
    return result;
  }

  StreamId key(uint64_t n) const {
    switch (spread_) {
      case KeySpread::kMilliseconds:
        return {1'700'000'000'000 + n * 7, 0};
      case KeySpread::kSequence:
        return {1'700'000'000'000, n};
      case KeySpread::kRandom:
        return {scramble(n), scramble(~n)};
      case KeySpread::kSparseBytes:
        return {sparse(scramble(n)), n % 3 == 0 ? sparse(n) : 0};
      case KeySpread::kEdges:
        break;
    }
    // Around the carry from seq to ms, and at both ends of all keys.
    const uint64_t ms = n % 4 < 2 ? 0xffff : (n % 4 == 2 ? 0 : UINT64_MAX);
    return {ms + (n % 4 == 1 ? 1 : 0), n % 8 < 4 ? n / 8 : UINT64_MAX - n / 8};
  }

  StreamId any_key() { return key(draw(key_count_)); }

  /// A key that is there, or nothing.
  std::optional<StreamId> present_key() {
    if (map_.empty()) return std::nullopt;
    const auto at = map_.lower_bound(any_key());
    return at == map_.end() ? map_.begin()->first : at->first;
  }

  // --- Operations

  void one_operation() {
    const uint64_t choice = draw(32);
    if (choice < 8) return insert(any_key());
    if (choice < 11) return insert_run();
    if (choice < 16) return erase();
    if (choice < 18) return cut_before();
    if (choice < 20) return add_weight();
    if (choice < 22) return change_content();
    if (choice < 23) return replace();
    if (choice < 27) return check_lookups(any_key());
    if (choice < 29) return check_cursor(any_key());
    if (choice < 31) return frozen_.is_held() ? thaw() : freeze();
    rare_operation(draw(8));
  }

  void rare_operation(uint64_t choice) {
    if (choice == 0) return clear();
    if (choice == 1) return start_anew();
    if (choice == 2) return move_tree();
    check_frozen();
  }

  void insert(const StreamId& id) {
    if (map_.contains(id)) return;
    const Content made{.weight = static_cast<uint32_t>(draw(5)), .content = ++last_content_};
    map_[id] = made;
    tree_->insert(CountedLeaf::make(id, made.weight, made.content));
  }

  void insert_run() {
    const uint64_t start = draw(key_count_);
    for (uint64_t n = draw(256); n > 0; --n)
      insert(key((start + n) % key_count_));
  }

  void erase() {
    const std::optional<StreamId> id = present_key();
    if (!id) return;
    tree_->erase(*id);
    map_.erase(*id);
  }

  void cut_before() {
    const StreamId id = any_key();
    const auto end = map_.lower_bound(id);
    uint64_t weight = 0;
    for (auto at = map_.begin(); at != end; ++at)
      weight += at->second.weight;
    const auto count = static_cast<uint64_t>(std::distance(map_.begin(), end));
    map_.erase(map_.begin(), end);
    RadixCuttings<CountedLeaf> cuttings;
    expect(tree_->cut_before(id, cuttings) == weight, "cut_before", id);
    expect(cuttings.size() == (tree_->is_frozen() ? 0 : count), "cuttings", id);
  }

  void add_weight() {
    const std::optional<StreamId> id = present_key();
    if (!id) return;
    Content& content = map_[*id];
    const int64_t delta = static_cast<int64_t>(draw(200)) - std::min<int64_t>(content.weight, 100);
    content.weight = static_cast<uint32_t>(content.weight + delta);
    expect(tree_->add_weight(*id, delta)->weight == content.weight, "add_weight", *id);
  }

  void change_content() {
    const std::optional<StreamId> id = present_key();
    if (!id) {
      expect(tree_->writable(any_key()) == nullptr, "writable of an absent key", kMinStreamId);
      return;
    }
    CountedLeaf* leaf = draw(2) == 0 ? tree_->writable(*id) : tree_->writable(tree_->find(*id));
    if (leaf == nullptr) throw std::logic_error("writable does not find " + to_string(*id));
    expect(tree_->is_writable(*leaf), "writable", *id);
    expect(leaf == tree_->find(*id), "the writable leaf is in the tree", *id);
    map_[*id].content = leaf->content = ++last_content_;
  }

  void replace() {
    const std::optional<StreamId> id = present_key();
    if (!id) return;
    CountedLeaf* old_leaf = tree_->writable(*id);
    CountedLeaf* new_leaf = CountedLeaf::clone(*old_leaf);
    tree_->replace(old_leaf, new_leaf);
    CountedLeaf::destroy(old_leaf);
    expect(tree_->find(*id) == new_leaf, "replace", *id);
  }

  void clear() {
    tree_->clear();
    map_.clear();
  }

  void move_tree() {
    Tree moved(std::move(*tree_));
    expect(tree_->is_empty() && !tree_->is_frozen(), "a tree moved from is empty", kMinStreamId);
    *tree_ = std::move(moved);
  }

  void freeze() {
    frozen_ = tree_->freeze();
    frozen_map_ = map_;
  }

  void thaw() {
    check_frozen();
    frozen_.end();
  }

  /// Destroys the tree, if frozen before its frozen view, and goes on with an empty one.
  void start_anew() {
    tree_.emplace();
    map_.clear();
    if (!frozen_.is_held()) return;
    check_frozen();
    frozen_.end();
  }

  // --- Comparing

  void expect(bool is_so, const char* what, const StreamId& id) const {
    if (is_so) return;
    throw std::logic_error(std::string(what) + " at " + to_string(id) + ", " +
                           std::to_string(map_.size()) + " leaves, " +
                           std::to_string(input_.left()) + " bytes of input left");
  }

  template <class Iterator>
  bool same(const CountedLeaf* leaf, Iterator at, const Map& map) const {
    if (leaf == nullptr || at == map.end()) return leaf == nullptr && at == map.end();
    return leaf->key == at->first && leaf->weight == at->second.weight &&
           leaf->content == at->second.content;
  }

  void check_lookups(const StreamId& id) const {
    const auto not_less = map_.lower_bound(id);
    const auto greater = map_.upper_bound(id);
    expect(same(tree_->find(id), map_.find(id), map_), "find", id);
    expect(same(tree_->ceiling(id), not_less, map_), "ceiling", id);
    const auto floor = greater == map_.begin() ? map_.end() : std::prev(greater);
    expect(same(tree_->floor(id), floor, map_), "floor", id);
    expect(same(tree_->first(), map_.begin(), map_), "first", id);
    expect(same(tree_->last(), map_.empty() ? map_.end() : std::prev(map_.end()), map_), "last",
           id);

    uint64_t before = 0;
    for (auto at = map_.begin(); at != not_less; ++at)
      before += at->second.weight;
    expect(tree_->weight_before(id) == before, "weight_before", id);
    check_select(not_less, before);
  }

  /// `before` is the weight before `at`: the next unit is in the first leaf from there that has
  /// one.
  void check_select(Map::const_iterator at, uint64_t before) const {
    while (at != map_.end() && at->second.weight == 0)
      ++at;
    const Tree::Select first = tree_->select(before);
    expect(same(first.leaf, at, map_) && first.offset == 0, "select", {before, 0});
    if (at == map_.end()) return;
    const uint32_t rest = at->second.weight - 1;
    const Tree::Select last = tree_->select(before + rest);
    expect(same(last.leaf, at, map_) && last.offset == rest, "select with offset", at->first);
  }

  void check_cursor(const StreamId& id) {
    Cursor<CountedLeaf> cursor(*tree_);
    auto at = map_.lower_bound(id);
    if (draw(2) == 0) {
      expect(cursor.seek_ceiling(id) == (at != map_.end()), "seek_ceiling", id);
    } else {
      at = map_.upper_bound(id);
      at = at == map_.begin() ? map_.end() : std::prev(at);
      expect(cursor.seek_floor(id) == (at != map_.end()), "seek_floor", id);
    }
    for (uint64_t steps = draw(64); cursor; --steps) {
      expect(same(cursor.leaf(), at, map_), "cursor", id);
      if (steps == 0) return;
      if (draw(4) != 0) {
        expect(cursor.next() == (++at != map_.end()), "next", id);
      } else {
        const bool has_previous = at != map_.begin();
        expect(cursor.prev() == has_previous, "prev", id);
        if (has_previous) --at;
      }
    }
  }

  template <class Source>
  void check_walks(const Source& source, const Map& map) const {
    Cursor<CountedLeaf> cursor(source);
    cursor.seek_first();
    for (auto at = map.begin(); at != map.end(); ++at, cursor.next())
      expect(same(cursor.leaf(), at, map), "walk forward", at->first);
    expect(!cursor, "end of the walk forward", kMaxStreamId);
    cursor.seek_floor(kMaxStreamId);
    for (auto at = map.rbegin(); at != map.rend(); ++at, cursor.prev())
      expect(same(cursor.leaf(), std::prev(at.base()), map), "walk backward", at->first);
    expect(!cursor, "end of the walk backward", kMinStreamId);
  }

  void check_frozen() const {
    if (!frozen_.is_held()) return;
    frozen_.view().assert_consistent();
    expect(frozen_.leaf_count() == frozen_map_.size(), "frozen leaf count", kMinStreamId);
    check_walks(frozen_, frozen_map_);
  }

  void check_all() const {
    tree_->assert_consistent();
    expect(tree_->leaf_count() == map_.size(), "leaf_count", kMinStreamId);
    check_walks(*tree_, map_);
    check_frozen();
    check_lookups(kMinStreamId);
    check_lookups(kMaxStreamId);
  }

  ModelInput input_;
  KeySpread spread_ = KeySpread::kMilliseconds;
  uint64_t key_count_ = 0;
  uint64_t last_content_ = 0;

  std::optional<Tree> tree_{std::in_place};
  Map map_;
  FrozenTree frozen_;
  Map frozen_map_;  // what the frozen view must still show
};

/// Runs one input and checks that no leaf is left behind.
inline void run_radix_model(std::span<const uint8_t> input) {
  const int64_t alive = CountedLeaf::alive;
  {
    RadixModel model(input);
    model.run();
  }
  if (CountedLeaf::alive != alive) throw std::logic_error("leaves were leaked or freed twice");
}

}  // namespace weir
