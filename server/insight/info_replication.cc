// INFO: who follows whom, and how far.  Sentinel and tools read these names and this order.
#include "server/clock.h"
#include "server/config.h"
#include "server/context.h"
#include "server/insight/info_section.h"
#include "server/replication/failover.h"
#include "server/replication/replicas.h"
#include "server/replication/upstream.h"
#include "server/time_units.h"

namespace weir {
namespace {

void add_replicas(const Replicas& replicas, Section& section) {
  size_t number = 0;
  for (const Replica* const replica : replicas.all()) {
    section.add("slave" + std::to_string(number++),
                "ip=" + replica->ip() + ",port=" + std::to_string(replica->traits.port) +
                    ",state=" + std::string(replica->state_name()) +
                    ",offset=" + std::to_string(replica->acked()) +
                    ",lag=" + std::to_string(replicas.lag_s(*replica)));
  }
}

void add_transfer(const PrimaryLink& link, int64_t now_ms, Section& section) {
  const std::optional<Transfer>& transfer = link.transfer();
  const uint64_t received = transfer ? transfer->received_bytes() : 0;
  const uint64_t total = transfer ? transfer->total_bytes().value_or(0) : 0;
  section.add("master_sync_total_bytes", total)
      .add("master_sync_read_bytes", received)
      .add_signed("master_sync_left_bytes",
                  static_cast<int64_t>(total) - static_cast<int64_t>(received))
      .add_real("master_sync_perc", "%.2f",
                total == 0 ? 0.0 : static_cast<double>(received) * 100 / static_cast<double>(total))
      .add_signed("master_sync_last_io_seconds_ago",
                  (now_ms - link.last_heard_ms()) / kMsPerSecond);
}

void add_upstream(const Context& context, Section& section) {
  const Upstream& upstream = context.upstream;
  const Settings& settings = context.config.values();
  const PrimaryLink& link = upstream.link();
  const Upstream::Record& record = upstream.record();
  const int64_t now_ms = context.clock.monotonic_ms();
  const bool is_up = link.is_streaming();
  const auto seconds_since = [now_ms](int64_t then_ms) {
    return (now_ms - then_ms) / kMsPerSecond;
  };
  section.add("role", "slave")
      .add("master_host", upstream.primary()->host)
      .add_signed("master_port", upstream.primary()->port)
      .add("master_link_status", is_up ? "up" : "down")
      .add_signed("master_last_io_seconds_ago", is_up ? seconds_since(link.last_heard_ms()) : -1)
      .add("master_sync_in_progress", link.is_syncing() ? "1" : "0")
      .add_signed("slave_read_repl_offset", upstream.received_offset())
      .add_signed("slave_repl_offset", upstream.applied_offset())
      .add("replica_full_sync_buffer_size", "0")
      .add("replica_full_sync_buffer_peak", "0")
      .add("master_current_sync_attempts", record.current_attempts)
      .add("master_total_sync_attempts", record.attempts);
  if (link.is_syncing()) add_transfer(link, now_ms, section);
  if (is_up) {
    section.add_signed("master_link_up_since_seconds", seconds_since(record.up_since_ms));
  } else {
    section.add_signed("master_link_down_since_seconds",
                       record.down_since_ms < 0 ? -1 : seconds_since(record.down_since_ms));
  }
  section.add("master_client_io_thread", "0")
      .add_signed("total_disconnect_time_sec", record.disconnected_ms / kMsPerSecond)
      .add_signed("slave_priority", settings.replica_priority)
      .add("slave_read_only", settings.replica_read_only ? "1" : "0")
      .add("replica_announced", settings.replica_announced ? "1" : "0");
}

}  // namespace

void add_replication_info(const Context& context, Section& section) {
  const Replicas& replicas = context.replicas;
  const ReplicationStream& stream = context.replication;
  const Settings& settings = context.config.values();
  const History& history = stream.history();
  if (context.upstream.is_on()) {
    add_upstream(context, section);
  } else {
    section.add("role", "master");
  }
  section.add("connected_slaves", replicas.all().size());
  if (settings.min_replicas_to_write > 0 && settings.min_replicas_max_lag_s > 0)
    section.add_signed("min_slaves_good_slaves", replicas.good_count());
  add_replicas(replicas, section);
  section.add("master_failover_state", context.failover.state_name())
      .add("master_replid", history.id())
      .add("master_replid2", history.former_id())
      .add_signed("master_repl_offset", stream.offset())
      .add_signed("second_repl_offset", history.former_end())
      .add("repl_backlog_active", stream.is_kept() ? "1" : "0")
      .add("repl_backlog_size", settings.repl_backlog_size)
      .add_signed("repl_backlog_first_byte_offset", stream.is_kept() ? stream.backlog().first() : 0)
      .add("repl_backlog_histlen", stream.is_kept() ? stream.backlog().length() : 0);
}

}  // namespace weir
