#include "server/durability/log_base.h"

#include <utility>

#include "persistence/command_base_writer.h"
#include "persistence/helper_thread.h"
#include "server/clock.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Commands of what `each(writer)` walks.
template <typename Each>
IoResult<uint64_t> write_commands(const BasePlan& plan, Each each) {
  IoResult<ReplacingFile> file = create_file(plan.rdb);
  if (!file) return tl::unexpected(std::move(file).error());
  const CommandBaseWriter::Dialect dialect{.has_messages = plan.level >= PropagationLevel::k86,
                                           .has_release = plan.level >= PropagationLevel::k88};
  CommandBaseWriter writer(*file, plan.default_limits, dialect, plan.stamp_s);
  if (!each(writer)) return 0;
  return writer.end().map([&] { return file->bytes(); });
}

IoResult<uint64_t> bytes_of(RdbResult written) {
  return std::move(written).map([](const RdbWritten& rdb) { return rdb.bytes; });
}

}  // namespace

BasePlan base_plan_of(const Settings& settings, const IdempotenceLimits& limits,
                      const std::string& path, FileSystem& files) {
  BasePlan plan{.rdb = plan_of(settings, files),
                .is_commands = !settings.aof_use_rdb_preamble,
                .level = settings.propagation_level,
                .default_limits = limits,
                .stamp_s = std::nullopt};
  plan.rdb.target = absolute_path(path);
  plan.rdb.syncs_on_the_way = settings.aof_rewrite_incremental_fsync;
  plan.rdb.is_log_base = true;
  if (settings.aof_timestamp_enabled) plan.stamp_s = Clock::unix_us_now() / kUsPerSecond;
  return plan;
}

IoResult<uint64_t> write_log_base(const BasePlan& plan, const BackgroundSnapshot::Counts& counts,
                                  SnapshotFeed& feed) {
  if (!plan.is_commands) return bytes_of(write_rdb(plan.rdb, counts, feed));
  return write_commands(plan, [&feed](CommandBaseWriter& writer) {
    std::optional<uint32_t> selected;
    while (const SnapshotFeed::Batch* const batch = feed.next()) {
      for (const SnapshotKey& key : *batch) {
        if (selected != key.db) writer.begin_database(key.db);
        selected = key.db;
        writer.key(key.name, key.deadline_ms, key.stream.view());
        give_way();
      }
      if (writer.failed()) break;
    }
    return !feed.is_cancelled();
  });
}

IoResult<uint64_t> write_log_base(const BasePlan& plan, Keyspace& keyspace) {
  if (!plan.is_commands) return bytes_of(write_rdb(plan.rdb, keyspace));
  return write_commands(plan, [&keyspace](CommandBaseWriter& writer) {
    for (const Database& db : keyspace.databases()) {
      if (db.size() == 0) continue;
      writer.begin_database(db.index());
      db.keys().for_each([&](const KeyEntry& entry) {
        if (!writer.failed())
          writer.key(entry.key(), db.deadline_ms(entry), StreamView(entry.stream));
      });
    }
    return true;
  });
}

}  // namespace weir
