// INFO: Memory.
#include <algorithm>
#include <cstdio>

#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/insight/info.h"
#include "server/insight/info_section.h"
#include "server/insight/memory.h"
#include "server/insight/stats.h"
#include "server/net/client_table.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr std::string_view kPolicyOption[] = {"maxmemory-policy"};

std::string percent(size_t part, size_t whole) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f%%",
                whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
  return text;
}

struct Usage {
  MemoryFigures allocator = allocator_figures();
  size_t resident = resident_bytes();
  size_t clients = 0;
  size_t tables = 0;
  size_t moving_tables = 0;
};

Usage measure(const Context& context) {
  Usage usage;
  for (const auto& [id, client] : context.clients)
    usage.clients += client->memory_bytes();
  for (const Database& db : context.keyspace.databases()) {
    usage.tables += db.keys().memory_bytes();
    usage.moving_tables += db.keys().moving_bytes();
  }
  return usage;
}

void add_used(const Context& context, const Usage& usage, Section& section) {
  const size_t used = usage.allocator.allocated;
  const size_t start = context.identity.memory_at_start;
  const size_t overhead = std::min(start + usage.clients + usage.tables, used);
  Stats& stats = context.stats;
  stats.peak_memory_bytes = std::max(stats.peak_memory_bytes, used);
  section.add("used_memory", used)
      .add("used_memory_human", human_bytes(used))
      .add("used_memory_rss", usage.resident)
      .add("used_memory_rss_human", human_bytes(usage.resident))
      .add("used_memory_peak", stats.peak_memory_bytes)
      .add("used_memory_peak_human", human_bytes(stats.peak_memory_bytes))
      .add("used_memory_peak_perc", percent(used, stats.peak_memory_bytes))
      .add("used_memory_overhead", overhead)
      .add("used_memory_startup", start)
      .add("used_memory_dataset", used - overhead)
      .add("used_memory_dataset_perc", percent(used - overhead, used));
}

void add_limits(const Context& context, Section& section) {
  const uint64_t limit = context.config->maxmemory;
  section.add("total_system_memory", machine_bytes())
      .add("total_system_memory_human", human_bytes(machine_bytes()))
      .zeros({"used_memory_lua", "used_memory_vm_eval"})
      .add("used_memory_lua_human", "0B")
      .zeros({"used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions",
              "number_of_libraries", "used_memory_vm_functions", "used_memory_vm_total"})
      .add("used_memory_vm_total_human", "0B")
      .zeros({"used_memory_functions", "used_memory_scripts"})
      .add("used_memory_scripts_human", "0B")
      .add("maxmemory", limit)
      .add("maxmemory_human", human_bytes(limit))
      .add("maxmemory_policy", context.config.get(kPolicyOption).front().second);
}

/// How much more `whole` is than `part`: as a ratio and in bytes.
void add_excess(Section& section, const std::string& name, size_t whole, size_t part) {
  section
      .add_real(name + "_ratio", "%.2f",
                part > 0 ? static_cast<double>(whole) / static_cast<double>(part) : 0.0)
      .add_signed(name + "_bytes", static_cast<int64_t>(whole) - static_cast<int64_t>(part));
}

}  // namespace

void add_memory_info(const Context& context, Section& section) {
  const Usage usage = measure(context);
  const MemoryFigures& allocator = usage.allocator;
  add_used(context, usage, section);
  section.add("allocator_allocated", allocator.allocated)
      .add("allocator_active", allocator.active)
      .add("allocator_resident", allocator.resident)
      .add("allocator_muzzy", "0");  // main.cc lets no page become muzzy
  add_limits(context, section);
  add_excess(section, "allocator_frag", allocator.active, allocator.allocated);
  add_excess(section, "allocator_rss", allocator.resident, allocator.active);
  add_excess(section, "rss_overhead", usage.resident, allocator.resident);
  add_excess(section, "mem_fragmentation", usage.resident, allocator.allocated);
  section
      .zeros({"mem_not_counted_for_evict", "mem_replication_backlog",
              "mem_total_replication_buffers", "mem_clients_slaves"})
      .add("mem_clients_normal", usage.clients)
      .zeros({"mem_cluster_links", "mem_aof_buffer"})
      .add("mem_overhead_db_hashtable_rehashing", usage.moving_tables)
      .add("mem_allocator", allocator_name())
      .add("active_defrag_running", "0")
      .add("lazyfree_pending_objects", context.keyspace.lazy_free.pending())
      .add("lazyfreed_objects", context.keyspace.lazy_free.freed());
}

}  // namespace weir
