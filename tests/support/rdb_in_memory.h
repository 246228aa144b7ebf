// RDB files in memory: what is in one, and a file of that again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/rdb_reader.h"
#include "persistence/rdb_writer.h"

namespace weir::testing {

/// All that a file has.
class RdbContent final : public RdbSink {
 public:
  struct Key {
    RdbKey key;
    Stream stream;
  };
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<Key> keys;
  uint64_t skipped_keys = 0;

  Refusal aux(std::string_view name, std::string_view value) override {
    fields.emplace_back(name, value);
    return {};
  }
  Refusal stream(RdbKey&& key, Stream&& stream) override {
    keys.push_back({std::move(key), std::move(stream)});
    return {};
  }
  void skipped(const RdbKey&, uint8_t) override { ++skipped_keys; }
};

using RdbResult = tl::expected<RdbSummary, RdbError>;

inline RdbResult read_rdb(std::string_view bytes, RdbSink& sink,
                          const RdbReadOptions& options = {}) {
  RdbInput in(bytes);
  return RdbReader(in, sink, options).run();
}

/// The keys in the order they are in, which is that of their databases.
inline std::string write_rdb(const RdbContent& content, const RdbWriteOptions& options = {}) {
  RdbOutput out;
  RdbWriter writer(out, options);
  writer.begin({.redis_version = "8.8.0", .weir_version = "0"});
  const RdbContent::Key* last = nullptr;
  for (const RdbContent::Key& one : content.keys) {
    if (last == nullptr || last->key.db != one.key.db) writer.begin_database(one.key.db, 1, 0);
    writer.key({.name = one.key.name,
                .deadline_ms = one.key.deadline_ms,
                .idle_s = one.key.idle_s,
                .frequency = one.key.frequency},
               StreamView(one.stream));
    last = &one;
  }
  writer.end();
  return std::string(out.kept());
}

/// A file with this stream as its only key.
inline std::string write_rdb(std::string_view name, const Stream& stream,
                             const RdbWriteOptions& options = {}) {
  RdbOutput out;
  RdbWriter writer(out, options);
  writer.begin({.redis_version = "8.8.0", .weir_version = "0"});
  writer.begin_database(0, 1, 0);
  writer.key({.name = name}, StreamView(stream));
  writer.end();
  return std::string(out.kept());
}

/// What newer files say of the next key: two classes, with a value each.
inline void append_key_meta(RdbOutput& out) {
  out.byte(rdb::kKeyMeta);
  out.length(2);
  for (int i = 0; i < 2; ++i) {
    out.raw("clas");
    out.length(1);
    out.length(99);
    out.length(0);
  }
}

/// Checks all that the headers promise of a stream and its groups.
inline void assert_consistent(const Stream& stream) {
  stream.assert_consistent();
  for (size_t i = 0; i < stream.groups().size(); ++i) {
    const PendingList* const pending = stream.groups().at(i).pending_or_null();
    if (pending != nullptr) pending->assert_consistent();
  }
}

}  // namespace weir::testing
