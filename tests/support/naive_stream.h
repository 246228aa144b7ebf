// A naive model of a stream: what it must hold and count, kept in the simplest way.
//
// The model is a std::map of entries and a std::map of nodes that keep no bytes, only what Redis's
// formula says they would take: that is where ~ may cut.  Of streams/ it uses the types of the
// arguments and no code.  What a stream does to save memory (compaction, shrinking) it does not
// know.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "streams/stream.h"

namespace weir {

/// Fields and values in turn.
using ModelFields = std::vector<std::string>;

/// What a node would hold, by the specification's formula.
class ModelNode {
 public:
  ModelNode(const StreamId& key, const ModelFields& fields) : key_(key), names_(names_of(fields)) {
    bytes_ = 7 + integer_bytes(static_cast<int64_t>(names_.size())) + integer_bytes(0);
    for (const std::string& name : names_)
      bytes_ += text_bytes(name);
  }

  void append(const StreamId& id, const ModelFields& fields) {
    const bool same_names = names_of(fields) == names_;
    const auto field_count = static_cast<int64_t>(fields.size() / 2);
    bytes_ += integer_bytes(same_names ? 2 : 0) + integer_bytes(delta(id.ms, key_.ms)) +
              integer_bytes(delta(id.seq, key_.seq));
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i % 2 == 1 || !same_names) bytes_ += text_bytes(fields[i]);
    }
    bytes_ += same_names ? integer_bytes(3 + field_count)
                         : integer_bytes(field_count) + integer_bytes(4 + 2 * field_count);
    ++live_;
    last_id_ = id;
  }

  void erase_one() {
    --live_;
    ++deleted_;
  }

  /// The last ID is lowered; `top` is the last live entry's.
  void forget_tombstones_above(const StreamId& last_id, const StreamId& top) {
    if (last_id_ > last_id) last_id_ = top;
  }

  uint64_t live() const { return live_; }
  uint64_t entries() const { return live_ + deleted_; }
  /// Greatest ID, deleted entries included.
  const StreamId& last_id() const { return last_id_; }
  uint64_t bytes() const {
    return bytes_ + integer_bytes(static_cast<int64_t>(live_)) +
           integer_bytes(static_cast<int64_t>(deleted_));
  }

 private:
  static ModelFields names_of(const ModelFields& fields) {
    ModelFields names;
    for (size_t i = 0; i < fields.size(); i += 2)
      names.push_back(fields[i]);
    return names;
  }

  static int64_t delta(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }

  static uint64_t integer_bytes(int64_t n) {
    if (n >= 0 && n <= 127) return 2;
    if (n >= -4096 && n <= 4095) return 3;
    if (n >= -32768 && n <= 32767) return 4;
    if (n >= -8388608 && n <= 8388607) return 5;
    if (n >= -2147483648LL && n <= 2147483647LL) return 6;
    return 10;
  }

  /// An integer is what prints as the same text again.
  static uint64_t text_bytes(const std::string& text) {
    int64_t n = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, n);
    if (read.ec == std::errc() && read.ptr == end && std::to_string(n) == text) {
      return integer_bytes(n);
    }
    const uint64_t length = text.size();
    const uint64_t encoded = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
    return encoded + (encoded <= 127 ? 1 : encoded < 16383 ? 2 : 3);
  }

  StreamId key_;
  ModelFields names_;
  uint64_t bytes_ = 0;  // without the two counts
  uint64_t live_ = 0;
  uint64_t deleted_ = 0;
  StreamId last_id_;
};

class NaiveStream {
 public:
  using Entries = std::map<StreamId, ModelFields>;
  using Nodes = std::map<StreamId, ModelNode>;  // by the ID of the first entry

  const Entries& entries() const { return entries_; }
  const Nodes& nodes() const { return nodes_; }
  size_t length() const { return entries_.size(); }
  bool is_empty() const { return entries_.empty(); }
  const StreamId& last_id() const { return last_id_; }
  const StreamId& max_deleted_id() const { return max_deleted_id_; }
  uint64_t entries_added() const { return entries_added_; }
  StreamId first_id() const { return is_empty() ? StreamId() : entries_.begin()->first; }
  StreamId top_id() const { return is_empty() ? StreamId() : std::prev(entries_.end())->first; }

