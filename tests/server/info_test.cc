// INFO: the fields that tools parse, and the traps of those that search instead of parsing.
#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/text.h"
#include "tests/server/watching.h"
#include "tests/support/test_server.h"

namespace weir::testing {
namespace {

std::vector<std::string> titles_of(const std::string& text) {
  std::vector<std::string> titles;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) titles.push_back(line.substr(2, line.find('\r') - 2));
  }
  return titles;
}

}  // namespace

TEST_CASE("INFO has the sections that are asked for, in a fixed order", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("NOSUCH");
  const std::vector<std::string> by_default = {
      "Server", "Clients", "Memory",     "Persistence", "Stats",   "Replication",
      "CPU",    "Modules", "Errorstats", "Cluster",     "Keyspace"};
  CHECK(titles_of(redis("INFO").text) == by_default);
  CHECK(titles_of(redis("INFO", "default").text) == by_default);
  CHECK(titles_of(redis("INFO", "keyspace", "SERVER").text) ==
        std::vector<std::string>{"Server", "Keyspace"});
  CHECK(redis("INFO", "nosuch") == "");
  const std::vector<std::string> all = titles_of(redis("INFO", "all").text);
  CHECK(std::count(all.begin(), all.end(), "Commandstats") == 1);
  CHECK(std::count(all.begin(), all.end(), "Latencystats") == 1);
  CHECK(titles_of(redis("INFO", "everything").text) == all);
}

TEST_CASE("INFO has the fields that tools depend on", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const std::string text = redis("INFO").text;
  for (const char* name : {"redis_version",
                           "redis_mode",
                           "os",
                           "arch_bits",
                           "process_id",
                           "run_id",
                           "tcp_port",
                           "uptime_in_seconds",
                           "uptime_in_days",
                           "connected_clients",
                           "blocked_clients",
                           "maxclients",
                           "used_memory",
                           "used_memory_human",
                           "used_memory_rss",
                           "used_memory_peak",
                           "used_memory_peak_human",
                           "maxmemory",
                           "maxmemory_human",
                           "maxmemory_policy",
                           "mem_fragmentation_ratio",
                           "mem_allocator",
                           "loading",
                           "async_loading",
                           "rdb_changes_since_last_save",
                           "rdb_bgsave_in_progress",
                           "rdb_last_save_time",
                           "rdb_last_bgsave_status",
                           "aof_enabled",
                           "aof_rewrite_in_progress",
                           "aof_last_bgrewrite_status",
                           "aof_last_write_status",
                           "total_connections_received",
                           "total_commands_processed",
                           "instantaneous_ops_per_sec",
                           "total_net_input_bytes",
                           "total_net_output_bytes",
                           "instantaneous_input_kbps",
                           "instantaneous_output_kbps",
                           "rejected_connections",
                           "expired_keys",
                           "evicted_keys",
                           "keyspace_hits",
                           "keyspace_misses",
                           "pubsub_channels",
                           "pubsub_patterns",
                           "role",
                           "connected_slaves",
                           "master_replid",
                           "master_repl_offset",
                           "used_cpu_sys",
                           "used_cpu_user",
                           "cluster_enabled",
                           "db0"}) {
    CHECK_NOTHROW(field_of(text, name));
  }
}

