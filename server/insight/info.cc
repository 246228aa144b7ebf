#include "server/insight/info.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/command.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/data/waiters.h"
#include "server/host/process.h"
#include "server/insight/memory.h"
#include "server/insight/stats.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/text.h"

namespace weir {
namespace {

/// Collects "name:value" lines.
class Section {
 public:
  Section& add(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += ':';
    text_ += value;
    text_ += "\r\n";
    return *this;
  }
  Section& add(std::string_view name, uint64_t value) { return add(name, std::to_string(value)); }
  Section& add_signed(std::string_view name, int64_t value) {
    return add(name, std::to_string(value));
  }
  Section& add_real(std::string_view name, const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof(text), format, value);
    return add(name, text);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_server(const Context& context, Section& section) {
  const Settings& settings = context.config.values();
  const ServerIdentity& identity = context.identity;
  const int64_t uptime_s = context.clock.unix_ms() / 1000 - identity.started_unix_s;
  utsname system{};
  uname(&system);
  section.add("redis_version", settings.compat_version)
      .add("weir_version", weir_version())
      .add("redis_git_sha1", "00000000")
      .add("redis_git_dirty", "0")
      .add("redis_build_id", "0000000000000000")
      .add("redis_mode", "standalone")
      .add("os", std::string(system.sysname) + " " + system.release + " " + system.machine)
      .add("arch_bits", 8 * sizeof(void*))
      .add("monotonic_clock", "POSIX clock_gettime")
      .add("multiplexing_api", "epoll")
      .add("gcc_version", __VERSION__)
      .add("process_id", static_cast<uint64_t>(getpid()))
      .add("process_supervised", is_supervised_by_systemd(settings) ? "systemd" : "no")
      .add("run_id", identity.run_id)
      .add("tcp_port", static_cast<uint64_t>(settings.port))
      .add("server_time_usec", static_cast<uint64_t>(context.clock.unix_us()))
      .add("uptime_in_seconds", static_cast<uint64_t>(uptime_s))
      .add("uptime_in_days", static_cast<uint64_t>(uptime_s / 86400))
      .add("hz", static_cast<uint64_t>(settings.hz))
      .add("configured_hz", static_cast<uint64_t>(settings.hz))
      .add("lru_clock", static_cast<uint64_t>(context.clock.unix_ms() / 1000 & 0xffffff))
      .add("executable", identity.executable)
      .add("config_file", context.config.file())
      .add("io_threads_active", "0");
}

void add_clients(const Context& context, Section& section) {
  const Waiters& waiters = context.waiters;
  size_t largest_input = 0;
  size_t largest_output = 0;
  for (const auto& [id, client] : context.clients) {
    largest_input = std::max(largest_input, client->input.capacity());
    largest_output = std::max(largest_output, client->output.capacity());
  }
  section.add("connected_clients", context.clients.size() - context.io.closing())
      .add("cluster_connections", "0")
      .add("maxclients", context.config->maxclients)
      .add("client_recent_max_input_buffer", largest_input)
      .add("client_recent_max_output_buffer", largest_output)
      .add("blocked_clients", waiters.size())
      .add("tracking_clients", "0")
      .add("pubsub_clients", "0")
      .add("watching_clients", "0")
      .add("clients_in_timeout_table", waiters.deadline_count())
      .add("total_watched_keys", "0")
      .add("total_blocking_keys", waiters.key_count())
      .add("total_blocking_keys_on_nokey", "0");
}

std::string percent(double part, double whole) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f%%", whole > 0 ? 100 * part / whole : 0);
  return text;
}

constexpr std::string_view kPolicyOption[] = {"maxmemory-policy"};

void add_memory(const Context& context, Section& section) {
  const MemoryFigures figures = allocator_figures();
  const Settings& settings = context.config.values();
  Stats& stats = context.stats;
  stats.peak_memory_bytes = std::max(stats.peak_memory_bytes, figures.allocated);
  const size_t resident = resident_bytes();
  const size_t start = context.identity.memory_at_start;
  size_t client_bytes = 0;
  for (const auto& [id, client] : context.clients)
    client_bytes += client->memory_bytes();
  size_t table_bytes = 0;
  size_t moving_bytes = 0;
  for (const Database& db : context.keyspace.databases()) {
    table_bytes += db.keys().memory_bytes();
    moving_bytes += db.keys().moving_bytes();
  }
  const size_t overhead = std::min(start + client_bytes + table_bytes, figures.allocated);
  const auto ratio = [](size_t a, size_t b) {
    return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0.0;
  };
  section.add("used_memory", figures.allocated)
      .add("used_memory_human", human_bytes(figures.allocated))
      .add("used_memory_rss", resident)
      .add("used_memory_rss_human", human_bytes(resident))
      .add("used_memory_peak", stats.peak_memory_bytes)
      .add("used_memory_peak_human", human_bytes(stats.peak_memory_bytes))
      .add("used_memory_peak_perc", percent(static_cast<double>(figures.allocated),
                                            static_cast<double>(stats.peak_memory_bytes)))
      .add("used_memory_overhead", overhead)
      .add("used_memory_startup", start)
      .add("used_memory_dataset", figures.allocated - overhead)
      .add("used_memory_dataset_perc", percent(static_cast<double>(figures.allocated - overhead),
                                               static_cast<double>(figures.allocated)))
      .add("allocator_allocated", figures.allocated)
      .add("allocator_active", figures.active)
      .add("allocator_resident", figures.resident)
      .add("total_system_memory", machine_bytes())
      .add("total_system_memory_human", human_bytes(machine_bytes()))
      .add("maxmemory", settings.maxmemory)
      .add("maxmemory_human", human_bytes(settings.maxmemory))
      .add("maxmemory_policy", context.config.get(kPolicyOption).front().second)
      .add_real("allocator_frag_ratio", "%.2f", ratio(figures.active, figures.allocated))
      .add("allocator_frag_bytes", figures.active - std::min(figures.active, figures.allocated))
      .add_real("mem_fragmentation_ratio", "%.2f", ratio(resident, figures.allocated))
      .add_signed("mem_fragmentation_bytes",
                  static_cast<int64_t>(resident) - static_cast<int64_t>(figures.allocated))
      .add("mem_clients_normal", client_bytes)
      .add("mem_overhead_db_hashtable_rehashing", moving_bytes)
      .add("mem_allocator", allocator_name());
}

void add_persistence(const Context& context, Section& section) {
  // Nothing is kept on disk in this version; the fields say just that.
  section.add("loading", "0")
      .add("async_loading", "0")
      .add("rdb_changes_since_last_save", context.keyspace.changes)
      .add("rdb_bgsave_in_progress", "0")
      .add("rdb_last_save_time", static_cast<uint64_t>(context.identity.started_unix_s))
      .add("rdb_last_bgsave_status", "ok")
      .add("aof_enabled", "0")
      .add("aof_rewrite_in_progress", "0")
      .add("aof_last_bgrewrite_status", "ok")
      .add("aof_last_write_status", "ok");
}

void add_stats(const Context& context, Section& section) {
  const Stats& stats = context.stats;
  const LookupCounts& lookups = context.keyspace.lookups();
  const IoCounts io = context.io.counts() - stats.io_at_reset;
  section.add("total_connections_received", stats.connections)
      .add("total_commands_processed", stats.commands)
      .add("instantaneous_ops_per_sec", stats.command_rate.per_second())
      .add("total_net_input_bytes", io.bytes_in)
      .add("total_net_output_bytes", io.bytes_out)
      .add_real("instantaneous_input_kbps", "%.2f",
                static_cast<double>(stats.in_rate.per_second()) / 1024)
      .add_real("instantaneous_output_kbps", "%.2f",
                static_cast<double>(stats.out_rate.per_second()) / 1024)
      .add("rejected_connections", stats.rejected_connections)
      .add("expired_keys", "0")
      .add("evicted_keys", "0")
      .add("keyspace_hits", lookups.hits)
      .add("keyspace_misses", lookups.misses)
      .add("pubsub_channels", "0")
      .add("pubsub_patterns", "0")
      .add("total_error_replies", stats.errors)
      .add("total_reads_processed", io.reads)
      .add("total_writes_processed", io.writes)
      .add("client_query_buffer_limit_disconnections", io.query_buffer_disconnections)
      .add("client_output_buffer_limit_disconnections", io.output_disconnections)
      .add("eventloop_cycles", stats.turns)
      .add("acl_access_denied_auth", stats.auth_failures);
}

void add_replication(const Context& context, Section& section) {
  section.add("role", "master")
      .add("connected_slaves", "0")
      .add("master_failover_state", "no-failover")
      .add("master_replid", context.identity.run_id)
      .add("master_replid2", std::string(40, '0'))
      .add("master_repl_offset", "0")
      .add("second_repl_offset", "-1")
      .add("repl_backlog_active", "0")
      .add("repl_backlog_size", "1048576")
      .add("repl_backlog_first_byte_offset", "0")
      .add("repl_backlog_histlen", "0");
}

void add_cpu(const Context&, Section& section) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  rusage all{};
  rusage children{};
  rusage main_thread{};
  getrusage(RUSAGE_SELF, &all);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &main_thread);
  section.add_real("used_cpu_sys", "%.6f", seconds(all.ru_stime))
      .add_real("used_cpu_user", "%.6f", seconds(all.ru_utime))
      .add_real("used_cpu_sys_children", "%.6f", seconds(children.ru_stime))
      .add_real("used_cpu_user_children", "%.6f", seconds(children.ru_utime))
      .add_real("used_cpu_sys_main_thread", "%.6f", seconds(main_thread.ru_stime))
      .add_real("used_cpu_user_main_thread", "%.6f", seconds(main_thread.ru_utime));
}

