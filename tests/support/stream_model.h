// Drives a stream and a naive model of it through the same operations and compares them.
//
// node_count() and trimming with "~" are compared exactly; what the stream does to save memory
// must not show.
//
// The operations are read from bytes, so that the model test (bytes from a random generator) and
// the fuzzer (bytes it invents) share it.  A disagreement is thrown as std::logic_error; a mistake
// inside the stream stops at its own assertion.
//
//   input    │ operation, operands │ operation, operands │ …
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streams/stream.h"
#include "streams/stream_cursor.h"
#include "tests/support/model_input.h"
#include "tests/support/naive_stream.h"

namespace weir {

class StreamModel {
 public:
  /// most_entries: no runs of entries are appended to a stream that has more.
  explicit StreamModel(std::span<const uint8_t> input, size_t most_entries = 5000)
      : input_(input), most_entries_(most_entries) {}

  /// Runs until the input is used up; returns the number of operations.
  uint64_t run() {
    while (!input_.is_used_up()) {
      one_operation();
      check_counters();
      if (++operations_ % 4096 == 0) check_all();
    }
    check_all();
    return operations_;
  }

 private:
  // --- Choices

  uint64_t draw(uint64_t n) { return input_.draw(n); }

  /// Often an ID near an entry that is or was there, sometimes any ID at all.
  StreamId any_id() {
    const uint64_t choice = draw(16);
    if (choice == 0) return {input_.draw_wide(), input_.draw_wide()};
    if (choice == 1) return draw(2) == 0 ? kMinStreamId : kMaxStreamId;
    StreamId id = present_id().value_or(stream_.last_id());
    if (choice < 6) id.seq += draw(8) - 4;  // may wrap: no harm
    if (choice < 4) id.ms += draw(8) - 4;
    return id;
  }

  /// The ID of an entry, spread over the whole stream.
  std::optional<StreamId> present_id() {
    if (model_.is_empty()) return std::nullopt;
    const uint64_t place = draw(65536);
    const StreamId first = model_.first_id();
    const StreamId last = model_.top_id();
    StreamId id = first;
    if (last.ms != first.ms) {
      id.ms += (last.ms - first.ms) / 65536 * place + (last.ms - first.ms) % 65536 * place / 65536;
      id.seq = place;
    } else {
      id.seq += (last.seq - first.seq) / 65536 * place;
    }
    const auto at = entries().lower_bound(id);
    return at == entries().end() ? last : at->first;
  }

  std::string text() {
    const uint64_t choice = draw(32);
    if (choice < 2) return {};
    if (choice < 8) return std::to_string(draw(300));
    if (choice < 11) return std::to_string(integer());
    if (choice < 14) return almost_integer();
    if (choice < 20) return std::string(draw(20), static_cast<char>(input_.byte()));
    if (choice < 28) return "value-" + std::string(1, static_cast<char>('a' + draw(26)));
    // Around the places where the encoding or its back-length changes width.
    static constexpr uint64_t kLengths[] = {63, 64, 126, 127, 1000, 4095, 4096, 16378, 16379};
    const uint64_t length = choice < 31 ? kLengths[draw(5)] : kLengths[draw(std::size(kLengths))];
    return std::string(length + draw(3) - 1, static_cast<char>(input_.byte()));
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
    return {last.ms + (uint64_t{1} << draw(40)), input_.draw_wide() >> draw(64)};
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
    if (choice < 201) return check_rest(any_id());
    if (choice < 254) return check_walk(any_id(), any_id());
    if (choice < 255 && draw(4) == 0) return trim(trim_anything());
    if (draw(64) == 0) start_anew();
  }

  void append(const StreamId& id, const ModelFields& fields) {
    if (id <= stream_.last_id()) return;  // wrapped around
    if (id.ms > UINT64_MAX / 2) return;   // leave some for the next
    const std::vector<std::string_view> views(fields.begin(), fields.end());
    stream_.append(id, views, limits_);
    model_.append(id, fields, limits_);
  }

  /// Many small entries in a row: long nodes, where the limits allow them.
  void append_run() {
    if (model_.length() > most_entries_) return;
    for (uint64_t n = draw(256) * (draw(16) == 0 ? 8 : 1); n > 0; --n)
      append(stream_.next_id(now_ms_ += n % 3).value(), {"f", std::to_string(n)});
  }

  void erase(const StreamId& id) { expect(stream_.erase(id) == model_.erase(id), "erase", id); }

  /// Makes an older node the last one again, in the end.
  void erase_near_end() {
    for (uint64_t n = draw(8); n > 0 && !model_.is_empty(); --n)
      erase(model_.top_id());
  }

