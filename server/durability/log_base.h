// A base of the log becomes a file: a snapshot, or commands (aof-use-rdb-preamble).
//
//   settings ─► BasePlan ─┬─ RdbPlan ─────────────────► rdb_saving            F.<n>.base.rdb
//                         └─ level, limits, stamp ────► CommandBaseWriter     F.<n>.base.aof
//
// Who puts it in place is told how long it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "persistence/file.h"
#include "server/data/keyspace.h"
#include "server/durability/background_snapshot.h"
#include "server/durability/rdb_saving.h"
#include "server/durability/snapshot_feed.h"
#include "server/settings.h"

namespace weir {

/// What the file is to be, decided when it is begun.
struct BasePlan {
  RdbPlan rdb;  // target and syncing are those of commands, too
  bool is_commands = false;
  PropagationLevel level = PropagationLevel::k88;
  IdempotenceLimits default_limits;
  std::optional<int64_t> stamp_s;
};

BasePlan base_plan_of(const Settings& settings, const IdempotenceLimits& limits,
                      const std::string& path, FileSystem& files);

/// The keys of a feed; how many bytes they take.  Nothing is left of the file when the feed is
/// cancelled.
IoResult<uint64_t> write_log_base(const BasePlan& plan, const BackgroundSnapshot::Counts& counts,
                                  SnapshotFeed& feed);
/// All keys, as they are.
IoResult<uint64_t> write_log_base(const BasePlan& plan, Keyspace& keyspace);

}  // namespace weir
