// What bytes that went past tell of the ledger, whoever wrote or sent them: each XADD, XACK and
// delivery that is in them.
//
//   written to the log and synced since ─► Disk::synced()        what would survive a power failure
//   received from another machine       ─► Machine::received()   what would survive its primary
//
// So a reply is judged when it leaves (Story::leaves), by what the disk and the cables know of it
// then: a promise that is too early is found though nothing befalls anybody.
//
// XADDs are known by a word of theirs, which is found in requests and in snapshots (uncompressed)
// alike; the others in requests only.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "streams/stream_id.h"

namespace weir::simulation {

class Sightings {
 public:
  /// What an XADD with that number has in its pad.
  static std::string word_of(uint64_t op) { return "op-" + std::to_string(op) + "."; }

  /// The next bytes; they may be cut anywhere.
  void add(std::string_view bytes);

  bool has_op(uint64_t op) const { return ops_.contains(op); }
  bool has_ack(StreamId id) const { return acks_.contains(id); }
  bool has_delivery(StreamId id) const { return deliveries_.contains(id); }

 private:
  void look_for_ops(std::string_view bytes);
  void look_at_line(std::string_view line);

  std::set<uint64_t> ops_;
  std::set<StreamId> acks_;
  std::set<StreamId> deliveries_;
  std::set<StreamId>* named_ = nullptr;  // what IDs in the present request are
  std::string tail_;                     // a line that has not ended yet
};

}  // namespace weir::simulation
