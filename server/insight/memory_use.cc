#include "server/insight/memory_use.h"

#include <algorithm>

#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/durability/append_log.h"
#include "server/insight/info.h"
#include "server/insight/stats.h"
#include "server/net/client_table.h"
#include "server/replication/stream.h"
#include "server/text.h"

namespace weir {
namespace {

// What is worth saying, as ratios and bytes.
/// Below this an allocator's page or two make odd ratios of nothing.
constexpr size_t kTooSmallToJudge = size_t{5} << 20;
constexpr double kHighPeak = 1.5;
constexpr double kHighFragmentation = 1.4;
constexpr double kHighAllocatorRss = 1.1;
constexpr size_t kMuchWasted = size_t{10} << 20;
constexpr size_t kLargeClient = size_t{200} << 10;

}  // namespace

double share(size_t part, size_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

size_t MemoryUse::overhead() const {
  return std::min(at_start + clients + replicas + backlog + log_buffer + tables, used());
}

MemoryUse measure_memory(const Context& context) {
  MemoryUse use{.allocator = allocator_figures(),
                .resident = resident_bytes(),
                .at_start = context.identity.memory_at_start,
                .log_buffer = context.append_log.buffered_bytes()};
  for (const auto& [id, client] : context.clients)
    (client->shared ? use.replicas : use.clients) += client->memory_bytes();
  if (context.replication.is_kept()) use.backlog = context.replication.backlog().memory_bytes();
  for (const Database& db : context.keyspace.databases()) {
    use.keys += db.size();
    use.tables += db.keys().memory_bytes();
    use.moving_tables += db.keys().moving_bytes();
    if (db.keys().moving_bytes() > 0) ++use.moving_databases;
  }
  size_t& peak = context.stats.peak_memory_bytes;
  peak = std::max(peak, use.used());
  use.peak = peak;
  return use;
}

std::string memory_advice(const MemoryUse& use, size_t connections) {
  if (use.used() < kTooSmallToJudge)
    return "There is hardly any data: nothing can be said about its memory.\n";
  std::string text;
  const auto say = [&text](bool is_so, std::string_view sentence) {
    if (is_so) text += " * " + std::string(sentence) + "\n";
  };
  say(share(use.peak, use.used()) > kHighPeak,
      "Peak: much more memory was used at some time than now. What the process keeps of it is "
      "given back slowly; MEMORY PURGE asks for it at once.");
  say(share(use.allocator.active, use.allocator.allocated) > kHighFragmentation &&
          use.allocator.active - use.allocator.allocated > kMuchWasted,
      "Fragmentation: pages of the allocator are only partly in use, as after many deletions.");
  say(share(use.allocator.resident, use.allocator.active) > kHighAllocatorRss &&
          use.allocator.resident - use.allocator.active > kMuchWasted,
      "Reserve: the allocator keeps pages that nothing uses. MEMORY PURGE gives them back.");
  say(connections > 0 && use.clients / connections > kLargeClient,
      "Connections: their buffers are large. Some client does not read its replies; CLIENT LIST "
      "names it.");
  return text.empty() ? "Nothing is odd about the use of memory.\n"
                      : "This is odd about the use of memory:\n" + text;
}

}  // namespace weir