// What other programs were written against; a field may be added between two of these.
TEST_CASE("INFO has its fields in the order in which tools know them", "[info]") {
  TestServer server;
  const std::string text = server.connect()("INFO", "all").text;
  size_t at = 0;
  std::string_view names =
      "redis_version weir_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os "
      "arch_bits monotonic_clock multiplexing_api atomicvar_api gcc_version process_id "
      "process_supervised run_id tcp_port server_time_usec uptime_in_seconds uptime_in_days hz "
      "configured_hz lru_clock executable config_file io_threads_active listener0 "
      "connected_clients cluster_connections maxclients client_recent_max_input_buffer "
      "client_recent_max_output_buffer blocked_clients tracking_clients pubsub_clients "
      "watching_clients clients_in_timeout_table total_watched_keys total_blocking_keys "
      "total_blocking_keys_on_nokey "
      "used_memory used_memory_human used_memory_rss used_memory_rss_human used_memory_peak "
      "used_memory_peak_human used_memory_peak_perc used_memory_overhead used_memory_startup "
      "used_memory_dataset used_memory_dataset_perc allocator_allocated allocator_active "
      "allocator_resident allocator_muzzy total_system_memory total_system_memory_human "
      "maxmemory maxmemory_human maxmemory_policy allocator_frag_ratio allocator_frag_bytes "
      "allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio rss_overhead_bytes "
      "mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict "
      "mem_replication_backlog mem_total_replication_buffers mem_clients_slaves "
      "mem_clients_normal mem_cluster_links mem_aof_buffer mem_overhead_db_hashtable_rehashing "
      "mem_allocator active_defrag_running lazyfree_pending_objects lazyfreed_objects "
      "loading async_loading current_cow_peak current_cow_size current_cow_size_age "
      "current_fork_perc current_save_keys_processed current_save_keys_total "
      "rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time "
      "rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec rdb_saves "
      "rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled "
      "aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec "
      "aof_current_rewrite_time_sec aof_last_bgrewrite_status aof_rewrites "
      "aof_rewrites_consecutive_failures aof_last_write_status aof_last_cow_size "
      "module_fork_in_progress module_fork_last_cow_size "
      "total_connections_received total_commands_processed instantaneous_ops_per_sec "
      "total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes "
      "total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps "
      "instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections "
      "sync_full sync_partial_ok sync_partial_err expired_subkeys expired_keys "
      "expired_stale_perc expired_time_cap_reached_count expire_cycle_cpu_milliseconds "
      "evicted_keys evicted_clients evicted_scripts total_eviction_exceeded_time "
      "current_eviction_exceeded_time keyspace_hits keyspace_misses pubsub_channels "
      "pubsub_patterns pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets "
      "slave_expires_tracked_keys tracking_total_keys tracking_total_items "
      "tracking_total_prefixes unexpected_error_replies total_error_replies "
      "dump_payload_sanitizations total_reads_processed total_writes_processed "
      "io_threaded_reads_processed io_threaded_writes_processed "
      "client_query_buffer_limit_disconnections client_output_buffer_limit_disconnections "
      "reply_buffer_shrinks reply_buffer_expands eventloop_cycles eventloop_duration_sum "
      "eventloop_duration_cmd_sum instantaneous_eventloop_cycles_per_sec "
      "instantaneous_eventloop_duration_usec acl_access_denied_auth acl_access_denied_cmd "
      "acl_access_denied_key acl_access_denied_channel acl_access_denied_tls_cert "
      "role connected_slaves master_failover_state master_replid master_replid2 "
      "master_repl_offset second_repl_offset repl_backlog_active repl_backlog_size "
      "repl_backlog_first_byte_offset repl_backlog_histlen "
      "used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children "
      "used_cpu_sys_main_thread used_cpu_user_main_thread cluster_enabled";
  while (!names.empty()) {
    const std::string name(next_word(names));
    CAPTURE(name);
    at = text.find("\n" + name + ":", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("INFO has the fields of what this server does not do", "[info]") {
  TestServer server;
  const std::string text = server.connect()("INFO", "everything").text;
  const auto check_all = [&](const std::string& value, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      CAPTURE(name);
      CHECK(field_of(text, name) == value);
    }
  };
  check_all("0", {"io_threads_active",
                  "cluster_connections",
                  "tracking_clients",
                  "total_watched_keys",
                  "used_memory_lua",
                  "used_memory_vm_eval",
                  "used_memory_scripts_eval",
                  "number_of_cached_scripts",
                  "number_of_functions",
                  "number_of_libraries",
                  "used_memory_vm_functions",
                  "used_memory_vm_total",
                  "used_memory_functions",
                  "used_memory_scripts",
                  "mem_not_counted_for_evict",
                  "mem_replication_backlog",
                  "mem_cluster_links",
                  "lazyfreed_objects",
                  "aof_rewrite_scheduled",
                  "rdb_saves",
                  "module_fork_in_progress",
                  "sync_full",
                  "expired_subkeys",
                  "evicted_clients",
                  "evicted_scripts",
                  "latest_fork_usec",
                  "tracking_total_keys",
                  "io_threaded_reads_processed",
                  "io_threaded_writes_processed",
                  "acl_access_denied_cmd",
                  "allocator_muzzy"});
  check_all("0B",
            {"used_memory_lua_human", "used_memory_vm_total_human", "used_memory_scripts_human"});
  check_all("0.00", {"current_fork_perc", "instantaneous_input_repl_kbps", "expired_stale_perc"});
  check_all("-1", {"rdb_last_bgsave_time_sec", "aof_current_rewrite_time_sec"});
}

TEST_CASE("INFO names what the server listens on", "[info]") {
  TestServer server({"--bind", "127.0.0.1", "-::1"});
  Redis redis = server.connect();
  CHECK(info_field(redis, "listener0") ==
        "name=tcp,bind=127.0.0.1,bind=-::1,port=" + std::to_string(server.port()));
  CHECK(info_field(redis, "listener1") == "name=unix,bind=" + server.socket_path());
}

TEST_CASE("INFO's values have the forms that tools expect", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const auto matches = [&](const char* name, const char* form) {
    CAPTURE(name, info_field(redis, name));
    CHECK(std::regex_match(info_field(redis, name), std::regex(form)));
  };
  matches("redis_version", R"(\d+\.\d+\.\d+)");
  matches("redis_mode", "standalone");
  matches("os", R"(Linux \S+ \S+)");
  matches("run_id", "[0-9a-f]{40}");
  matches("role", "master");
  matches("loading", "0");
  matches("used_memory_human", R"(\d+(\.\d\d)?[BKMGTP])");
  matches("used_cpu_sys", R"(\d+\.\d{6})");
  matches("mem_fragmentation_ratio", R"(\d+\.\d\d)");
  matches("allocator_rss_ratio", R"(\d+\.\d\d)");
  matches("allocator_rss_bytes", R"(-?\d+)");
  matches("rss_overhead_ratio", R"(\d+\.\d\d)");
  matches("rss_overhead_bytes", R"(-?\d+)");
  matches("instantaneous_eventloop_cycles_per_sec", R"(\d+)");
  matches("instantaneous_eventloop_duration_usec", R"(\d+)");
  matches("eventloop_duration_sum", R"([1-9]\d*)");
  matches("eventloop_duration_cmd_sum", R"([1-9]\d*)");
  matches("db0", "keys=1,expires=0,avg_ttl=0");
  matches("cmdstat_xadd",
          R"(calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0)");
  CHECK(info_number(redis, "process_id") == server.pid());
  CHECK(info_number(redis, "tcp_port") == server.port());
}

TEST_CASE("Every line of INFO is a title, a field or empty, and no field comes twice", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  std::istringstream lines(redis("INFO", "everything").text);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    REQUIRE(line.ends_with("\r"));
    if (line == "\r" || line.starts_with("# ")) continue;
    CHECK(std::regex_match(line, std::regex(R"([a-zA-Z0-9_|\-]+:.*\r)")));
    CHECK(names.insert(line.substr(0, line.find(':'))).second);
  }
}

TEST_CASE("What redis-cli --stat searches for is first found where it belongs", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  const std::string text = redis("INFO").text;
  for (const char* name :
       {"used_memory", "connected_clients", "blocked_clients", "total_commands_processed",
        "total_connections_received", "bgsave_in_progress", "aof_rewrite_in_progress", "loading"}) {
    CAPTURE(name);
    const size_t first = text.find(name);
    REQUIRE(first != std::string::npos);
    const size_t end = first + std::string(name).size();
    CHECK(text[end] == ':');
    CHECK(std::isdigit(static_cast<unsigned char>(text[end + 1])));
  }
  CHECK(text.find("db0:keys") == text.find("\ndb0:keys=") + 1);
  CHECK(text.find("\nredis_version:") != std::string::npos);
  CHECK(text.find("# Sentinel") == std::string::npos);
  CHECK(text.find("cluster_enabled:1") == std::string::npos);
}

TEST_CASE("A command counts when it has run, within a transaction, too", "[info][client]") {
  TestServer server;
  Redis redis = server.connect();
  redis("CONFIG", "RESETSTAT");
  CHECK(redis("INFO", "commandstats").contains("cmdstat_config|resetstat:calls=1,"));
  CHECK(redis("INFO", "commandstats").contains("cmdstat_info:calls=1,"));
  redis("MULTI");
  redis("XLEN", "s");
  redis("XLEN", "t");
  redis("EXEC");
  CHECK(redis("CLIENT", "INFO").contains(" tot-cmds=7"));
  CHECK(info_number(redis, "total_commands_processed") == 8);
}

TEST_CASE("Commands, refusals and failures are counted apart", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "1-0", "f", "v");
  redis("XADD", "s", "1-0");
  redis("NOSUCH");
  redis("XINFO", "STREAM", "absent");
  const std::string stats = info_field(redis, "cmdstat_xadd");
  CHECK(stats.starts_with("calls=2,"));
  CHECK(stats.ends_with(",rejected_calls=1,failed_calls=1"));
  CHECK(info_field(redis, "cmdstat_xinfo|stream").ends_with("rejected_calls=0,failed_calls=1"));
  CHECK(info_field(redis, "errorstat_ERR") == "count=4");
  CHECK(info_number(redis, "total_error_replies") == 4);
  CHECK(info_field(redis, "cmdstat_nosuch").empty());
}

