#include "server/durability/snapshots.h"

#include <string>
#include <utility>

#include <unistd.h>

#include "server/clock.h"
#include "server/durability/rdb_saving.h"
#include "server/host/log.h"
#include "server/time_units.h"

namespace weir {
namespace {

int64_t unix_s() {
  return Clock::unix_us_now() / kUsPerSecond;
}

}  // namespace

Snapshots::Snapshots(const Parts& parts) : parts_(parts) {
  record_.last_save_unix_s = unix_s();
}

int64_t Snapshots::running_s() const {
  if (record_.began_monotonic_us < 0) return -1;
  return (Clock::monotonic_us() - record_.began_monotonic_us) / kUsPerSecond;
}

RdbPlan Snapshots::plan() const {
  RdbPlan plan = plan_of(parts_.settings, parts_.files);
  if (position) plan.position = position();
  return plan;
}

// --- In the foreground ---------------------------------------------------------------------------

bool Snapshots::save() {
  end_unwanted();
  const RdbResult written = write_rdb(plan(), parts_.keyspace);
  if (!written) {
    parts_.log.warning("Error saving DB on disk: " + to_string(written.error()));
    return false;
  }
  parts_.log.notice("DB saved on disk");
  warn_of_hidden(*written);
  parts_.keyspace.changes = 0;
  record_.last_save_unix_s = unix_s();
  record_.last_background_failed = false;
  ++record_.saves;
  return true;
}

/// One that was cancelled may have come so far that it still puts its file, which is older, in the
/// place of the next.
void Snapshots::end_unwanted() {
  if (parts_.runner.is_cancelled()) parts_.runner.stop();
}

/// Once: who wants to know finds it.
void Snapshots::warn_of_hidden(const RdbWritten& written) {
  if (warned_of_hidden_ || written.hidden_messages + written.hidden_nacks == 0) return;
  warned_of_hidden_ = true;
  parts_.log.warning("RDB version " + std::to_string(parts_.settings.rdb_version) +
                     " has no place for " + std::to_string(written.hidden_messages) +
                     " messages of producers and " + std::to_string(written.hidden_nacks) +
                     " pending entries without an owner: Weir finds them in the file, Redis does "
                     "not (see rdb-version)");
}

// --- In the background ---------------------------------------------------------------------------

void Snapshots::begin() {
  end_unwanted();
  record_.is_scheduled = false;
  record_.changes_at_begin = parts_.keyspace.changes;
  record_.began_monotonic_us = Clock::monotonic_us();
  record_.last_try_unix_s = unix_s();
  parts_.log.notice("Background saving started by pid " + std::to_string(getpid()));
  // The writer's, until it has ended.
  const auto written = std::make_shared<RdbWritten>();
  parts_.runner.begin(
      SnapshotPurpose::kSave,
      [plan = plan(), written](const auto& counts, SnapshotFeed& feed) -> IoResult<void> {
        RdbResult result = write_rdb(plan, counts, feed);
        if (!result) return tl::unexpected(std::move(result.error()));
        *written = *result;
        return {};
      },
      [this, written](const IoResult<void>& result, bool is_cancelled) {
        ended(result, is_cancelled);
        warn_of_hidden(*written);
      });
}

void Snapshots::ended(const IoResult<void>& result, bool is_cancelled) {
  const int64_t took_us = Clock::monotonic_us() - record_.began_monotonic_us;
  record_.began_monotonic_us = -1;
  record_.last_background_s = took_us / kUsPerSecond;
  if (is_cancelled) {
    parts_.log.warning("Background saving cancelled");
    return;
  }
  record_.last_background_failed = !result;
  if (!result) {
    parts_.log.warning("Error saving DB on disk: " + to_string(result.error()));
    parts_.log.warning("Background saving error");
    return;
  }
  parts_.log.notice("DB saved on disk");
  parts_.log.notice("Background saving terminated with success");
  parts_.keyspace.changes -= record_.changes_at_begin;
  record_.last_save_unix_s = unix_s();
  ++record_.saves;
}

void Snapshots::kill() {
  if (parts_.runner.is_running(SnapshotPurpose::kSave)) parts_.runner.stop();
}

void Snapshots::flushed() {
  if (!parts_.settings.save.empty()) {
    kill();  // or it might still put its file in the place of ours
    save();
  } else if (is_running()) {
    parts_.runner.cancel();
  }
}

bool Snapshots::prepare_end(FinalSave wish, bool force) {
  if (is_running()) parts_.log.warning("There is a child saving an .rdb. Killing it!");
  parts_.runner.stop();
  const bool has_points = !parts_.settings.save.empty();
  if (wish == FinalSave::kNo || (wish == FinalSave::kWithSavePoints && !has_points)) return true;
  parts_.log.notice("Saving the final RDB snapshot before exiting.");
  if (save()) return true;
  if (force) {
    parts_.log.warning("Error trying to save the DB, but shutting down anyway.");
    return true;
  }
  parts_.log.warning("Error trying to save the DB, can't exit.");
  return false;
}

// --- When ----------------------------------------------------------------------------------------

const SavePoint* Snapshots::due_point(int64_t now_s) const {
  if (record_.last_background_failed && now_s - record_.last_try_unix_s <= kRetryS) return nullptr;
  for (const SavePoint& point : parts_.settings.save) {
    if (parts_.keyspace.changes >= static_cast<uint64_t>(point.changes) &&
        now_s - record_.last_save_unix_s > point.seconds)
      return &point;
  }
  return nullptr;
}

void Snapshots::cron(int64_t now_s) {
  if (parts_.runner.is_running()) return;
  if (record_.is_scheduled) return begin();
  const SavePoint* const point = due_point(now_s);
  if (point == nullptr) return;
  parts_.log.notice(std::to_string(point->changes) + " changes in " +
                    std::to_string(point->seconds) + " seconds. Saving...");
  begin();
}

}  // namespace weir