void add_modules(const Context&, Section&) {}

void add_commandstats(const Context& context, Section& section) {
  for (size_t row = 0; row < context.commands.size(); ++row) {
    const CommandStats& stats = context.stats.by_command[row];
    if (stats.calls == 0 && stats.rejected_calls == 0 && stats.failed_calls == 0) continue;
    const double per_call =
        stats.calls > 0 ? static_cast<double>(stats.us) / static_cast<double>(stats.calls) : 0;
    char values[160];
    std::snprintf(values, sizeof(values),
                  "calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu",
                  static_cast<unsigned long long>(stats.calls),
                  static_cast<unsigned long long>(stats.us), per_call,
                  static_cast<unsigned long long>(stats.rejected_calls),
                  static_cast<unsigned long long>(stats.failed_calls));
    section.add("cmdstat_" + std::string(context.commands[row].name), values);
  }
}

void add_errorstats(const Context& context, Section& section) {
  for (const auto& [code, count] : context.stats.errors_by_code) {
    section.add("errorstat_" + code, "count=" + std::to_string(count));
  }
}

void add_cluster(const Context&, Section& section) {
  section.add("cluster_enabled", "0");
}

void add_keyspace(const Context& context, Section& section) {
  for (const Database& db : context.keyspace.databases()) {
    if (db.size() == 0) continue;
    section.add("db" + std::to_string(db.index()),
                "keys=" + std::to_string(db.size()) + ",expires=0,avg_ttl=0");
  }
}

