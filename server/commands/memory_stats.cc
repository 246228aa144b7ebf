// MEMORY, apart from USAGE.
#include <algorithm>
#include <string>

#include "server/commands/handlers.h"
#include "server/commands/help_reply.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/host/memory.h"
#include "server/insight/memory_use.h"
#include "server/net/client_table.h"

namespace weir {
namespace {

/// Names and values of a map whose size is not counted by hand.
class Pairs {
 public:
  explicit Pairs(resp::ReplyWriter& reply) : reply_(reply) {}

  Pairs& add(std::string_view name, size_t value) {
    reply_.bulk(name);
    reply_.integer(static_cast<int64_t>(value));
    return *this;
  }
  Pairs& add_real(std::string_view name, double value) {
    reply_.bulk(name);
    reply_.real(value);
    return *this;
  }
  /// How much more `whole` is than `part`.
  Pairs& add_excess(const std::string& ratio, const std::string& bytes, size_t whole, size_t part) {
    add_real(ratio, share(whole, part));
    reply_.bulk(bytes);
    reply_.integer(static_cast<int64_t>(whole) - static_cast<int64_t>(part));
    return *this;
  }

 private:
  resp::ReplyWriter& reply_;
};

/// Pairs that write_stats() writes, those of the databases apart.
constexpr size_t kPairs = 31;

void write_databases(Call& call) {
  for (const Database& db : call.context.keyspace.databases()) {
    if (db.size() == 0) continue;
    call.reply.bulk("db." + std::to_string(db.index()));
    call.reply.map(2);
    Pairs(call.reply)
        .add("overhead.hashtable.main", db.keys().memory_bytes())
        .add("overhead.hashtable.expires", 0);
  }
}

size_t used_databases(Keyspace& keyspace) {
  const auto& all = keyspace.databases();
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [](const Database& db) { return db.size() > 0; }));
}

void write_stats(Call& call, const MemoryUse& use) {
  const MemoryFigures& allocator = use.allocator;
  const size_t data = use.used() - std::min(use.at_start, use.used());
  call.reply.map(kPairs + used_databases(call.context.keyspace));
  Pairs pairs(call.reply);
  pairs.add("peak.allocated", use.peak)
      .add("total.allocated", use.used())
      .add("startup.allocated", use.at_start)
      .add("replication.backlog", use.backlog)
      .add("clients.slaves", use.replicas)
      .add("clients.normal", use.clients)
      .add("cluster.links", 0)
      .add("aof.buffer", use.log_buffer)
      .add("lua.caches", 0)
      .add("functions.caches", 0);
  write_databases(call);
  pairs.add("overhead.db.hashtable.lut", use.tables)
      .add("overhead.db.hashtable.rehashing", use.moving_tables)
      .add("db.dict.rehashing.count", use.moving_databases)
      .add("overhead.total", use.overhead())
      .add("keys.count", use.keys)
      .add("keys.bytes-per-key", use.keys > 0 ? data / use.keys : 0)
      .add("dataset.bytes", use.dataset())
      .add_real("dataset.percentage", 100 * share(use.dataset(), data))
      .add_real("peak.percentage", 100 * share(use.used(), use.peak))
      .add("allocator.allocated", allocator.allocated)
      .add("allocator.active", allocator.active)
      .add("allocator.resident", allocator.resident)
      .add("allocator.muzzy", 0)
      .add_excess("allocator-fragmentation.ratio", "allocator-fragmentation.bytes",
                  allocator.active, allocator.allocated)
      .add_excess("allocator-rss.ratio", "allocator-rss.bytes", allocator.resident,
                  allocator.active)
      .add_excess("rss-overhead.ratio", "rss-overhead.bytes", use.resident, allocator.resident)
      .add_excess("fragmentation", "fragmentation.bytes", use.resident, use.used());
}

}  // namespace

Outcome memory_stats(Call& call) {
  write_stats(call, measure_memory(call.context));
  return Outcome::done();
}

Outcome memory_doctor(Call& call) {
  const MemoryUse use = measure_memory(call.context);
  call.reply.verbatim("txt", memory_advice(use, call.context.clients.size()));
  return Outcome::done();
}

Outcome memory_malloc_stats(Call& call) {
  call.reply.verbatim("txt", allocator_report());
  return Outcome::done();
}

Outcome memory_purge(Call& call) {
  purge_allocator();
  call.reply.ok();
  return Outcome::done();
}

Outcome memory_help(Call& call) {
  static constexpr std::string_view kLines[] = {
      "DOCTOR",
      "    What is odd about the use of memory.",
      "MALLOC-STATS",
      "    The allocator's own report.",
      "PURGE",
      "    Give unused memory back to the system.",
      "STATS",
      "    What memory is used for.",
      "USAGE <key> [SAMPLES <count>]",
      "    Bytes that a key takes, judged by <count> nodes; 0: by all of them.",
  };
  write_help(call.reply, "memory", kLines);
  return Outcome::done();
}

}  // namespace weir
