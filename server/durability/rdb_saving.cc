#include "server/durability/rdb_saving.h"

#include <utility>

#include "persistence/helper_thread.h"
#include "persistence/rdb_writer.h"
#include "server/clock.h"
#include "server/host/memory.h"
#include "server/time_units.h"
#include "server/version.h"

namespace weir {
namespace {

/// What is written of the use of keys: what the policy of maxmemory goes by.
SavedUse use_kept_by(MaxmemoryPolicy policy) {
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
    case MaxmemoryPolicy::kAllkeysLru:
    case MaxmemoryPolicy::kVolatileLrm:
    case MaxmemoryPolicy::kAllkeysLrm:
      return SavedUse::kIdleTime;
    case MaxmemoryPolicy::kVolatileLfu:
    case MaxmemoryPolicy::kAllkeysLfu:
      return SavedUse::kFrequency;
    case MaxmemoryPolicy::kVolatileRandom:
    case MaxmemoryPolicy::kVolatileTtl:
    case MaxmemoryPolicy::kAllkeysRandom:
    case MaxmemoryPolicy::kNoEviction:
      break;
  }
  return SavedUse::kNone;
}

/// Gives what the output collects to the file.
class FileDestination final : public RdbDestination {
 public:
  explicit FileDestination(ReplacingFile& file) : file_(file) {}
  IoResult<void> write(std::string_view bytes) override { return file_.write(bytes); }

 private:
  ReplacingFile& file_;
};

/// In the background the main thread goes first after each chunk, a tenth of a millisecond of work.
class GivingWay final : public RdbDestination {
 public:
  explicit GivingWay(RdbDestination& destination) : destination_(destination) {}
  IoResult<void> write(std::string_view bytes) override {
    IoResult<void> written = destination_.write(bytes);
    give_way();
    return written;
  }

 private:
  RdbDestination& destination_;
};

/// A snapshot being written.
class RdbDocument {
 public:
  RdbDocument(const RdbPlan& plan, RdbDestination& destination)
      : plan_(plan),
        out_(destination, plan.has_checksum ? RdbChecksum::kComputed : RdbChecksum::kLeftOut),
        writer_(out_, {.version = plan.version, .packs = plan.is_compressed}) {
    RdbFileInfo info{.redis_version = plan.redis_version,
                     .weir_version = weir_version(),
                     .created_s = plan.unix_s,
                     .used_memory_bytes = plan.used_memory,
                     .is_aof_base = plan.is_log_base};
    if (plan.position) {
      const SavedPosition& position = *plan.position;
      info.replication =
          RdbReplicationInfo{.db = position.db, .id = position.id, .offset = position.offset};
    }
    writer_.begin(info);
  }

  void begin_database(uint64_t number, uint64_t keys, uint64_t with_ttl) {
    writer_.begin_database(number, keys, with_ttl);
  }
  /// use: seconds since the last use, or its frequency, as the plan says.
  void key(std::string_view name, std::optional<int64_t> deadline_ms, uint32_t use,
           const StreamView& stream) {
    RdbKeyInfo info{.name = name, .deadline_ms = deadline_ms};
    if (plan_.use == SavedUse::kIdleTime) info.idle_s = use;
    if (plan_.use == SavedUse::kFrequency) info.frequency = static_cast<uint8_t>(use);
    writer_.key(info, stream);
  }
  bool failed() const { return out_.failed(); }

  RdbResult finish() {
    writer_.end();
    if (!out_.flush()) return tl::unexpected(out_.error());
    return RdbWritten{.bytes = out_.bytes(),
                      .hidden_messages = writer_.hidden().messages,
                      .hidden_nacks = writer_.hidden().released_nacks};
  }

 private:
  const RdbPlan& plan_;
  RdbOutput out_;
  RdbWriter writer_;
};

/// What was written takes the place of the file before.
RdbResult placed(ReplacingFile& file, RdbResult written) {
  if (!written) return written;
  if (IoResult<void> placed = file.commit(); !placed) return tl::unexpected(placed.error());
  return written;
}

class TextDestination final : public RdbDestination {
 public:
  IoResult<void> write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  std::string text;
};

}  // namespace

RdbPlan plan_of(const Settings& settings, FileSystem& files) {
  return {.files = &files,
          .target = absolute_path(settings.dbfilename),
          .syncs_on_the_way = settings.rdb_save_incremental_fsync,
          .version = static_cast<uint16_t>(settings.rdb_version),
          .has_checksum = settings.rdbchecksum,
          .is_compressed = settings.rdbcompression,
          .use = use_kept_by(settings.maxmemory_policy),
          .redis_version = settings.compat_version,
          .unix_s = Clock::unix_us_now() / kUsPerSecond,
          .used_memory = used_memory()};
}

IoResult<ReplacingFile> create_file(const RdbPlan& plan) {
  return ReplacingFile::create(*plan.files, {.target = plan.target,
                                             .temporary = temporary_name(plan.target),
                                             .syncs_on_the_way = plan.syncs_on_the_way,
                                             .is_durable = plan.is_durable});
}

RdbResult write_rdb(const RdbPlan& plan, RdbDestination& destination,
                    const BackgroundSnapshot::Counts& counts, SnapshotFeed& feed) {
  GivingWay giving_way(destination);
  RdbDocument document(plan, giving_way);
  auto next_database = counts.begin();
  while (const SnapshotFeed::Batch* const batch = feed.next()) {
    for (const SnapshotKey& key : *batch) {
      while (next_database != counts.end() && next_database->db <= key.db) {
        document.begin_database(next_database->db, next_database->keys, next_database->with_ttl);
        ++next_database;
      }
      document.key(key.name, key.deadline_ms, key.use, key.stream.view());
    }
    if (document.failed()) break;
  }
  if (feed.is_cancelled()) return RdbWritten{};
  return document.finish();
}

RdbResult write_rdb(const RdbPlan& plan, const BackgroundSnapshot::Counts& counts,
                    SnapshotFeed& feed) {
  IoResult<ReplacingFile> file = create_file(plan);
  if (!file) return tl::unexpected(file.error());
  FileDestination destination(*file);
  RdbResult written = write_rdb(plan, destination, counts, feed);
  return feed.is_cancelled() ? RdbResult(RdbWritten{}) : placed(*file, std::move(written));
}

std::string rdb_without_keys(const RdbPlan& plan) {
  TextDestination destination;
  static_cast<void>(RdbDocument(plan, destination).finish());
  return std::move(destination.text);
}

RdbResult write_rdb(const RdbPlan& plan, Keyspace& keyspace) {
  IoResult<ReplacingFile> file = create_file(plan);
  if (!file) return tl::unexpected(file.error());
  FileDestination destination(*file);
  RdbDocument document(plan, destination);
  for (const Database& db : keyspace.databases()) {
    if (db.size() == 0) continue;
    document.begin_database(db.index(), db.size(), db.expiries().size());
    db.keys().for_each([&](const KeyEntry& entry) {
      if (document.failed()) return;
      document.key(entry.key(), db.deadline_ms(entry), keyspace.use_of(entry),
                   StreamView(entry.stream));
    });
  }
  return placed(*file, document.finish());
}

}  // namespace weir