struct SectionRow {
  std::string_view name;
  std::string_view title;
  bool by_default;
  void (*add)(const Context&, Section&);
};

constexpr SectionRow kSections[] = {
    {"server", "Server", true, add_server},
    {"clients", "Clients", true, add_clients},
    {"memory", "Memory", true, add_memory},
    {"persistence", "Persistence", true, add_persistence},
    {"stats", "Stats", true, add_stats},
    {"replication", "Replication", true, add_replication},
    {"cpu", "CPU", true, add_cpu},
    {"modules", "Modules", true, add_modules},
    {"commandstats", "Commandstats", false, add_commandstats},
    {"errorstats", "Errorstats", true, add_errorstats},
    {"cluster", "Cluster", true, add_cluster},
    {"keyspace", "Keyspace", true, add_keyspace},
};

bool is_wanted(const SectionRow& row, std::span<const std::string_view> wanted) {
  if (wanted.empty()) return row.by_default;
  return std::any_of(wanted.begin(), wanted.end(), [&row](std::string_view name) {
    return equals_ignoring_case(name, row.name) || equals_ignoring_case(name, "all") ||
           equals_ignoring_case(name, "everything") ||
           (row.by_default && equals_ignoring_case(name, "default"));
  });
}

}  // namespace

std::string_view weir_version() {
  return WEIR_VERSION;
}

std::string info_text(const Context& context, std::span<const std::string_view> wanted) {
  std::string text;
  for (const SectionRow& row : kSections) {
    if (!is_wanted(row, wanted)) continue;
    Section section;
    row.add(context, section);
    if (!text.empty()) text += "\r\n";
    text += "# ";
    text += row.title;
    text += "\r\n";
    text += section.text();
  }
  return text;
}

}  // namespace weir
