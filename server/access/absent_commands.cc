#include "server/access/absent_commands.h"

#include <algorithm>

namespace weir {
namespace {

// clang-format off
constexpr std::string_view kNames[] = {
    "acl", "acl|cat", "acl|deluser", "acl|dryrun", "acl|genpass", "acl|getuser", "acl|help",
    "acl|list", "acl|load", "acl|log", "acl|save", "acl|setuser", "acl|users", "acl|whoami",
    "append", "asking", "bgrewriteaof", "bgsave", "bitcount", "bitfield", "bitfield_ro", "bitop",
    "bitpos", "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin",
    "client|caching", "client|getredir", "client|maint-notifications", "client|pause",
    "client|tracking", "client|trackinginfo", "client|unpause", "cluster", "cluster|addslots",
    "cluster|addslotsrange", "cluster|bumpepoch", "cluster|count-failure-reports",
    "cluster|countkeysinslot", "cluster|delslots", "cluster|delslotsrange", "cluster|failover",
    "cluster|flushslots", "cluster|forget", "cluster|getkeysinslot", "cluster|help", "cluster|info",
    "cluster|keyslot", "cluster|links", "cluster|meet", "cluster|migration", "cluster|myid",
    "cluster|myshardid", "cluster|nodes", "cluster|replicas", "cluster|replicate", "cluster|reset",
    "cluster|saveconfig", "cluster|set-config-epoch", "cluster|setslot", "cluster|shards",
    "cluster|slaves", "cluster|slot-stats", "cluster|slots", "cluster|syncslots", "copy", "decr",
    "decrby", "delex", "digest", "discard", "eval", "eval_ro", "evalsha", "evalsha_ro",
    "exec", "expire", "expireat", "expiretime", "failover", "fcall", "fcall_ro", "function",
    "function|delete", "function|dump", "function|flush", "function|help", "function|kill",
    "function|list", "function|load", "function|restore", "function|stats", "geoadd", "geodist",
    "geohash", "geopos", "georadius", "georadius_ro", "georadiusbymember", "georadiusbymember_ro",
    "geosearch", "geosearchstore", "get", "getbit", "getdel", "getex", "getrange", "getset", "hdel",
    "hexists", "hexpire", "hexpireat", "hexpiretime", "hget", "hgetall", "hgetdel", "hgetex",
    "hincrby", "hincrbyfloat", "hkeys", "hlen", "hmget", "hmset", "hotkeys", "hotkeys|get",
    "hotkeys|help", "hotkeys|reset", "hotkeys|start", "hotkeys|stop", "hpersist", "hpexpire",
    "hpexpireat", "hpexpiretime", "hpttl", "hrandfield", "hscan", "hset", "hsetex", "hsetnx",
    "hstrlen", "httl", "hvals", "incr", "incrby", "incrbyfloat", "lastsave", "latency",
    "latency|doctor", "latency|graph", "latency|help", "latency|histogram", "latency|history",
    "latency|latest", "latency|reset", "lcs", "lindex", "linsert", "llen", "lmove", "lmpop", "lpop",
    "lpos", "lpush", "lpushx", "lrange", "lrem", "lset", "ltrim", "memory", "memory|doctor",
    "memory|help", "memory|malloc-stats", "memory|purge", "memory|stats", "memory|usage", "mget",
    "migrate", "module", "module|help", "module|list", "module|load", "module|loadex",
    "module|unload", "monitor", "move", "mset", "msetex", "msetnx", "multi", "object|freq",
    "persist", "pexpire", "pexpireat", "pexpiretime", "pfadd", "pfcount", "pfdebug", "pfmerge",
    "pfselftest", "psetex", "psubscribe", "psync", "pttl", "publish", "pubsub", "pubsub|channels",
    "pubsub|help", "pubsub|numpat", "pubsub|numsub", "pubsub|shardchannels", "pubsub|shardnumsub",
    "punsubscribe", "readonly", "readwrite", "rename", "renamenx", "replconf", "replicaof",
    "restore-asking", "role", "rpop", "rpoplpush", "rpush", "rpushx", "sadd", "save",
    "scard", "script", "script|debug", "script|exists", "script|flush", "script|help",
    "script|kill", "script|load", "sdiff", "sdiffstore", "set", "setbit", "setex", "setnx",
    "setrange", "sinter", "sintercard", "sinterstore", "sismember", "slaveof", "slowlog",
    "slowlog|get", "slowlog|help", "slowlog|len", "slowlog|reset", "smembers", "smismember",
    "smove", "sort", "sort_ro", "spop", "spublish", "srandmember", "srem", "sscan", "ssubscribe",
    "strlen", "subscribe", "substr", "sunion", "sunionstore", "sunsubscribe", "swapdb", "sync",
    "trimslots", "ttl", "unsubscribe", "unwatch", "vadd", "vcard", "vdim", "vemb", "vgetattr",
    "vinfo", "vismember", "vlinks", "vrandmember", "vrange", "vrem", "vsetattr", "vsim", "wait",
    "waitaof", "watch", "zadd", "zcard", "zcount", "zdiff", "zdiffstore", "zincrby", "zinter",
    "zintercard", "zinterstore", "zlexcount", "zmpop", "zmscore", "zpopmax", "zpopmin",
    "zrandmember", "zrange", "zrangebylex", "zrangebyscore", "zrangestore", "zrank", "zrem",
    "zremrangebylex", "zremrangebyrank", "zremrangebyscore", "zrevrange", "zrevrangebylex",
    "zrevrangebyscore", "zrevrank", "zscan", "zscore", "zunion", "zunionstore",
};
// clang-format on
static_assert(std::is_sorted(std::begin(kNames), std::end(kNames)));

}  // namespace

std::span<const std::string_view> absent_commands() {
  return kNames;
}

}  // namespace weir
