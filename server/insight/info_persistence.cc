// INFO: Persistence.
#include <algorithm>

#include "server/clock.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/durability/append_log.h"
#include "server/durability/loader.h"
#include "server/durability/log_rewriter.h"
#include "server/durability/snapshot_runner.h"
#include "server/durability/snapshots.h"
#include "server/insight/info_section.h"
#include "server/time_units.h"

namespace weir {
namespace {

double per_cent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// In a quarter of the time a quarter is loaded.
int64_t seconds_left(const LoadProgress& load) {
  const int64_t taken_s = (Clock::monotonic_us() - load.began_monotonic_us) / kUsPerSecond;
  if (load.loaded_bytes == 0) return 1;
  const double left = static_cast<double>(load.total_bytes - load.loaded_bytes) /
                      static_cast<double>(load.loaded_bytes);
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(taken_s) * left));
}

void add_progress(const LoadProgress& load, Section& section) {
  section.add("loading_start_time", static_cast<uint64_t>(load.began_unix_s))
      .add("loading_total_bytes", load.total_bytes)
      .add("loading_rdb_used_mem", load.used_memory)
      .add("loading_loaded_bytes", load.loaded_bytes)
      .add_real("loading_loaded_perc", "%.2f", per_cent(load.loaded_bytes, load.total_bytes))
      .add("loading_eta_seconds", static_cast<uint64_t>(seconds_left(load)));
}

/// Of the snapshot that runs, whatever it is for.
void add_running(const Context& context, Section& section) {
  const BackgroundSnapshot* const running = context.snapshot_runner.running();
  section
      .add_real("current_fork_perc", "%.2f",
                running != nullptr ? per_cent(running->keys_done(), running->keys_total()) : 0)
      .add("current_save_keys_processed", running != nullptr ? running->keys_done() : 0)
      .add("current_save_keys_total", running != nullptr ? running->keys_total() : 0);
}

void add_snapshots(const Context& context, Section& section) {
  const Snapshots::Record& record = context.snapshots.record();
  section.add("rdb_changes_since_last_save", context.keyspace.changes)
      .add("rdb_bgsave_in_progress", context.snapshots.is_running() ? "1" : "0")
      .add("rdb_last_save_time", static_cast<uint64_t>(record.last_save_unix_s))
      .add("rdb_last_bgsave_status", record.last_background_failed ? "err" : "ok")
      .add_signed("rdb_last_bgsave_time_sec", record.last_background_s)
      .add_signed("rdb_current_bgsave_time_sec", context.snapshots.running_s())
      .add("rdb_saves", record.saves)
      .add("rdb_last_cow_size", "0");
}

void add_log(const Context& context, Section& section) {
  const AppendLog& log = context.append_log;
  const LogRewriter& rewriter = context.log_rewriter;
  const LogRewriter::Record& record = rewriter.record();
  section.add("aof_enabled", log.is_on() ? "1" : "0")
      .add("aof_rewrite_in_progress", rewriter.is_running() ? "1" : "0")
      .add("aof_rewrite_scheduled", record.is_scheduled ? "1" : "0")
      .add_signed("aof_last_rewrite_time_sec", record.last_s)
      .add_signed("aof_current_rewrite_time_sec", rewriter.running_s())
      .add("aof_last_bgrewrite_status", record.has_failed ? "err" : "ok")
      .add("aof_rewrites", record.rewrites)
      .add("aof_rewrites_consecutive_failures", record.failures_in_a_row)
      .add("aof_last_write_status", log.refusal().empty() ? "ok" : "err")
      .zeros({"aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"});
  if (!log.is_on()) return;
  section.add("aof_current_size", log.current_bytes())
      .add("aof_base_size", record.bytes_after)
      .add("aof_pending_rewrite", log.is_aside() ? "1" : "0")
      .add("aof_buffer_length", log.buffered_bytes())
      .add("aof_pending_bio_fsync", log.is_syncing() ? "1" : "0")
      .add("aof_delayed_fsync", log.delayed_syncs());
}

}  // namespace

void add_persistence_info(const Context& context, Section& section) {
  const LoadProgress& load = context.loader.progress();
  section.add("loading", load.is_loading ? "1" : "0")
      .zeros({"async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"});
  add_running(context, section);
  add_snapshots(context, section);
  section.add("rdb_last_load_keys_expired", load.keys_expired)
      .add("rdb_last_load_keys_loaded", load.keys_loaded);
  add_log(context, section);
  if (load.is_loading) add_progress(load, section);
}

}  // namespace weir
