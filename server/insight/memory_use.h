// What the process's memory is used for, as INFO memory and MEMORY STATS tell it.
//
//   used ─┬─ overhead ─┬─ at start · buffers of connections and of the log · tables of keys
//         └─ dataset: the rest
#pragma once

#include <cstddef>
#include <string>

#include "server/host/memory.h"

namespace weir {

struct Context;

struct MemoryUse {
  MemoryFigures allocator;
  size_t resident = 0;
  size_t peak = 0;  // the most that was ever used
  size_t at_start = 0;
  size_t clients = 0;        // ordinary ones
  size_t replicas = 0;       // their connections
  size_t backlog = 0;        // of the stream of replication
  size_t log_buffer = 0;     // of the log: told, and not written yet
  size_t tables = 0;         // of keys, all databases
  size_t moving_tables = 0;  // of them, tables that are being moved
  size_t moving_databases = 0;
  size_t keys = 0;

  size_t used() const { return allocator.allocated; }
  size_t overhead() const;
  size_t dataset() const { return used() - overhead(); }
};

/// Also notes a new peak.
MemoryUse measure_memory(const Context& context);

/// part / whole; 0 of nothing.
double share(size_t part, size_t whole);

/// MEMORY DOCTOR: what is odd about it, in sentences.
std::string memory_advice(const MemoryUse& use, size_t connections);

}  // namespace weir