TEST_CASE("CONFIG RESETSTAT clears the counters and not the peak of memory", "[info][config]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", std::string(5'000'000, 'x'));
  redis("XRANGE", "s", "2", "3");
  redis("XLEN", "absent");
  redis("NOSUCH");
  redis("DEL", "s");
  redis("CONFIG", "SET", "client-query-buffer-limit", 1 << 20);
  RawClient greedy = server.connect_raw();
  greedy.write("*2\r\n$4\r\nECHO\r\n$1500000\r\n" + std::string(1'500'000, 'x'));
  CHECK(greedy.closed());
  CHECK(info_number(redis, "client_query_buffer_limit_disconnections") == 1);
  const int64_t peak = info_number(redis, "used_memory_peak");
  CHECK(info_number(redis, "keyspace_hits") == 1);
  CHECK(info_number(redis, "keyspace_misses") == 1);
  CHECK(redis("CONFIG", "RESETSTAT") == "OK");
  CHECK(info_number(redis, "total_commands_processed") <= 2);
  CHECK(info_number(redis, "total_connections_received") == 0);
  CHECK(info_number(redis, "total_error_replies") == 0);
  CHECK(info_number(redis, "keyspace_hits") == 0);
  CHECK(info_number(redis, "total_net_input_bytes") < 1000);
  CHECK(info_number(redis, "total_reads_processed") < 20);
  CHECK(info_number(redis, "total_writes_processed") < 20);
  CHECK(info_number(redis, "client_query_buffer_limit_disconnections") == 0);
  CHECK(info_field(redis, "errorstat_ERR").empty());
  CHECK(info_field(redis, "cmdstat_xadd").empty());
  CHECK(info_number(redis, "used_memory_peak") >= peak);
}

