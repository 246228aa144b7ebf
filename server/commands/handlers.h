// The functions behind the rows of the table, by family: each in the file named above it.
#pragma once

#include "server/command.h"

namespace weir {

// stream_write.cc
Outcome xadd(Call& call);
Outcome xtrim(Call& call);
Outcome xsetid(Call& call);

// stream_idempotence.cc
Outcome xcfgset(Call& call);
Outcome xidmprecord(Call& call);

// stream_read.cc
Outcome xlen(Call& call);
Outcome xrange(Call& call);
Outcome xrevrange(Call& call);
Outcome xread(Call& call);

// stream_delete.cc
Outcome xdel(Call& call);
Outcome xdelex(Call& call);
Outcome xackdel(Call& call);

// stream_group.cc
Outcome xack(Call& call);
Outcome xgroup_create(Call& call);
Outcome xgroup_createconsumer(Call& call);
Outcome xgroup_delconsumer(Call& call);
Outcome xgroup_destroy(Call& call);
Outcome xgroup_help(Call& call);
Outcome xgroup_setid(Call& call);

// stream_pending.cc
Outcome xpending(Call& call);
Outcome xnack(Call& call);

// stream_readgroup.cc
Outcome xreadgroup(Call& call);

// stream_claim.cc
Outcome xclaim(Call& call);
Outcome xautoclaim(Call& call);

// stream_info.cc, group_info.cc
Outcome xinfo_consumers(Call& call);
Outcome xinfo_groups(Call& call);
Outcome xinfo_stream(Call& call);
Outcome xinfo_help(Call& call);

// transaction.cc
Outcome multi(Call& call);
Outcome exec(Call& call);
Outcome discard(Call& call);
Outcome watch(Call& call);
Outcome unwatch(Call& call);

// wait.cc
Outcome wait(Call& call);
Outcome waitaof(Call& call);

// client_pause.cc
Outcome client_pause(Call& call);
Outcome client_unpause(Call& call);
// expiry.cc
Outcome expire(Call& call);
Outcome expireat(Call& call);
Outcome expiretime(Call& call);
Outcome persist(Call& call);
Outcome pexpire(Call& call);
Outcome pexpireat(Call& call);
Outcome pexpiretime(Call& call);
Outcome pttl(Call& call);
Outcome ttl(Call& call);

// key_moves.cc
Outcome copy(Call& call);
Outcome move(Call& call);
Outcome rename(Call& call);
Outcome renamenx(Call& call);
Outcome swapdb(Call& call);

// dump.cc
Outcome dump(Call& call);
Outcome restore(Call& call);

// keys.cc
Outcome del(Call& call);
Outcome exists(Call& call);
Outcome type(Call& call);
Outcome keys(Call& call);
Outcome scan(Call& call);
Outcome randomkey(Call& call);
Outcome dbsize(Call& call);
Outcome flushdb(Call& call);
Outcome flushall(Call& call);
Outcome touch(Call& call);
Outcome object_encoding(Call& call);
Outcome object_refcount(Call& call);
Outcome object_idletime(Call& call);
Outcome object_freq(Call& call);
Outcome object_help(Call& call);

// connection.cc
Outcome auth(Call& call);
Outcome echo(Call& call);
Outcome hello(Call& call);
Outcome ping(Call& call);
Outcome quit(Call& call);
Outcome reset(Call& call);
Outcome select(Call& call);

// client.cc, client_list.cc, client_tracking.cc
Outcome client_caching(Call& call);
Outcome client_getname(Call& call);
Outcome client_getredir(Call& call);
Outcome client_help(Call& call);
Outcome client_id(Call& call);
Outcome client_info(Call& call);
Outcome client_kill(Call& call);
Outcome client_list(Call& call);
Outcome client_no_evict(Call& call);
Outcome client_no_touch(Call& call);
Outcome client_reply(Call& call);
Outcome client_setinfo(Call& call);
Outcome client_setname(Call& call);
Outcome client_tracking(Call& call);
Outcome client_trackinginfo(Call& call);
Outcome client_unblock(Call& call);

// pubsub.cc
Outcome psubscribe(Call& call);
Outcome publish(Call& call);
Outcome pubsub_channels(Call& call);
Outcome pubsub_help(Call& call);
Outcome pubsub_numpat(Call& call);
Outcome pubsub_numsub(Call& call);
Outcome pubsub_shardchannels(Call& call);
Outcome pubsub_shardnumsub(Call& call);
Outcome punsubscribe(Call& call);
Outcome spublish(Call& call);
Outcome ssubscribe(Call& call);
Outcome subscribe(Call& call);
Outcome sunsubscribe(Call& call);
Outcome unsubscribe(Call& call);

// command_info.cc, command_docs.cc, command_keys.cc
Outcome command(Call& call);
Outcome command_count(Call& call);
Outcome command_docs(Call& call);
Outcome command_getkeys(Call& call);
Outcome command_getkeysandflags(Call& call);
Outcome command_help(Call& call);
Outcome command_info(Call& call);
Outcome command_list(Call& call);

// acl.cc, acl_log.cc
Outcome acl_cat(Call& call);
Outcome acl_deluser(Call& call);
Outcome acl_dryrun(Call& call);
Outcome acl_genpass(Call& call);
Outcome acl_getuser(Call& call);
Outcome acl_help(Call& call);
Outcome acl_list(Call& call);
Outcome acl_load(Call& call);
Outcome acl_log(Call& call);
Outcome acl_save(Call& call);
Outcome acl_setuser(Call& call);
Outcome acl_users(Call& call);
Outcome acl_whoami(Call& call);

// admin.cc, debug.cc
Outcome config_get(Call& call);
Outcome config_help(Call& call);
Outcome config_resetstat(Call& call);
Outcome config_rewrite(Call& call);
Outcome config_set(Call& call);
Outcome debug(Call& call);
Outcome info(Call& call);
Outcome lolwut(Call& call);
Outcome time(Call& call);

// snapshot.cc
Outcome bgrewriteaof(Call& call);
Outcome bgsave(Call& call);
Outcome lastsave(Call& call);
Outcome save(Call& call);
Outcome shutdown(Call& call);

// replicaof.cc, replication.cc
Outcome failover(Call& call);
Outcome psync(Call& call);
Outcome replconf(Call& call);
Outcome replicaof(Call& call);
Outcome role(Call& call);
Outcome sync(Call& call);

// slowlog.cc, monitor.cc
Outcome monitor(Call& call);
Outcome slowlog_get(Call& call);
Outcome slowlog_help(Call& call);
Outcome slowlog_len(Call& call);
Outcome slowlog_reset(Call& call);

// latency.cc
Outcome latency_doctor(Call& call);
Outcome latency_graph_of(Call& call);
Outcome latency_help(Call& call);
Outcome latency_histogram(Call& call);
Outcome latency_history(Call& call);
Outcome latency_latest(Call& call);
Outcome latency_reset(Call& call);

// memory_stats.cc, memory_usage.cc
Outcome memory_doctor(Call& call);
Outcome memory_help(Call& call);
Outcome memory_malloc_stats(Call& call);
Outcome memory_purge(Call& call);
Outcome memory_stats(Call& call);
Outcome memory_usage(Call& call);

// absent.cc
Outcome cluster(Call& call);
Outcome function_flush(Call& call);
Outcome function_help(Call& call);
Outcome function_list(Call& call);
Outcome function_stats(Call& call);
Outcome module_help(Call& call);
Outcome module_list(Call& call);
Outcome module_load(Call& call);
Outcome module_unload(Call& call);
Outcome script_exists(Call& call);
Outcome script_flush(Call& call);
Outcome script_help(Call& call);
Outcome script_kill(Call& call);

}  // namespace weir
