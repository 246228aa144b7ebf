#include "server/config_options.h"

#include <climits>

#include "server/config_special.h"
#include "server/text.h"
#include "streams/idempotence.h"

namespace weir::config {
namespace {

using namespace rows;  // NOLINT(google-build-using-namespace): the vocabulary of the table
using S = Settings;

// The words of a choice, in the order in which an error lists them.
// clang-format off
constexpr Choice kLogLevels[] = {
  {"debug",   int(LogLevel::kDebug)},
  {"verbose", int(LogLevel::kVerbose)},
  {"notice",  int(LogLevel::kNotice)},
  {"warning", int(LogLevel::kWarning)},
  {"nothing", int(LogLevel::kNothing)},
};
constexpr Choice kSupervised[] = {
  {"upstart", int(Supervised::kUpstart)},
  {"systemd", int(Supervised::kSystemd)},
  {"auto",    int(Supervised::kAuto)},
  {"no",      int(Supervised::kNo)},
};
constexpr Choice kFacilities[] = {
  {"user",   LOG_USER},
  {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
  {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};
constexpr Choice kAllowed[] = {
  {"no",    int(Allowed::kNo)},
  {"yes",   int(Allowed::kYes)},
  {"local", int(Allowed::kLocal)},
};
constexpr Choice kTlsClients[] = {
  {"no",       int(TlsClients::kNo)},
  {"yes",      int(TlsClients::kYes)},
  {"optional", int(TlsClients::kOptional)},
};
constexpr Choice kTlsUser[] = {
  {"off", int(TlsUser::kOff)},
  {"CN",  int(TlsUser::kCommonName)},
};
constexpr Choice kPubsubDefault[] = {
  {"allchannels",   int(PubsubDefault::kAll)},
  {"resetchannels", int(PubsubDefault::kNone)},
};
constexpr Choice kOtherTypes[] = {
  {"refuse", int(OtherTypes::kRefuse)},
  {"skip",   int(OtherTypes::kSkip)},
};
constexpr Choice kPropagationLevels[] = {
  {"7.0", int(PropagationLevel::k70)},
  {"8.2", int(PropagationLevel::k82)},
  {"8.6", int(PropagationLevel::k86)},
  {"8.8", int(PropagationLevel::k88)},
};
constexpr Choice kDisklessLoad[] = {
  {"disabled",    int(DisklessLoad::kDisabled)},
  {"on-empty-db", int(DisklessLoad::kOnEmptyDb)},
  {"swapdb",      int(DisklessLoad::kSwapDb)},
};
constexpr Choice kPropagationErrors[] = {
  {"ignore",            int(PropagationErrors::kIgnore)},
  {"panic",             int(PropagationErrors::kPanic)},
  {"panic-on-replicas", int(PropagationErrors::kPanicOnReplicas)},
};
constexpr Choice kAppendFsync[] = {
  {"everysec", int(AppendFsync::kEverySecond)},
  {"always",   int(AppendFsync::kAlways)},
  {"no",       int(AppendFsync::kNo)},
};
constexpr Choice kMaxmemoryPolicies[] = {
  {"volatile-lru",    int(MaxmemoryPolicy::kVolatileLru)},
  {"volatile-lfu",    int(MaxmemoryPolicy::kVolatileLfu)},
  {"volatile-lrm",    int(MaxmemoryPolicy::kVolatileLrm)},
  {"volatile-random", int(MaxmemoryPolicy::kVolatileRandom)},
  {"volatile-ttl",    int(MaxmemoryPolicy::kVolatileTtl)},
  {"allkeys-lru",     int(MaxmemoryPolicy::kAllkeysLru)},
  {"allkeys-lfu",     int(MaxmemoryPolicy::kAllkeysLfu)},
  {"allkeys-lrm",     int(MaxmemoryPolicy::kAllkeysLrm)},
  {"allkeys-random",  int(MaxmemoryPolicy::kAllkeysRandom)},
  {"noeviction",      int(MaxmemoryPolicy::kNoEviction)},
};

constexpr Option kRows[] = {
  // Network                          default               range
  special("bind",                     "* -::*",             bind_value, kManyWords),
  integer("port",                     "6379",               0, 65535,     &S::port),
  text   ("unixsocket",               "",                   &S::unixsocket, kImmutable),
  special("unixsocketperm",           "0",                  unixsocketperm_value, kImmutable),
  toggle ("protected-mode",           "yes",                &S::protected_mode),
  integer("tcp-backlog",              "511",                0, INT_MAX,   &S::tcp_backlog, kImmutable),
  integer("tcp-keepalive",            "300",                0, INT_MAX,   &S::tcp_keepalive_s),
  integer("timeout",                  "0",                  0, INT_MAX,   &S::timeout_s),

  // Clients
  integer("maxclients",               "10000",              1, UINT_MAX,  &S::maxclients),
  integer("max-new-connections-per-cycle", "10",            1, 1000,      &S::max_new_connections_per_cycle),
  memory ("client-query-buffer-limit", "1073741824",        1 << 20,      &S::client_query_buffer_limit),
  special("client-output-buffer-limit",
          "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
                                                            output_limits_value, kManyWords),
  memory ("proto-max-bulk-len",       "536870912",          1 << 20,      &S::proto_max_bulk_len),
  special("maxmemory-clients",        "0",                  maxmemory_clients_value),
  integer("tracking-table-max-keys",  "1000000",            0, LONG_MAX,  &S::tracking_table_max_keys),

  // TLS
  integer("tls-port",                 "0",                  0, 65535,     &S::tls_port),
  text   ("tls-cert-file",            "",                   &S::tls_cert_file, kNamesFile),
  text   ("tls-key-file",             "",                   &S::tls_key_file, kNamesFile),
  text   ("tls-key-file-pass",        "",                   &S::tls_key_file_pass, kSecret),
  text   ("tls-client-cert-file",     "",                   &S::tls_client_cert_file, kNamesFile),
  text   ("tls-client-key-file",      "",                   &S::tls_client_key_file, kNamesFile),
  text   ("tls-client-key-file-pass", "",                   &S::tls_client_key_file_pass, kSecret),
  text   ("tls-dh-params-file",       "",                   &S::tls_dh_params_file, kNamesFile),
  text   ("tls-ca-cert-file",         "",                   &S::tls_ca_cert_file, kNamesFile),
  text   ("tls-ca-cert-dir",          "",                   &S::tls_ca_cert_dir, kNamesFile),
  choice ("tls-auth-clients",         "yes",                kTlsClients,  choice_field<&S::tls_auth_clients>()),
  choice ("tls-auth-clients-user",    "off",                kTlsUser,     choice_field<&S::tls_auth_clients_user>()),
  toggle ("tls-replication",          "no",                 &S::tls_replication),
  toggle ("tls-cluster",              "no",                 &S::tls_cluster),
  text   ("tls-protocols",            "",                   &S::tls_protocols),
  text   ("tls-ciphers",              "",                   &S::tls_ciphers),
  text   ("tls-ciphersuites",         "",                   &S::tls_ciphersuites),
  toggle ("tls-prefer-server-ciphers", "no",                &S::tls_prefer_server_ciphers),
  toggle ("tls-session-caching",      "yes",                &S::tls_session_caching),
  integer("tls-session-cache-size",   "20480",              0, INT_MAX,   &S::tls_session_cache_size),
  integer("tls-session-cache-timeout", "300",               0, INT_MAX,   &S::tls_session_cache_timeout_s),
  integer("max-new-tls-connections-per-cycle", "1",         1, 1000,      &S::max_new_tls_connections_per_cycle),

  // Process
  toggle ("daemonize",                "no",                 &S::daemonize, kImmutable),
  text   ("pidfile",                  "",                   &S::pidfile, kImmutable),
  choice ("supervised",               "no",                 kSupervised,  choice_field<&S::supervised>(), kImmutable),
  toggle ("set-proc-title",           "yes",                &S::set_proc_title, kImmutable),
  tidied(check_proc_title,
  text   ("proc-title-template",      "{title} {listen-addr} {server-mode}", &S::proc_title_template)),
  toggle ("always-show-logo",         "no",                 &S::always_show_logo, kImmutable),
  special("dir",                      ".",                  dir_value, kProtected),
  toggle ("crash-log-enabled",        "yes",                &S::crash_log_enabled),
  integer("shutdown-timeout",         "10",                 0, INT_MAX,   &S::shutdown_timeout_s),
  special("shutdown-on-sigint",       "default",            sigint_value, kManyWords),
  special("shutdown-on-sigterm",      "default",            sigterm_value, kManyWords),
  tidied(check_compat_version,
  text   ("compat-version",           "8.8.0",              &S::compat_version, kImmutable)),

  // Log
  text   ("logfile",                  "",                   &S::logfile, kImmutable),
  choice ("loglevel",                 "notice",             kLogLevels,   choice_field<&S::loglevel>()),
  toggle ("syslog-enabled",           "no",                 &S::syslog_enabled, kImmutable),
  text   ("syslog-ident",             "weir",               &S::syslog_ident, kImmutable),
  choice ("syslog-facility",          "local0",             kFacilities,  choice_field<&S::syslog_facility>(), kImmutable),

  // Access
  text   ("requirepass",              "",                   &S::requirepass, kSecret),
  special("user",                     "",                   user_value, kManyWords | kFileOnly | kRewritten),
  text   ("aclfile",                  "",                   &S::aclfile, kImmutable),
  integer("acllog-max-len",           "128",                0, LONG_MAX,  &S::acllog_max_len),
  choice ("acl-pubsub-default",       "resetchannels",      kPubsubDefault, choice_field<&S::acl_pubsub_default>()),
  text   ("acl-audit-log",            "",                   &S::acl_audit_log),
  special("rename-command",           "",                   rename_command_value, kManyWords | kFileOnly),
  choice ("enable-debug-command",     "no",                 kAllowed,     choice_field<&S::enable_debug_command>(), kImmutable),
  choice ("enable-module-command",    "no",                 kAllowed,     choice_field<&S::enable_module_command>(), kImmutable),
  choice ("enable-protected-configs", "no",                 kAllowed,     choice_field<&S::enable_protected_configs>(), kImmutable),

  // Keys and streams
  integer("databases",                "16",                 1, INT_MAX,   &S::databases, kImmutable),
  memory ("stream-node-max-bytes",    "4096",               0,            &S::stream_node_max_bytes),
  integer("stream-node-max-entries",  "100",                0, INT64_MAX, &S::stream_node_max_entries),
  integer("stream-idmp-duration",     "100",                1, IdempotenceLimits::kMostDurationS, &S::stream_idmp_duration_s),
  integer("stream-idmp-maxsize",      "100",                1, IdempotenceLimits::kMostMaxsize, &S::stream_idmp_maxsize),
  special("notify-keyspace-events",   "",                   notify_events_value),
  toggle ("lazyfree-lazy-eviction",   "no",                 &S::lazyfree_lazy_eviction),
  toggle ("lazyfree-lazy-expire",     "no",                 &S::lazyfree_lazy_expire),
  toggle ("lazyfree-lazy-server-del", "no",                 &S::lazyfree_lazy_server_del),
  toggle ("lazyfree-lazy-user-del",   "no",                 &S::lazyfree_lazy_user_del),
  toggle ("lazyfree-lazy-user-flush", "no",                 &S::lazyfree_lazy_user_flush),

  // Memory and background work
  memory ("maxmemory",                "0",                  0,            &S::maxmemory),
  choice ("maxmemory-policy",         "noeviction",         kMaxmemoryPolicies, choice_field<&S::maxmemory_policy>()),
  integer("maxmemory-samples",        "5",                  1, INT_MAX,   &S::maxmemory_samples),
  integer("maxmemory-eviction-tenacity", "10",              0, 100,       &S::maxmemory_eviction_tenacity),
  integer("lfu-log-factor",           "10",                 0, INT_MAX,   &S::lfu_log_factor),
  integer("lfu-decay-time",           "1",                  0, INT_MAX,   &S::lfu_decay_time),
  tidied(clamp_hz,
  integer("hz",                       "10",                 0, INT_MAX,   &S::hz)),
  toggle ("dynamic-hz",               "yes",                &S::dynamic_hz),
  integer("active-expire-effort",     "1",                  1, 10,        &S::active_expire_effort),

  // Snapshots
  special("save",                     "3600 1 300 100 60 10000", save_value, kManyWords),
  tidied(check_dbfilename,
  text   ("dbfilename",               "dump.rdb",           &S::dbfilename, kProtected)),
  toggle ("stop-writes-on-bgsave-error", "yes",             &S::stop_writes_on_bgsave_error),
  toggle ("rdbcompression",           "yes",                &S::rdbcompression),
  toggle ("rdbchecksum",              "yes",                &S::rdbchecksum, kImmutable),
  toggle ("rdb-save-incremental-fsync", "yes",              &S::rdb_save_incremental_fsync),
  integer("rdb-version",              "10",                 10, 14,       &S::rdb_version),
  choice ("rdb-load-other-types",     "refuse",             kOtherTypes, choice_field<&S::rdb_load_other_types>()),

  // Replication, as a replica
  tidied(check_replicaof,
  words  ("replicaof",                "",                   kImmutable | kNoLineForNone, "slaveof", &S::replicaof)),
  text   ("masterauth",               "",                   &S::masterauth, kSecret),
  text   ("masteruser",               "",                   &S::masteruser, kSecret),
  toggle ("replica-serve-stale-data", "yes",                &S::replica_serve_stale_data, 0, "slave-serve-stale-data"),
  toggle ("replica-read-only",        "yes",                &S::replica_read_only, 0, "slave-read-only"),
  toggle ("replica-ignore-maxmemory", "yes",                &S::replica_ignore_maxmemory, 0, "slave-ignore-maxmemory"),
  toggle ("replica-ignore-other-types", "no",               &S::replica_ignore_other_types),
  integer("replica-priority",         "100",                0, INT_MAX,   &S::replica_priority, 0, "slave-priority"),
  text   ("replica-announce-ip",      "",                   &S::replica_announce_ip, 0, "slave-announce-ip"),
  integer("replica-announce-port",    "0",                  0, 65535,     &S::replica_announce_port, 0, "slave-announce-port"),
  toggle ("replica-announced",        "yes",                &S::replica_announced),
  choice ("repl-diskless-load",       "disabled",           kDisklessLoad, choice_field<&S::repl_diskless_load>()),
  choice ("propagation-error-behavior", "ignore",           kPropagationErrors, choice_field<&S::propagation_error_behavior>()),

  // Replication, as a primary
  toggle ("repl-diskless-sync",       "yes",                &S::repl_diskless_sync),
  integer("repl-diskless-sync-delay", "5",                  0, INT_MAX,   &S::repl_diskless_sync_delay_s),
  integer("repl-diskless-sync-max-replicas", "0",           0, INT_MAX,   &S::repl_diskless_sync_max_replicas),
  integer("repl-ping-replica-period", "10",                 1, INT_MAX,   &S::repl_ping_replica_period_s, 0, "repl-ping-slave-period"),
  integer("repl-timeout",             "60",                 1, INT_MAX,   &S::repl_timeout_s),
  tidied(raise_backlog_size,
  memory ("repl-backlog-size",        "1048576",            1,            &S::repl_backlog_size)),
  integer("repl-backlog-ttl",         "3600",               0, LONG_MAX,  &S::repl_backlog_ttl_s),
  toggle ("repl-disable-tcp-nodelay", "no",                 &S::repl_disable_tcp_nodelay),
  toggle ("replica-lazy-flush",       "no",                 &S::replica_lazy_flush, 0, "slave-lazy-flush"),
  integer("min-replicas-to-write",    "0",                  0, INT_MAX,   &S::min_replicas_to_write, 0, "min-slaves-to-write"),
  integer("min-replicas-max-lag",     "10",                 0, INT_MAX,   &S::min_replicas_max_lag_s, 0, "min-slaves-max-lag"),
  integer("min-replicas-to-ack",      "0",                  0, INT_MAX,   &S::min_replicas_to_ack),
  integer("min-replicas-ack-timeout", "10000",              0, INT_MAX,   &S::min_replicas_ack_timeout_ms),
  toggle ("min-replicas-ack-fsync",   "no",                 &S::min_replicas_ack_fsync),

  // Log of changes
  toggle ("appendonly",               "no",                 &S::appendonly),
  choice ("appendfsync",              "everysec",           kAppendFsync, choice_field<&S::appendfsync>()),
  tidied(check_appendfilename,
  text   ("appendfilename",           "appendonly.aof",     &S::appendfilename, kImmutable)),
  tidied(check_appenddirname,
  text   ("appenddirname",            "appendonlydir",      &S::appenddirname, kImmutable)),
  toggle ("no-appendfsync-on-rewrite", "no",                &S::no_appendfsync_on_rewrite),
  integer("auto-aof-rewrite-percentage", "100",             0, INT_MAX,   &S::auto_aof_rewrite_percentage),
  memory ("auto-aof-rewrite-min-size", "67108864",          0,            &S::auto_aof_rewrite_min_size),
  toggle ("aof-load-truncated",       "yes",                &S::aof_load_truncated),
  choice ("propagation-level",        "7.0",                kPropagationLevels, choice_field<&S::propagation_level>()),
  choice ("aof-load-other-types",     "refuse",             kOtherTypes, choice_field<&S::aof_load_other_types>()),
  memory ("aof-load-corrupt-tail-max-size", "0",            0,            &S::aof_load_corrupt_tail_max_size),
  toggle ("aof-use-rdb-preamble",     "yes",                &S::aof_use_rdb_preamble),
  toggle ("aof-timestamp-enabled",    "no",                 &S::aof_timestamp_enabled),
  toggle ("aof-rewrite-incremental-fsync", "yes",           &S::aof_rewrite_incremental_fsync),
  toggle ("aof-disable-auto-gc",      "no",                 &S::aof_disable_auto_gc),

  // Insight
  integer("slowlog-log-slower-than",  "10000",              -1, INT64_MAX, &S::slowlog_log_slower_than_us),
  integer("slowlog-max-len",          "128",                0, LONG_MAX,  &S::slowlog_max_len),
  integer("slowlog-entry-max-argc",   "32",                 2, INT_MAX,   &S::slowlog_entry_max_argc),
  integer("slowlog-entry-max-string-len", "128",            1, INT_MAX,   &S::slowlog_entry_max_string_len),
  integer("latency-monitor-threshold", "0",                 0, INT64_MAX, &S::latency_monitor_threshold_ms),
  toggle ("latency-tracking",         "yes",                &S::latency_tracking),
  tidied(check_percentiles,
  words  ("latency-tracking-info-percentiles", "50 99 99.9", 0, {}, &S::latency_tracking_info_percentiles)),
};
// clang-format on

std::map<std::string_view, const Option*> all_names() {
  std::map<std::string_view, const Option*> names;
  for (const std::span<const Option> table : {effective_options(), kept_options()}) {
    for (const Option& option : table) {
      names.emplace(option.name, &option);
      if (!option.alias.empty()) names.emplace(option.alias, &option);
    }
  }
  return names;
}

}  // namespace

std::span<const Option> effective_options() {
  return kRows;
}

const std::map<std::string_view, const Option*>& option_names() {
  static const std::map<std::string_view, const Option*> names = all_names();
  return names;
}

const Option* find_option(std::string_view name) {
  const auto found = option_names().find(to_lower(name));
  return found == option_names().end() ? nullptr : found->second;
}

}  // namespace weir::config
