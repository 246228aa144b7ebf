// A snapshot becomes a file, or goes to a replica.
//
//   settings ─► RdbPlan ─┬─ all keys, now ───────────────┐
//                        ├─ SnapshotFeed, in a helper ───┼─► RdbWriter ─► ReplacingFile
//                        └─ no keys: what is said of it ─┘           └──► RdbDestination: a socket
//
// The plan is made when the snapshot begins, so that no setting changes in the middle of a file. In
// a helper's hands the main thread goes first after each chunk.
//
// Always: a file is put in place when it is whole; of one that failed or was cancelled nothing
// stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "persistence/file.h"
#include "persistence/rdb_output.h"
#include "persistence/replacing_file.h"
#include "server/data/keyspace.h"
#include "server/durability/background_snapshot.h"
#include "server/durability/snapshot_feed.h"
#include "server/settings.h"

namespace weir {

/// What is told of the use of keys.
enum class SavedUse : uint8_t { kNone, kIdleTime, kFrequency };

/// Where the data are in the stream of replication.
struct SavedPosition {
  std::string id;
  int64_t offset = 0;
  int64_t db = 0;  // that is selected there
};

/// What the file is to be, decided when it is begun.
struct RdbPlan {
  FileSystem* files = nullptr;
  std::string target;  // absolute: `dir` may change meanwhile
  bool syncs_on_the_way = true;
  bool is_durable = true;  // if not, it is read and removed soon
  uint16_t version = 0;
  bool has_checksum = true;
  bool is_compressed = true;
  bool is_log_base = false;                    // what a log of changes begins with
  std::optional<SavedPosition> position = {};  // in the stream of replication
  SavedUse use = SavedUse::kNone;
  std::string redis_version;
  int64_t unix_s = 0;
  uint64_t used_memory = 0;
};

/// What was written.
struct RdbWritten {
  uint64_t bytes = 0;
  // What other servers than Weir do not find in the file, because its version has no place for it.
  uint64_t hidden_messages = 0;
  uint64_t hidden_nacks = 0;
};
using RdbResult = IoResult<RdbWritten>;

RdbPlan plan_of(const Settings& settings, FileSystem& files);

/// The file that the plan is for, begun beside it; see replacing_file.h.
IoResult<ReplacingFile> create_file(const RdbPlan& plan);
/// The keys of a feed; nothing is left of the file when the feed is cancelled.
RdbResult write_rdb(const RdbPlan& plan, const BackgroundSnapshot::Counts& counts,
                    SnapshotFeed& feed);
/// The same, to somewhere else than a file.
RdbResult write_rdb(const RdbPlan& plan, RdbDestination& destination,
                    const BackgroundSnapshot::Counts& counts, SnapshotFeed& feed);
/// One that says what is said of files, and has no keys.
std::string rdb_without_keys(const RdbPlan& plan);
/// All keys, as they are.
RdbResult write_rdb(const RdbPlan& plan, Keyspace& keyspace);

}  // namespace weir
