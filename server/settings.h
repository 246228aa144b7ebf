// The settings that this server acts on, as plain values: `settings.stream_node_max_entries`.
//
// One member per option of redis.conf, dashes as underscores, a unit added where the option has
// one that its name does not say.  What each option means is explained in redis.conf; its limits,
// and whether it may change at run time, stand in the table of config_options.cc.  A Settings made
// with {} has the built-in defaults.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <syslog.h>

namespace weir {

enum class LogLevel { kDebug, kVerbose, kNotice, kWarning, kNothing };
enum class Supervised { kNo, kUpstart, kSystemd, kAuto };
enum class AppendFsync { kEverySecond, kAlways, kNo };

enum class MaxmemoryPolicy {
  kNoEviction,
  kVolatileLru,
  kVolatileLfu,
  kVolatileLrm,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysLrm,
  kAllkeysRandom,
};

/// Whether clients of TLS have to show a certificate; one that is shown is always checked.
enum class TlsClients { kNo, kYes, kOptional };

/// What of its certificate makes a client of TLS a user.
enum class TlsUser { kOff, kCommonName };

/// Who may use a command or change a setting that gives power over the machine.
enum class Allowed { kNo, kYes, kLocal };

/// The channels of a user that nothing was said of.
enum class PubsubDefault { kAll, kNone };

/// A client is closed when its pending output exceeds hard_bytes, or soft_bytes for longer than
/// soft_s seconds without a break.  0: no limit.
struct OutputLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_s = 0;

  friend bool operator==(const OutputLimit&, const OutputLimit&) = default;
};

struct OutputLimits {
  OutputLimit normal = {};
  OutputLimit replica = {.hard_bytes = 256 << 20, .soft_bytes = 64 << 20, .soft_s = 60};
  OutputLimit pubsub = {.hard_bytes = 32 << 20, .soft_bytes = 8 << 20, .soft_s = 60};

  friend bool operator==(const OutputLimits&, const OutputLimits&) = default;
};

/// Keys of a snapshot that are no streams.
enum class OtherTypes : uint8_t { kRefuse, kSkip };
/// The oldest Redis that is to understand what the log and the replicas are told.
enum class PropagationLevel : uint8_t { k70, k82, k86, k88 };

/// When a primary's snapshot is loaded as it comes, without a file.
enum class DisklessLoad : uint8_t { kDisabled, kOnEmptyDb, kSwapDb };

/// What an error of a command does that comes from a primary or the log.
enum class PropagationErrors : uint8_t { kIgnore, kPanic, kPanicOnReplicas };

/// Save a snapshot after `seconds` when at least `changes` keys changed.
struct SavePoint {
  int64_t seconds = 0;
  int64_t changes = 0;

  friend bool operator==(const SavePoint&, const SavePoint&) = default;
};

/// An amount of memory, absolute or as a share of maxmemory; at most one of the two is not 0.
struct MemoryShare {
  uint64_t bytes = 0;
  int percent = 0;

  friend bool operator==(const MemoryShare&, const MemoryShare&) = default;
};

/// How a signal shuts the server down.  All false: save if there are save points.
struct SignalShutdown {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;

  friend bool operator==(const SignalShutdown&, const SignalShutdown&) = default;
};