TEST_CASE("XREAD and XREADGROUP look for each key twice", "[info][xread][xreadgroup]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("XGROUP", "CREATE", "s", "g", "0");
  redis("XREAD", "STREAMS", "s", "absent", "$", "0");
  redis("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  CHECK(info_number(redis, "keyspace_hits") == 4);
  CHECK(info_number(redis, "keyspace_misses") == 2);
  redis("XREAD", "STREAMS", "s", "absent", "0", "x");  // refused before it reads
  redis("XREADGROUP", "GROUP", "g", "c", "STREAMS", "absent", ">");
  CHECK(info_number(redis, "keyspace_hits") == 5);
  CHECK(info_number(redis, "keyspace_misses") == 4);
}

TEST_CASE("Reads and questions about keys count hits and misses; writes and scans do not",
          "[info][exists][type][touch][object]") {
  TestServer server;
  Redis redis = server.connect();
  redis("XADD", "s", "1-0", "f", "v");
  redis("EXISTS", "s", "absent", "s");
  redis("TYPE", "s");
  redis("TYPE", "absent");
  redis("TOUCH", "s", "absent");
  redis("OBJECT", "ENCODING", "s");
  redis("OBJECT", "REFCOUNT", "absent");
  redis("OBJECT", "IDLETIME", "s");
  redis("XINFO", "STREAM", "absent");
  CHECK(info_number(redis, "keyspace_hits") == 6);
  CHECK(info_number(redis, "keyspace_misses") == 5);
  redis("XACK", "absent", "g", "1-0");
  redis("XCLAIM", "s", "g", "c", 0, "1-0");
  redis("XAUTOCLAIM", "absent", "g", "c", 0, 0);
  CHECK(info_number(redis, "keyspace_hits") == 7);
  CHECK(info_number(redis, "keyspace_misses") == 7);
  redis("XDEL", "absent", "1-0");
  redis("XTRIM", "s", "MAXLEN", 9);
  redis("DEL", "absent");
  redis("SCAN", 0);
  redis("RANDOMKEY");
  CHECK(info_number(redis, "keyspace_hits") == 7);
  CHECK(info_number(redis, "keyspace_misses") == 7);
}

TEST_CASE("Bytes that come and go are counted", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  const int64_t in = info_number(redis, "total_net_input_bytes");
  const int64_t out = info_number(redis, "total_net_output_bytes");
  redis("ECHO", std::string(100'000, 'x'));
  CHECK(info_number(redis, "total_net_input_bytes") >= in + 100'000);
  CHECK(info_number(redis, "total_net_output_bytes") >= out + 100'000);
}

TEST_CASE("instantaneous_ops_per_sec follows the load", "[info]") {
  TestServer server;
  Redis redis = server.connect();
  CHECK(wait_until([&] {
    for (int i = 0; i < 100; ++i)
      redis.send("PING");
    for (int i = 0; i < 100; ++i)
      redis.read();
    return info_number(redis, "instantaneous_ops_per_sec") > 100;
  }));
}

TEST_CASE("Writes are refused above maxmemory, reads and deletions are not", "[info][config]") {
  TestServer server;
  Redis redis = server.connect();
  if (!counts_memory(redis)) return;
  redis("XADD", "s", "1-0", "f", "v");
  redis("CONFIG", "SET", "maxmemory", 1);
  CHECK(redis("XADD", "s", "2-0", "f", "v") ==
        "OOM command not allowed when used memory > 'maxmemory'.");
  CHECK(redis("XLEN", "s") == 1);
  CHECK(redis("XTRIM", "s", "MAXLEN", 0) == 1);
  CHECK(redis("DEL", "s") == 1);
  CHECK(info_field(redis, "errorstat_OOM") == "count=1");
  redis("CONFIG", "SET", "maxmemory", 0);
  CHECK(redis("XADD", "s", "2-0", "f", "v") == "2-0");
}

}  // namespace weir::testing
