// Drives a stream and a naive model of it through the same operations and compares them.
//
// The model is a std::map of entries and a std::map of nodes that keep no bytes, only what the
// specification's formula says they would take (spec: "Node boundaries", "Trim algorithm").  It
// shares no code with streams/, so node_count() and trimming with "~" are checked exactly.  What
// the stream does to save memory (compaction, shrinking) the model does not know: it must not show.
//
// The operations are read from bytes, so that the model test (bytes from a random generator) and
// the fuzzer (bytes it invents) share it.  A disagreement is thrown as std::logic_error; a mistake
// inside the stream stops at its own assertion.
//
//   input    │ operation, operands │ operation, operands │ …
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streams/stream.h"
#include "streams/stream_cursor.h"

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

class StreamModel {
 public:
  /// most_entries: no runs of entries are appended to a stream that has more.
  explicit StreamModel(std::span<const uint8_t> input, size_t most_entries = 5000)
      : input_(input), most_entries_(most_entries) {}

  /// Runs until the input is used up; returns the number of operations.
  uint64_t run() {
    while (!input_.empty()) {
      one_operation();
      check_counters();
      if (++operations_ % 4096 == 0) check_all();
    }
    check_all();
    return operations_;
  }

 private:
  // --- Choices

  uint8_t byte() {
    if (input_.empty()) return 0;
    const uint8_t first = input_.front();
    input_ = input_.subspan(1);
    return first;
  }

  /// A number below n, n <= 2^16.
  uint64_t draw(uint64_t n) {
    uint64_t value = byte();
    if (n > 256) value = value << 8 | byte();
    return value % n;
  }

  uint64_t draw_wide() {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
      value = value << 8 | byte();
    return value;
  }

  /// Often an ID near an entry that is or was there, sometimes any ID at all.
  StreamId any_id() {
    const uint64_t choice = draw(16);
    if (choice == 0) return {draw_wide(), draw_wide()};
    if (choice == 1) return draw(2) == 0 ? kMinStreamId : kMaxStreamId;
    StreamId id = present_id().value_or(stream_.last_id());
    if (choice < 6) id.seq += draw(8) - 4;  // may wrap: no harm
    if (choice < 4) id.ms += draw(8) - 4;
    return id;
  }

  /// The ID of an entry, spread over the whole stream.
  std::optional<StreamId> present_id() {
    if (entries_.empty()) return std::nullopt;
    const uint64_t place = draw(65536);
    const StreamId first = entries_.begin()->first;
    const StreamId last = std::prev(entries_.end())->first;
    StreamId id = first;
    if (last.ms != first.ms) {
      id.ms += (last.ms - first.ms) / 65536 * place + (last.ms - first.ms) % 65536 * place / 65536;
      id.seq = place;
    } else {
      id.seq += (last.seq - first.seq) / 65536 * place;
    }
    const auto at = entries_.lower_bound(id);
    return at == entries_.end() ? last : at->first;
  }

  std::string text() {
    const uint64_t choice = draw(32);
    if (choice < 2) return {};
    if (choice < 8) return std::to_string(draw(300));
    if (choice < 11) return std::to_string(integer());
    if (choice < 14) return almost_integer();
    if (choice < 20) return std::string(draw(20), static_cast<char>(byte()));
    if (choice < 28) return "value-" + std::string(1, static_cast<char>('a' + draw(26)));
    // Around the places where the encoding or its back-length changes width.
    static constexpr uint64_t kLengths[] = {63, 64, 126, 127, 1000, 4095, 4096, 16378, 16379};
    const uint64_t length = choice < 31 ? kLengths[draw(5)] : kLengths[draw(std::size(kLengths))];
    return std::string(length + draw(3) - 1, static_cast<char>(byte()));
  }