// In the order of redis.conf, not in the order that wastes no byte.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Settings {
  // Network.
  std::vector<std::string> bind = {"*", "-::*"};  // "-" in front: no error if unavailable
  int port = 6379;                                // 0: no TCP
  std::string unixsocket;                         // "": none
  int unixsocketperm = 0;                         // 0: as the umask says
  bool protected_mode = true;
  int tcp_backlog = 511;
  int tcp_keepalive_s = 300;
  int timeout_s = 0;  // 0: idle clients stay

  // Clients.
  uint64_t maxclients = 10000;
  uint64_t max_new_connections_per_cycle = 10;
  uint64_t client_query_buffer_limit = 1 << 30;
  OutputLimits client_output_buffer_limit;
  uint64_t proto_max_bulk_len = 512 << 20;
  MemoryShare maxmemory_clients;
  uint64_t tracking_table_max_keys = 1'000'000;

  // TLS.  Paths: relative ones begin at `dir`; "" is none, or OpenSSL's own choice.
  int tls_port = 0;  // 0: no TLS
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_key_file_pass;
  std::string tls_client_cert_file;  // of connections that this server makes; "": tls_cert_file
  std::string tls_client_key_file;
  std::string tls_client_key_file_pass;
  std::string tls_dh_params_file;
  std::string tls_ca_cert_file;
  std::string tls_ca_cert_dir;
  TlsClients tls_auth_clients = TlsClients::kYes;
  TlsUser tls_auth_clients_user = TlsUser::kOff;
  bool tls_replication = false;
  bool tls_cluster = false;
  std::string tls_protocols;
  std::string tls_ciphers;
  std::string tls_ciphersuites;
  bool tls_prefer_server_ciphers = false;
  bool tls_session_caching = true;
  int tls_session_cache_size = 20480;  // 0: no limit
  int tls_session_cache_timeout_s = 300;
  uint64_t max_new_tls_connections_per_cycle = 1;

  // Process.
  bool daemonize = false;
  std::string pidfile;
  Supervised supervised = Supervised::kNo;
  bool set_proc_title = true;
  std::string proc_title_template = "{title} {listen-addr} {server-mode}";
  bool always_show_logo = false;
  std::string dir = ".";
  bool crash_log_enabled = true;
  int shutdown_timeout_s = 10;
  SignalShutdown shutdown_on_sigint;
  SignalShutdown shutdown_on_sigterm;
  std::string compat_version = "8.8.0";  // reported by INFO and HELLO: a dotted numeric triple

  // Log.
  std::string logfile;  // "": standard output
  LogLevel loglevel = LogLevel::kNotice;
  bool syslog_enabled = false;
  std::string syslog_ident = "weir";
  int syslog_facility = LOG_LOCAL0;

  // Access.
  std::string requirepass;
  std::vector<std::vector<std::string>> users;  // the words of each `user` line: name, rules
  std::string aclfile;                          // "": users are lines of redis.conf
  uint64_t acllog_max_len = 128;
  PubsubDefault acl_pubsub_default = PubsubDefault::kNone;
  std::string acl_audit_log;                                          // "": none
  std::vector<std::pair<std::string, std::string>> renamed_commands;  // old, new; "": removed
  Allowed enable_debug_command = Allowed::kNo;
  Allowed enable_module_command = Allowed::kNo;
  Allowed enable_protected_configs = Allowed::kNo;

  // Keys and streams.
  int databases = 16;
  uint64_t stream_node_max_bytes = 4096;   // 0: no limit
  uint64_t stream_node_max_entries = 100;  // 0: no limit
  int64_t stream_idmp_duration_s = 100;    // of streams created from now on
  int64_t stream_idmp_maxsize = 100;       // entries, of streams created from now on
  std::string notify_keyspace_events;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;

  // Memory and background work.
  uint64_t maxmemory = 0;  // bytes; 0: no limit
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoEviction;
  int64_t maxmemory_samples = 5;
  int64_t maxmemory_eviction_tenacity = 10;
  uint64_t lfu_log_factor = 10;
  uint64_t lfu_decay_time = 1;  // minutes
  int hz = 10;
  bool dynamic_hz = true;
  int active_expire_effort = 1;

  // Snapshots.
  std::vector<SavePoint> save = {{3600, 1}, {300, 100}, {60, 10000}};
  bool save_is_default = true;  // the first line of a file takes the place of the default
  std::string dbfilename = "dump.rdb";
  bool stop_writes_on_bgsave_error = true;
  bool rdbcompression = true;
  bool rdbchecksum = true;
  bool rdb_save_incremental_fsync = true;
  int rdb_version = 10;
  OtherTypes rdb_load_other_types = OtherTypes::kRefuse;

  // Replication: what a replica does.
  std::string replicaof;  // "host port"; "": it is a primary
  std::string masterauth;
  std::string masteruser;
  bool replica_serve_stale_data = true;
  bool replica_read_only = true;
  bool replica_ignore_maxmemory = true;
  bool replica_ignore_other_types = false;
  int replica_priority = 100;       // for Sentinel; 0: never to be promoted
  std::string replica_announce_ip;  // "": the one that the primary sees
  int replica_announce_port = 0;    // 0: the one that is listened on
  bool replica_announced = true;
  DisklessLoad repl_diskless_load = DisklessLoad::kDisabled;
  PropagationErrors propagation_error_behavior = PropagationErrors::kIgnore;

  // Replication: what a primary does.
  bool repl_diskless_sync = true;
  int repl_diskless_sync_delay_s = 5;
  int repl_diskless_sync_max_replicas = 0;  // 0: none is enough to begin earlier
  int repl_ping_replica_period_s = 10;
  int repl_timeout_s = 60;
  uint64_t repl_backlog_size = uint64_t{1} << 20;
  int64_t repl_backlog_ttl_s = 3600;  // 0: kept for ever
  bool repl_disable_tcp_nodelay = false;
  bool replica_lazy_flush = false;
  int min_replicas_to_write = 0;
  int min_replicas_max_lag_s = 10;
  int min_replicas_to_ack = 0;
  int min_replicas_ack_timeout_ms = 10'000;  // 0: none
  bool min_replicas_ack_fsync = false;

  // Log of changes.
  bool appendonly = false;
  AppendFsync appendfsync = AppendFsync::kEverySecond;
  std::string appendfilename = "appendonly.aof";
  std::string appenddirname = "appendonlydir";
  bool no_appendfsync_on_rewrite = false;
  OtherTypes aof_load_other_types = OtherTypes::kRefuse;
  PropagationLevel propagation_level = PropagationLevel::k70;
  int auto_aof_rewrite_percentage = 100;  // 0: no rewrite by itself
  uint64_t auto_aof_rewrite_min_size = 64 << 20;
  bool aof_load_truncated = true;
  uint64_t aof_load_corrupt_tail_max_size = 0;  // 0: off
  bool aof_use_rdb_preamble = true;
  bool aof_timestamp_enabled = false;
  bool aof_rewrite_incremental_fsync = true;
  bool aof_disable_auto_gc = false;

  // Insight.
  int64_t slowlog_log_slower_than_us = 10000;  // -1: off, 0: every command
  uint64_t slowlog_max_len = 128;
  uint64_t slowlog_entry_max_argc = 32;
  uint64_t slowlog_entry_max_string_len = 128;  // bytes
  int64_t latency_monitor_threshold_ms = 0;     // 0: off
  bool latency_tracking = true;
  std::string latency_tracking_info_percentiles = "50 99 99.9";
};

}  // namespace weir
