// Options of Redis that this server accepts, checks, remembers and shows, and does nothing with;
// and those which it must refuse, because saying yes would be a promise that it does not keep.
#include <climits>

#include "server/config_options.h"
#include "server/config_special.h"

namespace weir::config {
namespace {

using namespace rows;  // NOLINT(google-build-using-namespace): the vocabulary of the table

// clang-format off
constexpr Choice kOomScoreAdj[]   = {{"no", 0}, {"yes", 1}, {"relative", 2}, {"absolute", 3}};
constexpr Choice kSanitize[]      = {{"no", 0}, {"yes", 1}, {"clients", 2}};
constexpr Choice kEndpointType[]  = {{"ip", 0}, {"hostname", 1}, {"unknown-endpoint", 2}};

constexpr Option kRows[] = {
  // Refused when switched on: a false promise
  tidied(refuse_cluster,     toggle ("cluster-enabled", "no", kKept, kImmutable)),
  tidied(refuse_loadmodule,     words("loadmodule", "", kFileOnly)),

  // Names that newer servers read and forget
  text   ("list-max-ziplist-entries", "", kKept, kFileOnly),
  text   ("list-max-ziplist-value",   "", kKept, kFileOnly),
  text   ("lua-replicate-commands",   "", kKept, kFileOnly),

  // Snapshot and log                  default     range
  toggle ("rdb-del-sync-files",            "no",   kKept),
  choice ("sanitize-dump-payload",         "no",   kSanitize, kKept),

  // Replication
  toggle ("replica-ignore-disk-write-errors", "no", kKept),
  memory ("replica-full-sync-buffer-limit", "0",   0, kKept),
  toggle ("repl-rdb-channel",              "no",   kKept),

  // Access
  toggle ("hide-user-data-from-log",       "no",   kKept),

  // Cluster
  text   ("cluster-config-file",           "nodes.conf", kKept, kImmutable),
  integer("cluster-node-timeout",          "15000", 0, INT64_MAX, kKept),
  integer("cluster-ping-interval",         "1000", 0, INT64_MAX, kKept),
  integer("cluster-port",                  "0",    0, 65535, kKept, kImmutable),
  integer("cluster-migration-barrier",     "1",    0, INT_MAX, kKept),
  integer("cluster-replica-validity-factor", "10", 0, INT_MAX, kKept, 0, "cluster-slave-validity-factor"),
  toggle ("cluster-replica-no-failover",   "no",   kKept, 0, "cluster-slave-no-failover"),
  toggle ("cluster-require-full-coverage", "yes",  kKept),
  toggle ("cluster-allow-reads-when-down", "no",   kKept),
  toggle ("cluster-allow-pubsubshard-when-down", "yes", kKept),
  toggle ("cluster-allow-replica-migration", "yes", kKept),
  toggle ("cluster-slot-stats-enabled",    "no",   kKept),
  integer("cluster-compatibility-sample-ratio", "0", 0, 100, kKept),
  memory ("cluster-link-sendbuf-limit",    "0",    0, kKept),
  text   ("cluster-announce-ip",           "",     kKept),
  text   ("cluster-announce-hostname",     "",     kKept),
  text   ("cluster-announce-human-nodename", "",   kKept),
  integer("cluster-announce-port",         "0",    0, 65535, kKept),
  integer("cluster-announce-tls-port",     "0",    0, 65535, kKept),
  integer("cluster-announce-bus-port",     "0",    0, 65535, kKept),
  choice ("cluster-preferred-endpoint-type", "ip", kEndpointType, kKept),

  // Memory
  toggle ("activedefrag",                  "no",   kKept),
  memory ("active-defrag-ignore-bytes",    "104857600", 1, kKept),
  integer("active-defrag-threshold-lower", "10",   0, 1000, kKept),
  integer("active-defrag-threshold-upper", "100",  0, 1000, kKept),
  integer("active-defrag-cycle-min",       "1",    1, 99, kKept),
  integer("active-defrag-cycle-max",       "25",   1, 99, kKept),
  integer("active-defrag-max-scan-fields", "1000", 1, LONG_MAX, kKept),
  toggle ("activerehashing",               "yes",  kKept),
  toggle ("jemalloc-bg-thread",            "yes",  kKept),

  // Process and threads
  integer("io-threads",                    "1",    1, 128, kKept, kImmutable),
  toggle ("io-threads-do-reads",           "no",   kKept, kImmutable),
  integer("lookahead",                     "16",   1, INT_MAX, kKept),
  text   ("server-cpulist",                "",     kKept, kImmutable, "server_cpulist"),
  text   ("bio-cpulist",                   "",     kKept, kImmutable, "bio_cpulist"),
  text   ("aof-rewrite-cpulist",           "",     kKept, kImmutable, "aof_rewrite_cpulist"),
  text   ("bgsave-cpulist",                "",     kKept, kImmutable, "bgsave_cpulist"),
  choice ("oom-score-adj",                 "no",   kOomScoreAdj, kKept),
  tidied(check_oom_score_values,
  words  ("oom-score-adj-values",          "0 200 800")),
  toggle ("disable-thp",                   "yes",  kKept, kImmutable),
  toggle ("crash-memcheck-enabled",        "yes",  kKept),
  text   ("ignore-warnings",               "",     kKept),
  text   ("locale-collate",                "",     kKept),
  text   ("bind-source-addr",              "",     kKept),
  integer("socket-mark-id",                "0",    0, UINT_MAX, kKept, kImmutable),

  // Insight
  toggle ("key-memory-histograms",         "no",   kKept, kImmutable),

  // Scripts and the other types
  integer("busy-reply-threshold",          "5000", 0, LONG_MAX, kKept, 0, "lua-time-limit"),
  toggle ("lua-enable-deprecated-api",     "no",   kKept, kImmutable),
  integer("hash-max-listpack-entries",     "512",  0, LONG_MAX, kKept, 0, "hash-max-ziplist-entries"),
  memory ("hash-max-listpack-value",       "64",   0, kKept, 0, "hash-max-ziplist-value"),
  integer("list-max-listpack-size",        "-2",   INT_MIN, INT_MAX, kKept, 0, "list-max-ziplist-size"),
  integer("list-compress-depth",           "0",    0, INT_MAX, kKept),
  integer("set-max-intset-entries",        "512",  0, LONG_MAX, kKept),
  integer("set-max-listpack-entries",      "128",  0, LONG_MAX, kKept),
  memory ("set-max-listpack-value",        "64",   0, kKept),
  integer("zset-max-listpack-entries",     "128",  0, LONG_MAX, kKept, 0, "zset-max-ziplist-entries"),
  memory ("zset-max-listpack-value",       "64",   0, kKept, 0, "zset-max-ziplist-value"),
  memory ("hll-sparse-max-bytes",          "3000", 0, kKept),
  integer("array-slice-size",              "4096", 1, INT_MAX, kKept),
  integer("array-sparse-kmax",             "10",   0, INT_MAX, kKept),
  integer("array-sparse-kmin",             "5",    0, INT_MAX, kKept),
};
// clang-format on

}  // namespace

std::span<const Option> kept_options() {
  return kRows;
}

}  // namespace weir::config
