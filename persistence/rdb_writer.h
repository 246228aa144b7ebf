// An RDB file, written: what is said of the file, database by database, key by key.
//
//   RdbWriter writer(out, {.version = 10});
//   writer.begin(info);
//   writer.begin_database(0, keys, with_ttl);    ascending, none that is empty
//   writer.key({.name = …}, view);               a StreamView: of a live stream, or a frozen one
//   writer.end();                                then out.flush()
//
// Errors are the output's; after one everything is dropped, and who writes much asks now and then.
// It touches nothing but the views and the output, so it may run in a thread of its own.
//
// The version says who can read the file (rdb_format.h), and which form streams take.  What that
// form cannot hold is written behind the stream for Weir alone (rdb_extras.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "persistence/node_packing.h"
#include "persistence/rdb_format.h"
#include "persistence/rdb_output.h"
#include "streams/frozen_stream.h"

namespace weir {

/// Where in the stream of replication a file belongs.
struct RdbReplicationInfo {
  int64_t db = 0;  // that is selected there; -1: none yet
  std::string_view id;
  int64_t offset = 0;
};

/// What is said of a file.
struct RdbFileInfo {
  std::string_view redis_version;
  std::string_view weir_version;
  int64_t created_s = 0;  // Unix time
  uint64_t used_memory_bytes = 0;
  std::optional<RdbReplicationInfo> replication = {};
  bool is_aof_base = false;
};

/// A key beside its stream.
struct RdbKeyInfo {
  std::string_view name;
  std::optional<int64_t> deadline_ms = {};  // Unix time
  // When a policy of maxmemory wants it: one of them.
  std::optional<uint64_t> idle_s = {};
  std::optional<uint8_t> frequency = {};
};

struct RdbWriteOptions {
  uint16_t version = rdb::kOldestWritten;  // rdb-version
  bool packs = true;                       // rdbcompression
};

class RdbWriter {
 public:
  /// The output outlives it.
  RdbWriter(RdbOutput& out, const RdbWriteOptions& options);

  void begin(const RdbFileInfo& info);
  void begin_database(uint64_t number, uint64_t keys, uint64_t with_ttl);
  void key(const RdbKeyInfo& key, const StreamView& stream);
  void end();

  /// What other servers than Weir will not find in the file, because its version has no place for
  /// it.
  struct Hidden {
    uint64_t released_nacks = 0;
    uint64_t messages = 0;
  };
  const Hidden& hidden() const { return hidden_; }

 private:
  void aux(std::string_view name, std::string_view value);
  void aux(std::string_view name, int64_t value);
  void note_hidden(const StreamView& stream);

  RdbOutput& out_;
  uint16_t version_;
  rdb::StreamType type_;
  NodePacking packing_;
  Hidden hidden_;
};

}  // namespace weir