  /// A number near one of the bounds of the integer encodings.
  int64_t integer() {
    static constexpr int kBits[] = {0, 7, 12, 15, 23, 31, 63};
    const uint64_t bound = uint64_t{1} << kBits[draw(std::size(kBits))];
    const uint64_t near = bound + draw(4) - 2;
    return static_cast<int64_t>(draw(2) == 0 ? near : 0 - near);
  }

  std::string almost_integer() {
    static constexpr std::string_view kTexts[] = {"007",
                                                  "+5",
                                                  "-0",
                                                  "-",
                                                  " 1",
                                                  "1 ",
                                                  "1.0",
                                                  "9223372036854775808",
                                                  "-9223372036854775809",
                                                  "00",
                                                  "0x10",
                                                  "18446744073709551615",
                                                  "-1-1",
                                                  "9223372036854775807x"};
    return std::string(kTexts[draw(std::size(kTexts))]);
  }

  ModelFields fields() {
    static constexpr const char* kNames[] = {"f", "g", "", "temperature", "12", "012"};
    const uint64_t choice = draw(16);
    if (choice < 8) return {"f", text()};
    if (choice < 11) return {"temperature", text(), "humidity", text(), "at", text()};
    if (choice < 12) return {"f", text(), "f", text()};
    ModelFields pairs;
    for (uint64_t n = choice < 15 ? 1 + draw(4) : 60 + draw(8); n > 0; --n) {
      pairs.emplace_back(kNames[draw(std::size(kNames))]);
      pairs.push_back(n > 8 ? "x" : text());
    }
    return pairs;
  }

  StreamId new_id() {
    const StreamId last = stream_.last_id();
    const uint64_t choice = draw(64);
    const auto automatic = [&](uint64_t now_ms) { return stream_.next_id(now_ms).value(); };
    if (choice < 24) return automatic(now_ms_);
    if (choice < 48) return automatic(now_ms_ += draw(4));
    if (choice < 54) return automatic(now_ms_ += draw(65536));
    if (choice < 58) return {last.ms, last.seq + 1 + draw(300)};
    if (choice < 61) return {last.ms + 1, draw(65536)};
    if (choice < 63) return {last.ms, last.seq + (uint64_t{1} << (draw(32) + 1))};
    return {last.ms + (uint64_t{1} << draw(40)), draw_wide() >> draw(64)};
  }

  // --- Operations

  void one_operation() {
    const uint64_t choice = draw(256);
    if (choice < 128) return append(new_id(), fields());
    if (choice < 131) return append_run();
    if (choice < 178) return erase(any_id());
    if (choice < 184) return erase_near_end();
    if (choice < 186) return erase_run();
    if (choice < 189) return trim(trim_a_little());
    if (choice < 192) return set_id();
    if (choice < 193) return set_limits();
    if (choice < 201) return check_count(any_id(), any_id());
    if (choice < 254) return check_walk(any_id(), any_id());
    if (choice < 255 && draw(4) == 0) return trim(trim_anything());
    if (draw(64) == 0) start_anew();
  }

  void append(const StreamId& id, const ModelFields& fields) {
    if (id <= stream_.last_id()) return;  // wrapped around
    if (id.ms > UINT64_MAX / 2) return;   // leave some for the next
    const std::vector<std::string_view> views(fields.begin(), fields.end());
    stream_.append(id, views, limits_);

    if (nodes_.empty() || is_full(std::prev(nodes_.end())->second, fields)) {
      nodes_.emplace(id, ModelNode(id, fields));
    }
    std::prev(nodes_.end())->second.append(id, fields);
    entries_.emplace_hint(entries_.end(), id, fields);
    last_id_ = id;
    ++entries_added_;
  }

  bool is_full(const ModelNode& node, const ModelFields& fields) const {
    uint64_t payload = 0;
    for (const std::string& text : fields)
      payload += text.size();
    const uint64_t most = uint64_t{1} << 30;
    const uint64_t max_bytes =
        limits_.max_bytes == 0 || limits_.max_bytes > most ? most : limits_.max_bytes;
    return node.bytes() + payload >= max_bytes ||
           (limits_.max_entries != 0 && node.entries() >= limits_.max_entries);
  }

