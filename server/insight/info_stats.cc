// INFO: Stats, Commandstats, Errorstats and Latencystats.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/clock.h"
#include "server/command.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/insight/info.h"
#include "server/insight/info_section.h"
#include "server/insight/stats.h"
#include "server/insight/tick_clock.h"
#include "server/memory_limit.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/replication/replicas.h"
#include "server/text.h"
#include "server/time_units.h"

namespace weir {
namespace {

/// Stale keys of a database that INFO counts at most: some tens of microseconds.
constexpr size_t kMostStaleCounted = 1000;

double kilobytes(const Rate& rate) {
  return static_cast<double>(rate.per_second()) / 1024;
}

uint64_t commands_ns(const Stats& stats) {
  uint64_t sum = 0;
  for (const CommandStats& command : stats.by_command)
    sum += command.ns;
  return sum;
}

uint64_t mean_turn_us(const Stats& stats) {
  const uint64_t turns = stats.turn_rate.per_second();
  return turns > 0 ? stats.turn_ns_rate.per_second() / turns / kNsPerUs : 0;
}

/// "p50=1.003,p99=2.007", for the percentiles of latency-tracking-info-percentiles.
std::string percentiles_text(const Histogram& durations, std::string_view percentiles) {
  std::string text;
  while (!percentiles.empty()) {
    const std::string percentile(next_word(percentiles));
    const uint64_t ns = durations.percentile(std::strtod(percentile.c_str(), nullptr));
    char value[64];
    std::snprintf(value, sizeof(value), "%sp%s=%.3f", text.empty() ? "" : ",", percentile.c_str(),
                  static_cast<double>(ns) / kNsPerUs);
    text += value;
  }
  return text;
}

/// What sockets and the loop did.
void add_traffic(const Stats& stats, const IoCounts& io, Section& section) {
  section.add("total_connections_received", stats.connections)
      .add("total_commands_processed", stats.commands)
      .add("instantaneous_ops_per_sec", stats.command_rate.per_second())
      .add("total_net_input_bytes", io.bytes_in)
      .add("total_net_output_bytes", io.bytes_out)
      .add("total_net_repl_input_bytes", "0")
      .add("total_net_repl_output_bytes", io.replication_bytes_out)
      .add_real("instantaneous_input_kbps", "%.2f", kilobytes(stats.in_rate))
      .add_real("instantaneous_output_kbps", "%.2f", kilobytes(stats.out_rate))
      .add_all("0.00", {"instantaneous_input_repl_kbps", "instantaneous_output_repl_kbps"})
      .add("rejected_connections", stats.rejected_connections);
}

/// Of the keys with a TTL, those whose time is over and that are still there.
double stale_per_cent(const Context& context) {
  size_t stale = 0;
  size_t all = 0;
  for (const Database& db : context.keyspace.databases()) {
    stale += db.expiries().count_due(context.clock.unix_ms(), kMostStaleCounted);
    all += db.expiries().size();
  }
  return all == 0 ? 0 : 100 * static_cast<double>(stale) / static_cast<double>(all);
}

}  // namespace

void add_stats_info(const Context& context, Section& section) {
  const Stats& stats = context.stats;
  const LookupCounts& lookups = context.keyspace.lookups();
  const IoCounts io = context.io.counts() - stats.io_at_reset;
  add_traffic(stats, io, section);
  const Replicas::Counts& syncs = context.replicas.counts();
  section.add("sync_full", syncs.full)
      .add("sync_partial_ok", syncs.partial)
      .add("sync_partial_err", syncs.partial_refused)
      .add("expired_subkeys", "0")
      .add("expired_keys", lookups.expired)
      .add_real("expired_stale_perc", "%.2f", stale_per_cent(context))
      .add("expired_time_cap_reached_count", stats.expiry_runs_cut)
      .add("expire_cycle_cpu_milliseconds", static_cast<uint64_t>(stats.expiry_us / kUsPerMs))
      .add("evicted_keys", lookups.evicted)
      .add("evicted_clients", io.evicted_clients)
      .add("evicted_scripts", "0")
      .add("total_eviction_exceeded_time",
           static_cast<uint64_t>(context.memory.exceeded_us() / kUsPerMs))
      .add("current_eviction_exceeded_time",
           static_cast<uint64_t>(context.memory.exceeded_for_us() / kUsPerMs))
      .add("keyspace_hits", lookups.hits)
      .add("keyspace_misses", lookups.misses)
      .add("pubsub_channels", context.pubsub.topic_count(TopicKind::kChannel))
      .add("pubsub_patterns", context.pubsub.topic_count(TopicKind::kPattern))
      .add("pubsubshard_channels", context.pubsub.topic_count(TopicKind::kShardChannel))
      .zeros({"latest_fork_usec", "total_forks", "migrate_cached_sockets",
              "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
              "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
              "current_active_defrag_time"})
      .add("tracking_total_keys", context.tracking.table().key_count())
      .add("tracking_total_items", context.tracking.table().item_count())
      .add("tracking_total_prefixes", context.tracking.broadcasts().prefix_count())
      .add("unexpected_error_replies", "0")
      .add("total_error_replies", stats.errors)
      .add("dump_payload_sanitizations", "0")
      .add("total_reads_processed", io.reads)
      .add("total_writes_processed", io.writes)
      .zeros({"io_threaded_reads_processed", "io_threaded_writes_processed"})
      .add("client_query_buffer_limit_disconnections", io.query_buffer_disconnections)
      .add("client_output_buffer_limit_disconnections", io.output_disconnections)
      .zeros({"reply_buffer_shrinks", "reply_buffer_expands"})
      .add("eventloop_cycles", stats.turns)
      .add("eventloop_duration_sum", stats.turns_ns / kNsPerUs)
      .add("eventloop_duration_cmd_sum", commands_ns(stats) / kNsPerUs)
      .add("instantaneous_eventloop_cycles_per_sec", stats.turn_rate.per_second())
      .add("instantaneous_eventloop_duration_usec", mean_turn_us(stats))
      .add("acl_access_denied_auth", stats.auth_failures)
      .add("acl_access_denied_cmd", stats.denied_commands)
      .add("acl_access_denied_key", stats.denied_keys)
      .add("acl_access_denied_channel", stats.denied_channels)
      .add("acl_access_denied_tls_cert", stats.denied_certificates);
}

void add_command_stats(const Context& context, Section& section) {
  for (size_t row = 0; row < context.commands.size(); ++row) {
    const CommandStats& stats = context.stats.by_command[row];
    if (stats.calls == 0 && stats.rejected_calls == 0 && stats.failed_calls == 0) continue;
    const double per_call = stats.calls > 0 ? static_cast<double>(stats.ns) / kNsPerUs /
                                                  static_cast<double>(stats.calls)
                                            : 0;
    char values[160];
    std::snprintf(values, sizeof(values),
                  "calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu",
                  static_cast<unsigned long long>(stats.calls),
                  static_cast<unsigned long long>(stats.ns / kNsPerUs), per_call,
                  static_cast<unsigned long long>(stats.rejected_calls),
                  static_cast<unsigned long long>(stats.failed_calls));
    section.add("cmdstat_" + std::string(context.commands[row].name), values);
  }
}

void add_latency_stats(const Context& context, Section& section) {
  if (!context.config->latency_tracking) return;
  const std::string& percentiles = context.config->latency_tracking_info_percentiles;
  for (size_t row = 0; row < context.commands.size(); ++row) {
    const Histogram* const durations = context.stats.by_command[row].durations.get();
    if (durations == nullptr || percentiles.empty()) continue;
    section.add("latency_percentiles_usec_" + std::string(context.commands[row].name),
                percentiles_text(*durations, percentiles));
  }
}

void add_error_stats(const Context& context, Section& section) {
  for (const auto& [code, count] : context.stats.errors_by_code) {
    section.add("errorstat_" + code, "count=" + std::to_string(count));
  }
}

}  // namespace weir
