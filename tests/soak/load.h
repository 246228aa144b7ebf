// The mixed load: what services do with a stream server, at a pace that it can keep for ever.
//
//   producers ──► queue:0 … 3 ──► consumers  (each entry acknowledged, but for some forgotten)
//                        └──────► rescuer    (claims what was forgotten, and acknowledges it)
//   reporters ──► feed        ──► readers    (trimmed exactly; blocked reads, ranges, deletions)
//   sessions  ──► session:N   ──► expire     (groups and consumers come and go with them)
//   prober    ──► probe            one XADD after the other, timed
//
// Producers wait while consumers are behind, so that no trim takes what nobody has been given.
#pragma once

#include "tests/soak/crew.h"
#include "tests/soak/latencies.h"
#include "tests/soak/ledger.h"

namespace weir::soak {

/// Keys that do not expire: the queues, the feed, the probe.
inline constexpr int kLastingKeys = 6;

struct Load {
  int port;
  double entries_per_s;  // of all producers
  Ledger ledger = {};
  Latencies latencies = {};
};

/// Everybody begins to work.
void begin(Crew& crew, Load& load);

/// Gives out what is left in the queues, and acknowledges it.
void clear_queues(Load& load);

}  // namespace weir::soak
