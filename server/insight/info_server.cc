// INFO: Server, Clients and CPU.
#include <algorithm>

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/config.h"
#include "server/context.h"
#include "server/data/waiters.h"
#include "server/data/watches.h"
#include "server/dispatcher.h"
#include "server/ending.h"
#include "server/host/process.h"
#include "server/insight/info.h"
#include "server/insight/info_section.h"
#include "server/insight/tick_clock.h"
#include "server/messaging/pubsub.h"
#include "server/messaging/tracking.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/replication/replicas.h"
#include "server/version.h"

namespace weir {
namespace {

std::string listener(const std::string& kind, const std::vector<std::string>& addresses, int port) {
  std::string line = "name=" + kind;
  for (const std::string& address : addresses)
    line += ",bind=" + address;
  return line + ",port=" + std::to_string(port);
}

/// One line for each kind of listener, numbered by kind as in Redis.
void add_listeners(const Settings& settings, Section& section) {
  if (settings.port != 0) {
    section.add("listener0", listener("tcp", settings.bind, settings.port));
  }
  if (!settings.unixsocket.empty())
    section.add("listener1", "name=unix,bind=" + settings.unixsocket);
  if (settings.tls_port != 0)
    section.add("listener2", listener("tls", settings.bind, settings.tls_port));
}

}  // namespace

void add_server_info(const Context& context, Section& section) {
  const Settings& settings = context.config.values();
  const ServerIdentity& identity = context.identity;
  const int64_t uptime_s = context.clock.unix_s() - identity.started_unix_s;
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
      .add("monotonic_clock", context.ticks.name())
      .add("multiplexing_api", "epoll")
      .add("atomicvar_api", "c11-builtin")
      .add("gcc_version", __VERSION__)
      .add("process_id", static_cast<uint64_t>(getpid()))
      .add("process_supervised", is_supervised_by_systemd(settings) ? "systemd" : "no")
      .add("run_id", identity.run_id)
      .add("tcp_port",
           static_cast<uint64_t>(settings.port != 0 ? settings.port : settings.tls_port))
      .add("server_time_usec", static_cast<uint64_t>(context.clock.unix_us()))
      .add("uptime_in_seconds", static_cast<uint64_t>(uptime_s))
      .add("uptime_in_days", static_cast<uint64_t>(uptime_s / 86400))
      .add("hz", static_cast<uint64_t>(settings.hz))
      .add("configured_hz", static_cast<uint64_t>(settings.hz))
      .add("lru_clock", static_cast<uint64_t>(context.clock.unix_s() & 0xffffff))
      .add("executable", identity.executable)
      .add("config_file", context.config.file())
      .add("io_threads_active", "0");
  if (context.ending.is_waiting())
    section.add_signed("shutdown_in_milliseconds", context.ending.ms_left());
  add_listeners(settings, section);
}

void add_client_info(const Context& context, Section& section) {
  const Waiters& waiters = context.waiters;
  size_t largest_input = 0;
  size_t largest_output = 0;
  for (const auto& [id, client] : context.clients) {
    largest_input = std::max(largest_input, client->input.capacity());
    largest_output = std::max(largest_output, client->output.capacity());
  }
  const size_t replicas = context.replicas.all().size();
  section.add("connected_clients", context.clients.size() - context.io.closing() - replicas)
      .add("cluster_connections", "0")
      .add("maxclients", context.config->maxclients)
      .add("client_recent_max_input_buffer", largest_input)
      .add("client_recent_max_output_buffer", largest_output)
      .add("blocked_clients", waiters.size() + context.dispatcher.put_off_count())
      .add("tracking_clients", context.tracking.client_count())
      .add("pubsub_clients", context.pubsub.client_count())
      .add("watching_clients", context.watches.client_count())
      .add("clients_in_timeout_table", waiters.deadline_count())
      .add("total_watched_keys", context.watches.key_count())
      .add("total_blocking_keys", waiters.key_count())
      .add("total_blocking_keys_on_nokey", waiters.group_key_count());
}

void add_cpu_info(const Context&, Section& section) {
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

}  // namespace weir