  /// Many small entries in a row: long nodes, where the limits allow them.
  void append_run() {
    if (entries_.size() > most_entries_) return;
    for (uint64_t n = draw(256) * (draw(16) == 0 ? 8 : 1); n > 0; --n)
      append(stream_.next_id(now_ms_ += n % 3).value(), {"f", std::to_string(n)});
  }

  std::map<StreamId, ModelNode>::iterator node_of(const StreamId& id) {
    return std::prev(nodes_.upper_bound(id));
  }

  void erase_from_model(std::map<StreamId, ModelFields>::iterator entry) {
    const auto node = node_of(entry->first);
    node->second.erase_one();
    if (node->second.live() == 0) nodes_.erase(node);
    entries_.erase(entry);
  }

  void erase(StreamId id) {
    const auto entry = entries_.find(id);
    const bool is_there = entry != entries_.end();
    if (is_there) {
      max_deleted_id_ = std::max(max_deleted_id_, id);
      erase_from_model(entry);
    }
    expect(stream_.erase(id) == is_there, "erase", id);
  }

  /// Makes an older node the last one again, in the end.
  void erase_near_end() {
    for (uint64_t n = draw(8); n > 0 && !entries_.empty(); --n)
      erase(std::prev(entries_.end())->first);
  }

  /// Most entries of a stretch, so that nodes in it become worth compacting.
  void erase_run() {
    const std::optional<StreamId> from = present_id();
    if (!from) return;
    const uint64_t kept_each = 3 + draw(64);
    std::vector<StreamId> ids;
    auto at = entries_.find(*from);
    for (uint64_t n = draw(400); n > 0 && at != entries_.end(); --n, ++at) {
      if (n % kept_each != 0) ids.push_back(at->first);
    }
    if (draw(2) == 0) std::reverse(ids.begin(), ids.end());
    for (const StreamId& id : ids)
      erase(id);
  }

  Trim trim_a_little() {
    Trim trim;
    trim.approximate = draw(2) == 0;
    if (draw(3) == 0) trim.limit = draw(400);
    if (draw(2) == 0) {
      const uint64_t removed = draw(300);
      trim.max_length = entries_.size() - std::min<uint64_t>(entries_.size(), removed);
      return trim;
    }
    trim.strategy = Trim::Strategy::kMinId;
    if (entries_.empty()) return trim;
    auto at = entries_.begin();
    for (uint64_t n = draw(300); n > 0 && std::next(at) != entries_.end(); --n)
      ++at;
    trim.min_id = at->first;
    trim.min_id.seq += draw(2);  // of a gap, or of the next
    return trim;
  }

  Trim trim_anything() {
    Trim trim;
    trim.approximate = draw(2) == 0;
    if (draw(2) == 0) trim.limit = draw(2000);
    trim.strategy = draw(2) == 0 ? Trim::Strategy::kMaxLength : Trim::Strategy::kMinId;
    trim.max_length = draw(4) == 0 ? 0 : draw(4000);
    trim.min_id = any_id();
    return trim;
  }

  void trim(const Trim& trim) {
    expect(stream_.trim(trim) == trim_model(trim), "trim", trim.min_id);
  }

  /// The specification's walk, word by word; entries go the simple way (KEEPREF).
  uint64_t trim_model(const Trim& trim) {
    const bool by_length = trim.strategy == Trim::Strategy::kMaxLength;
    const uint64_t limit = trim.approximate ? trim.limit : 0;
    uint64_t removed = 0;
    while (!nodes_.empty()) {
      if (by_length && entries_.size() <= trim.max_length) break;
      const ModelNode& node = nodes_.begin()->second;
      if (limit > 0 && removed + node.live() > limit) break;
      const bool eligible = by_length ? entries_.size() - node.live() >= trim.max_length
                                      : node.last_id() < trim.min_id;
      if (!eligible && trim.approximate) break;
      for (uint64_t left = node.live(); left > 0; --left, ++removed) {
        if (by_length && entries_.size() <= trim.max_length) return removed;
        if (!by_length && entries_.begin()->first >= trim.min_id) return removed;
        erase_from_model(entries_.begin());
      }
      if (!eligible) break;
    }
    return removed;
  }

