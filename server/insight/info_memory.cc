// INFO: Memory.
#include <cstdio>

#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/durability/append_log.h"
#include "server/insight/info_section.h"
#include "server/insight/memory_use.h"
#include "server/memory_limit.h"
#include "server/text.h"

namespace weir {
namespace {

constexpr std::string_view kPolicyOption[] = {"maxmemory-policy"};

std::string percent(size_t part, size_t whole) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f%%", 100 * share(part, whole));
  return text;
}

void add_used(const MemoryUse& use, Section& section) {
  section.add("used_memory", use.used())
      .add("used_memory_human", human_bytes(use.used()))
      .add("used_memory_rss", use.resident)
      .add("used_memory_rss_human", human_bytes(use.resident))
      .add("used_memory_peak", use.peak)
      .add("used_memory_peak_human", human_bytes(use.peak))
      .add("used_memory_peak_perc", percent(use.used(), use.peak))
      .add("used_memory_overhead", use.overhead())
      .add("used_memory_startup", use.at_start)
      .add("used_memory_dataset", use.dataset())
      .add("used_memory_dataset_perc", percent(use.dataset(), use.used()));
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
  section.add_real(name + "_ratio", "%.2f", share(whole, part))
      .add_signed(name + "_bytes", static_cast<int64_t>(whole) - static_cast<int64_t>(part));
}

}  // namespace

void add_memory_info(const Context& context, Section& section) {
  const MemoryUse use = measure_memory(context);
  const MemoryFigures& allocator = use.allocator;
  add_used(use, section);
  section.add("allocator_allocated", allocator.allocated)
      .add("allocator_active", allocator.active)
      .add("allocator_resident", allocator.resident)
      .add("allocator_muzzy", "0");  // main.cc lets no page become muzzy
  add_limits(context, section);
  add_excess(section, "allocator_frag", allocator.active, allocator.allocated);
  add_excess(section, "allocator_rss", allocator.resident, allocator.active);
  add_excess(section, "rss_overhead", use.resident, allocator.resident);
  add_excess(section, "mem_fragmentation", use.resident, allocator.allocated);
  section.add("mem_not_counted_for_evict", context.memory.not_counted())
      .add("mem_replication_backlog", use.backlog)
      .add("mem_total_replication_buffers", use.backlog)
      .add("mem_clients_slaves", use.replicas)
      .add("mem_clients_normal", use.clients)
      .add("mem_cluster_links", "0")
      .add("mem_aof_buffer", context.append_log.buffered_bytes())
      .add("mem_overhead_db_hashtable_rehashing", use.moving_tables)
      .add("mem_allocator", allocator_name())
      .add("active_defrag_running", "0")
      .add("lazyfree_pending_objects", context.keyspace.lazy_free.pending())
      .add("lazyfreed_objects", context.keyspace.lazy_free.freed());
}

}  // namespace weir
