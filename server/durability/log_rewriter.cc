#include "server/durability/log_rewriter.h"

#include <algorithm>
#include <string>
#include <utility>

#include <unistd.h>

#include "server/clock.h"
#include "server/host/log.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// After so many failures in a row the next try waits, twice as long each time.
constexpr uint64_t kFreeFailures = 3;
constexpr int64_t kFirstPauseUs = 60 * kUsPerSecond;
constexpr int64_t kLongestPauseUs = 60 * kFirstPauseUs;
constexpr uint64_t kPerCent = 100;

}  // namespace

int64_t LogRewriter::running_s() const {
  if (!is_running()) return -1;
  return (Clock::monotonic_us() - record_.began_monotonic_us) / kUsPerSecond;
}

BasePlan LogRewriter::plan_for(const std::string& path) const {
  return base_plan_of(parts_.settings, parts_.keyspace.new_stream_limits, path, parts_.files);
}

IoResult<void> LogRewriter::write_base(const std::string& path) {
  return write_log_base(plan_for(path), parts_.keyspace).map([](uint64_t) {});
}

bool LogRewriter::begin() {
  if (parts_.runner.is_cancelled()) parts_.runner.stop();
  record_.is_scheduled = false;
  record_.last_try_us = record_.began_monotonic_us = Clock::monotonic_us();
  if (const IoResult<void> rotated = parts_.append_log.rotate(); !rotated) {
    failed(rotated.error());
    return false;
  }
  parts_.log.notice("Background append only file rewriting started by pid " +
                    std::to_string(getpid()));
  const auto written = std::make_shared<uint64_t>(0);
  parts_.runner.begin(
      SnapshotPurpose::kLogBase,
      [plan = plan_for(parts_.append_log.next_base_path()), written](
          const auto& counts, SnapshotFeed& feed) -> IoResult<void> {
        IoResult<uint64_t> result = write_log_base(plan, counts, feed);
        if (!result) return tl::unexpected(std::move(result).error());
        *written = *result;
        return {};
      },
      [this, written](const IoResult<void>& result, bool is_cancelled) {
        ended(result, is_cancelled, *written);
      });
  return true;
}

void LogRewriter::failed(const IoError& error) {
  parts_.log.warning("Background AOF rewrite terminated with error: " + to_string(error));
  record_.has_failed = true;
  ++record_.failures_in_a_row;
}

void LogRewriter::ended(const IoResult<void>& result, bool is_cancelled, uint64_t bytes) {
  record_.last_s = (Clock::monotonic_us() - record_.began_monotonic_us) / kUsPerSecond;
  if (is_cancelled) {
    parts_.log.warning("Background AOF rewrite cancelled");
    return;
  }
  if (!result) return failed(result.error());
  if (const IoResult<void> done = parts_.append_log.commit_base(bytes); !done)
    return failed(done.error());
  parts_.log.notice("Background AOF rewrite terminated with success");
  parts_.log.notice("Background AOF rewrite finished successfully");
  record_.has_failed = false;
  record_.failures_in_a_row = 0;
  ++record_.rewrites;
  record_.bytes_after = parts_.append_log.current_bytes();
}

void LogRewriter::kill() {
  record_.is_scheduled = false;
  if (parts_.runner.is_running(SnapshotPurpose::kLogBase)) parts_.runner.stop();
}

/// How long after the last try the next one that nobody asks for may begin.
int64_t LogRewriter::pause_us() const {
  if (record_.failures_in_a_row < kFreeFailures) return kUsPerSecond;
  const uint64_t doublings = std::min<uint64_t>(record_.failures_in_a_row - kFreeFailures, 6);
  return std::min(kFirstPauseUs << doublings, kLongestPauseUs);
}

bool LogRewriter::is_due(int64_t now_us) {
  const AppendLog& append_log = parts_.append_log;
  if (record_.is_scheduled) return true;
  if (!append_log.is_on() || now_us - record_.last_try_us < pause_us()) return false;
  if (append_log.is_aside() || append_log.needs_rewrite()) return true;
  const auto percentage = static_cast<uint64_t>(parts_.settings.auto_aof_rewrite_percentage);
  const uint64_t now = append_log.current_bytes();
  if (percentage == 0 || now <= parts_.settings.auto_aof_rewrite_min_size) return false;
  const uint64_t before = std::max<uint64_t>(record_.bytes_after, 1);
  const uint64_t growth = now > before ? (now - before) * kPerCent / before : 0;
  if (growth < percentage) return false;
  parts_.log.notice("Starting automatic rewriting of AOF on " + std::to_string(growth) +
                    "% growth");
  return true;
}

void LogRewriter::cron(int64_t now_us) {
  parts_.append_log.set_saving(parts_.runner.is_running());
  if (!parts_.runner.is_running() && is_due(now_us)) begin();
}

}  // namespace weir
