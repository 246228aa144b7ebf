// What ClientIo counts: it only goes up, so a rate or "since the last reset" is a difference.
#pragma once

#include <cstdint>

namespace weir {

struct IoCounts {
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t replication_bytes_out = 0;  // among them, to replicas
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t query_buffer_disconnections = 0;
  uint64_t output_disconnections = 0;
  uint64_t evicted_clients = 0;

  IoCounts operator-(const IoCounts& before) const {
    return {.bytes_in = bytes_in - before.bytes_in,
            .bytes_out = bytes_out - before.bytes_out,
            .replication_bytes_out = replication_bytes_out - before.replication_bytes_out,
            .reads = reads - before.reads,
            .writes = writes - before.writes,
            .query_buffer_disconnections =
                query_buffer_disconnections - before.query_buffer_disconnections,
            .output_disconnections = output_disconnections - before.output_disconnections,
            .evicted_clients = evicted_clients - before.evicted_clients};
  }
};

}  // namespace weir