  /// Most entries of a stretch, so that nodes in it become worth compacting.
  void erase_run() {
    const std::optional<StreamId> from = present_id();
    if (!from) return;
    const uint64_t kept_each = 3 + draw(64);
    std::vector<StreamId> ids;
    auto at = entries().find(*from);
    for (uint64_t n = draw(400); n > 0 && at != entries().end(); --n, ++at) {
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
      trim.max_length = model_.length() - std::min<uint64_t>(model_.length(), removed);
      return trim;
    }
    trim.strategy = Trim::Strategy::kMinId;
    if (model_.is_empty()) return trim;
    auto at = entries().begin();
    for (uint64_t n = draw(300); n > 0 && std::next(at) != entries().end(); --n)
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
    expect(stream_.trim(trim) == model_.trim(trim), "trim", trim.min_id);
  }

  void set_id() {
    StreamId id = stream_.last_id();
    if (model_.is_empty() && draw(2) == 0) {
      id = std::max(model_.max_deleted_id(), StreamId{now_ms_ / 2, 7});
    } else if (!model_.is_empty() && draw(4) == 0) {
      id = lowered_last_id();
    } else if (draw(2) == 0 && id.ms < UINT64_MAX / 4) {
      id = {id.ms + draw(3000), id.seq + draw(3000)};
      if (id < stream_.last_id()) return;
    }
    std::optional<uint64_t> added;
    if (draw(2) == 0) added = model_.length() + draw(1000);
    std::optional<StreamId> max_deleted;
    if (draw(4) == 0) max_deleted = StreamId{id.ms / 2, draw(100)};
    stream_.set_id(id, added, max_deleted);
    model_.set_id(id, added, max_deleted);
  }

  /// The last live entry's ID or just above: tombstones behind that are forgotten.
  StreamId lowered_last_id() {
    const StreamId top = model_.top_id();
    const StreamId lowered = draw(2) == 0 ? top : successor(top).value_or(top);
    return std::min(model_.last_id(), lowered);
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
    model_ = NaiveStream();
    now_ms_ = draw(2) == 0 ? 1 : 1'700'000'000'000;
  }

  // --- Comparing

  const NaiveStream::Entries& entries() const { return model_.entries(); }

  void expect(bool is_so, const char* what, const StreamId& id) const {
    if (is_so) return;
    throw std::logic_error(std::string(what) + " at " + to_string(id) + ", operation " +
                           std::to_string(operations_) + ", " + std::to_string(model_.length()) +
                           " entries, " + std::to_string(model_.nodes().size()) + " nodes");
  }

  void check_counters() const {
    const StreamId& last = model_.last_id();
    expect(stream_.length() == model_.length(), "length", last);
    expect(stream_.node_count() == model_.nodes().size(), "node_count", last);
    expect(stream_.last_id() == last, "last_id", last);
    expect(stream_.first_id() == model_.first_id(), "first_id", model_.first_id());
    expect(stream_.top_id() == model_.top_id(), "top_id", model_.top_id());
    expect(stream_.entries_added() == model_.entries_added(), "entries_added", last);
    expect(stream_.max_deleted_id() == model_.max_deleted_id(), "max_deleted_id", last);
  }

  void check_rest(const StreamId& from) const {
    const bool has_more = entries().upper_bound(from) != entries().end();
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
    auto at = entries().lower_bound(from);
    while (at != entries().end() && from <= to && at->first <= to) {
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
    auto at = entries().upper_bound(to);
    while (at != entries().begin() && from <= to && std::prev(at)->first >= from) {
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
    check_rest(kMinStreamId);
    check_nodes();
  }

  void check_nodes() const {
    Cursor<StreamNode> cursor(stream_.tree(), kMinStreamId);
    uint64_t bytes = 0;
    for (const auto& [key, node] : model_.nodes()) {
      expect(cursor && StreamId(cursor->key) == key, "node", key);
      expect(cursor->live() == node.live(), "live entries of a node", key);
      expect(cursor->last_id() == node.last_id(), "last ID of a node", key);
      expect(cursor->uncompacted_bytes() == node.bytes(), "bytes of a node", key);
      expect(cursor->uncompacted_entries() == node.entries(), "entries of a node", key);
      bytes += cursor->listpack_bytes();
      cursor.next();
    }
    expect(stream_.memory_bytes() >= bytes, "memory_bytes", model_.last_id());
  }

  ModelInput input_;
  size_t most_entries_;
  uint64_t operations_ = 0;
  uint64_t now_ms_ = 1'700'000'000'000;
  NodeLimits limits_;
  Stream stream_;

  NaiveStream model_;
};

}  // namespace weir