  void append(const StreamId& id, const ModelFields& fields, const NodeLimits& limits) {
    if (nodes_.empty() || is_full(std::prev(nodes_.end())->second, fields, limits)) {
      nodes_.emplace(id, ModelNode(id, fields));
    }
    std::prev(nodes_.end())->second.append(id, fields);
    entries_.emplace_hint(entries_.end(), id, fields);
    last_id_ = id;
    ++entries_added_;
  }

  bool erase(const StreamId& id) {
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) return false;
    max_deleted_id_ = std::max(max_deleted_id_, id);
    erase_entry(entry);
    return true;
  }

  /// Whether an entry may be trimmed as far as consumer groups are concerned; may drop what refers
  /// to it.
  using MayGo = std::function<bool(const StreamId&)>;

  /// The specification's walk, word by word.  may_go: for DELREF and ACKED; none: KEEPREF.
  uint64_t trim(const Trim& trim, const MayGo& may_go = nullptr) {
    const bool by_length = trim.strategy == Trim::Strategy::kMaxLength;
    const auto is_done = [&](const StreamId& id) {
      return by_length ? length() <= trim.max_length : id >= trim.min_id;
    };
    const uint64_t limit = trim.approximate ? trim.limit : 0;
    uint64_t removed = 0;
    for (auto at = nodes_.begin(); at != nodes_.end();) {
      if (by_length && length() <= trim.max_length) break;
      const ModelNode& node = at->second;
      if (limit > 0 && removed + node.live() > limit) break;
      const bool eligible =
          by_length ? length() - node.live() >= trim.max_length : node.last_id() < trim.min_id;
      if (!eligible && trim.approximate && !may_go) break;
      const StreamId key = at->first;
      for (const StreamId& id : ids_in(at)) {
        if (is_done(id)) break;
        if (may_go && !may_go(id)) continue;
        erase_entry(entries_.find(id));
        ++removed;
      }
      if (!eligible) break;
      at = nodes_.upper_bound(key);  // the node may be gone
    }
    return removed;
  }

  /// Tombstones above a lowered last ID are forgotten.
  void set_id(const StreamId& last_id, std::optional<uint64_t> entries_added,
              std::optional<StreamId> max_deleted_id) {
    if (!is_empty()) {
      std::prev(nodes_.end())->second.forget_tombstones_above(last_id, top_id());
    }
    last_id_ = last_id;
    entries_added_ = entries_added.value_or(entries_added_);
    max_deleted_id_ = max_deleted_id.value_or(max_deleted_id_);
  }

 private:
  static bool is_full(const ModelNode& node, const ModelFields& fields, const NodeLimits& limits) {
    uint64_t payload = 0;
    for (const std::string& text : fields)
      payload += text.size();
    const uint64_t most = uint64_t{1} << 30;
    const uint64_t max_bytes =
        limits.max_bytes == 0 || limits.max_bytes > most ? most : limits.max_bytes;
    return node.bytes() + payload >= max_bytes ||
           (limits.max_entries != 0 && node.entries() >= limits.max_entries);
  }

  /// The live entries of a node.
  std::vector<StreamId> ids_in(Nodes::const_iterator node) const {
    const auto behind = std::next(node);
    std::vector<StreamId> ids;
    for (auto at = entries_.lower_bound(node->first);
         at != entries_.end() && (behind == nodes_.end() || at->first < behind->first); ++at)
      ids.push_back(at->first);
    return ids;
  }

  void erase_entry(Entries::const_iterator entry) {
    const auto node = std::prev(nodes_.upper_bound(entry->first));
    node->second.erase_one();
    if (node->second.live() == 0) nodes_.erase(node);
    entries_.erase(entry);
  }

  Entries entries_;
  Nodes nodes_;
  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
};

}  // namespace weir
