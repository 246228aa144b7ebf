// INFO: who follows whom, and how far.  Sentinel and tools read these names and this order.
#include "server/config.h"
#include "server/context.h"
#include "server/insight/info_section.h"
#include "server/replication/replicas.h"

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

}  // namespace

void add_replication_info(const Context& context, Section& section) {
  const Replicas& replicas = context.replicas;
  const ReplicationStream& stream = context.replication;
  const Settings& settings = context.config.values();
  const History& history = stream.history();
  section.add("role", "master").add("connected_slaves", replicas.all().size());
  if (settings.min_replicas_to_write > 0 && settings.min_replicas_max_lag_s > 0)
    section.add_signed("min_slaves_good_slaves", replicas.good_count());
  add_replicas(replicas, section);
  section.add("master_failover_state", "no-failover")
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