  void set_id() {
    StreamId id = stream_.last_id();
    if (entries_.empty() && draw(2) == 0) {
      id = std::max(max_deleted_id_, StreamId{now_ms_ / 2, 7});
    } else if (!entries_.empty() && draw(4) == 0) {
      lower_last_id();
      id = last_id_;
    } else if (draw(2) == 0 && id.ms < UINT64_MAX / 4) {
      id = {id.ms + draw(3000), id.seq + draw(3000)};
      if (id < stream_.last_id()) return;
    }
    std::optional<uint64_t> added;
    if (draw(2) == 0) added = entries_.size() + draw(1000);
    std::optional<StreamId> max_deleted;
    if (draw(4) == 0) max_deleted = StreamId{id.ms / 2, draw(100)};
    stream_.set_id(id, added, max_deleted);
    last_id_ = id;
    entries_added_ = added.value_or(entries_added_);
    max_deleted_id_ = max_deleted.value_or(max_deleted_id_);
  }

  /// To the last live entry's ID or just above: tombstones behind that are forgotten.
  void lower_last_id() {
    const StreamId top = std::prev(entries_.end())->first;
    const StreamId lowered = draw(2) == 0 ? top : successor(top).value_or(top);
    last_id_ = std::min(last_id_, lowered);
    std::prev(nodes_.end())->second.forget_tombstones_above(last_id_, top);
  }

  void set_limits() {
    static constexpr uint64_t kBytes[] = {4096, 4096, 4096,   4096,    0,         1,
                                          64,   300,  20'000, 200'000, UINT64_MAX};
    static constexpr uint64_t kEntries[] = {100, 100, 100, 100, 0, 1, 2, 17, 129, 1000, UINT64_MAX};
    limits_.max_bytes = kBytes[draw(std::size(kBytes))];
    limits_.max_entries = kEntries[draw(std::size(kEntries))];
  }

  void start_anew() {
    Stream fresh;
    stream_ = std::move(fresh);
    nodes_.clear();
    entries_.clear();
    last_id_ = max_deleted_id_ = StreamId();
    entries_added_ = 0;
    now_ms_ = draw(2) == 0 ? 1 : 1'700'000'000'000;
  }

  // --- Comparing

  void expect(bool is_so, const char* what, const StreamId& id) const {
    if (is_so) return;
    throw std::logic_error(std::string(what) + " at " + to_string(id) + ", operation " +
                           std::to_string(operations_) + ", " + std::to_string(entries_.size()) +
                           " entries, " + std::to_string(nodes_.size()) + " nodes");
  }

  void check_counters() const {
    const StreamId first = entries_.empty() ? StreamId() : entries_.begin()->first;
    const StreamId top = entries_.empty() ? StreamId() : std::prev(entries_.end())->first;
    expect(stream_.length() == entries_.size(), "length", last_id_);
    expect(stream_.node_count() == nodes_.size(), "node_count", last_id_);
    expect(stream_.last_id() == last_id_, "last_id", last_id_);
    expect(stream_.first_id() == first, "first_id", first);
    expect(stream_.top_id() == top, "top_id", top);
    expect(stream_.entries_added() == entries_added_, "entries_added", last_id_);
    expect(stream_.max_deleted_id() == max_deleted_id_, "max_deleted_id", max_deleted_id_);
  }

