// What clients were told of the ledger and of its group, and whether it is so in the end.
//
//   kAdded         XADD was answered with an ID         the entry is there
//   kSeen          XREAD gave the entry (everysec)      the entry is there
//   kDelivered     XREADGROUP gave the entry            it is pending, unless an XACK of it was
//   sent kAcknowledged  XACK was answered with 1             it is not pending, nor given again
//
// Whatever was promised, this always holds: what is there was sent, and once; an entry that the
// group is past is pending, or an XACK of it was sent; and between the entries that a reader was
// given by one server there is none that it was not given.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "streams/stream_id.h"
#include "tests/simulation/client.h"

namespace weir::simulation {

class Promises {
 public:
  enum class Kind : uint8_t { kAdded, kSeen, kDelivered, kAcknowledged };

  struct Made {
    Kind kind = Kind::kAdded;
    StreamId id;
    uint64_t op = 0;  // of kAcknowledged: 0
    int64_t at_ns = 0;
    bool is_excused = false;
    int64_t age_ns = 0;  // when it was excused
  };

  /// What one reader was given on one connection, after `after`.
  struct Reading {
    StreamId after;
    std::map<StreamId, uint64_t> ops;
  };

  /// What is there in the end.
  struct Found {
    std::map<StreamId, uint64_t> ops;
    std::set<StreamId> pending;
    StreamId last_delivered;
    bool has_group = false;
  };

  /// The number of an entry that is about to be sent.
  uint64_t next_op() { return next_op_++; }
  void ack_is_sent(StreamId id) { acks_sent_.insert(id); }
  void make(const Made& made) { made_.push_back(made); }
  Reading& begin_reading(StreamId after);
  /// What was made in the last `ns` may be gone.
  void excuse(int64_t now_ns, int64_t ns);
  uint64_t count() const { return made_.size(); }

  /// are_kept: not only what always holds.
  void judge(const Found& found, bool are_kept, Findings& findings) const;
  /// How old the oldest was that is broken and excused.
  int64_t oldest_excused_ns(const Found& found) const;

 private:
  void judge_entries(const Found& found, Findings& findings) const;
  void judge_group(const Found& found, Findings& findings) const;
  void judge_readings(const Found& found, Findings& findings) const;
  std::string broken_by(const Made& made, const Found& found) const;

  uint64_t next_op_ = 1;
  std::vector<Made> made_;
  std::set<StreamId> acks_sent_;
  std::vector<std::unique_ptr<Reading>> readings_;
};

}  // namespace weir::simulation