  void check_count(const StreamId& from, const StreamId& to) const {
    uint64_t expected = 0;
    if (from <= to) {
      expected = static_cast<uint64_t>(
          std::distance(entries_.lower_bound(from), entries_.upper_bound(to)));
    }
    expect(stream_.count(from, to) == expected, "count", from);
    const bool has_more = entries_.upper_bound(from) != entries_.end();
    expect(stream_.has_entries_after(from) == has_more, "has_entries_after", from);
  }

  void check_entry(const StreamCursor& cursor, const StreamId& id,
                   const ModelFields& fields) const {
    expect(cursor.is_valid() && cursor.entry().id == id, "the cursor's ID", id);
    FieldReader reader(cursor.node(), cursor.entry());
    expect(reader.left() == fields.size() / 2, "number of fields", id);
    for (size_t i = 0; i < fields.size(); i += 2) {
      const FieldReader::Pair pair = reader.next();
      expect(pair.name == fields[i] && pair.value == fields[i + 1], "field and value", id);
    }
    expect(reader.left() == 0, "no more fields", id);
  }

  /// Walks up to some entries between two IDs and compares them, in the end the end as well.
  void check_walk(const StreamId& from, const StreamId& to) {
    const uint64_t steps = draw(64);
    if (draw(2) == 0) {
      walk_up(from, to, steps);
    } else {
      walk_down(from, to, steps);
    }
  }

  void walk_up(const StreamId& from, const StreamId& to, uint64_t steps) const {
    StreamCursor cursor(stream_, from, to, Direction::kUp);
    auto at = entries_.lower_bound(from);
    while (at != entries_.end() && from <= to && at->first <= to) {
      check_entry(cursor, at->first, at->second);
      if (steps-- == 0) return;
      if (steps % 3 == 0) {
        cursor.next();
      } else {
        FieldReader reader(cursor.node(), cursor.entry());
        while (reader.left() > 0)
          reader.next();
        cursor.next(reader.entry_end());
      }
      ++at;
    }
    expect(!cursor.is_valid(), "the end of a walk up", to);
  }

  void walk_down(const StreamId& from, const StreamId& to, uint64_t steps) const {
    StreamCursor cursor(stream_, from, to, Direction::kDown);
    auto at = entries_.upper_bound(to);
    while (at != entries_.begin() && from <= to && std::prev(at)->first >= from) {
      --at;
      check_entry(cursor, at->first, at->second);
      if (steps-- == 0) return;
      cursor.next();
    }
    expect(!cursor.is_valid(), "the end of a walk down", from);
  }

  void check_all() const {
    stream_.assert_consistent();
    walk_up(kMinStreamId, kMaxStreamId, UINT64_MAX);
    walk_down(kMinStreamId, kMaxStreamId, UINT64_MAX);
    check_count(kMinStreamId, kMaxStreamId);
    check_nodes();
  }

  void check_nodes() const {
    Cursor<StreamNode> cursor(stream_.tree(), kMinStreamId);
    uint64_t bytes = 0;
    for (const auto& [key, node] : nodes_) {
      expect(cursor && StreamId(cursor->key) == key, "node", key);
      expect(cursor->live() == node.live(), "live entries of a node", key);
      expect(cursor->last_id() == node.last_id(), "last ID of a node", key);
      expect(cursor->uncompacted_bytes() == node.bytes(), "bytes of a node", key);
      expect(cursor->uncompacted_entries() == node.entries(), "entries of a node", key);
      bytes += cursor->listpack_bytes();
      cursor.next();
    }
    expect(stream_.memory_bytes() >= bytes, "memory_bytes", last_id_);
  }

  std::span<const uint8_t> input_;
  size_t most_entries_;
  uint64_t operations_ = 0;
  uint64_t now_ms_ = 1'700'000'000'000;
  NodeLimits limits_;
  Stream stream_;

  std::map<StreamId, ModelFields> entries_;
  std::map<StreamId, ModelNode> nodes_;  // by the ID of the first entry
  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
};

}  // namespace weir
